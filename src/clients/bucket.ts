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
  /** How many there are now, and a part of the next. */
  left(): number;
}

/** A token bucket. */
export function createBucket({ burst, every }: Rate, clock: Clock): Bucket {
  let tokens = burst;
  let at = clock();
  const refill = (): number => {
    const now = clock();
    tokens = Math.min(burst, tokens + Math.max(0, now - at) / every);
    at = now;
    return tokens;
  };
  return {
    left: refill,
    take() {
      if (refill() < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
