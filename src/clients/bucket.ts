import type { Clock, Milliseconds } from '../types/time.ts';

/** How often something may happen: at once, and from then on. */
export interface Rate {
  readonly burst: number;
  /** For one more. */
  readonly every: Milliseconds;
}

/** What is left of a rate. */
export interface Bucket {
  /** False: not now. */
  take(): boolean;
  /** How many there are now, and a part of the next; below zero when others took too many. */
  left(): number;
  /** Until there is one; 0: now. */
  wait(): Milliseconds;
  /** Who counts for everybody says how long it takes until all are back. */
  owe(back: Milliseconds): void;
}

/** A token bucket. */
export function createBucket({ burst, every }: Rate, clock: Clock): Bucket {
  let taken = 0;
  let at = clock();
  const left = (): number => {
    const now = clock();
    taken = Math.max(0, taken - Math.max(0, now - at) / every);
    at = now;
    return burst - taken;
  };
  return {
    left,
    take() {
      if (left() < 1) return false;
      taken += 1;
      return true;
    },
    wait: () => Math.max(0, 1 - left()) * every,
    owe(back) {
      at = clock();
      taken = back / every;
    },
  };
}
