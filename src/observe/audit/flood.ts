import type { Clock, Milliseconds } from '../../types/time.ts';

/** How many events of strangers may come at once, and how many a second for ever: some 600 MB a day at most. */
const burst = 1000;
const perSecond = 20;

/** Keeps strangers from filling the disk, which would push out the events that matter. */
export interface FloodGate {
  /** False: this one is dropped, and counted. */
  readonly admits: () => boolean;
  /** How many were dropped since this was last asked; 0 while the flood goes on. */
  readonly takeDropped: () => number;
}

export function createFloodGate(clock: Clock): FloodGate {
  let room = burst;
  let at: Milliseconds = clock();
  let dropped = 0;
  const refill = (): void => {
    const now = clock();
    // A clock that was set back gives nothing away, and takes nothing.
    room = Math.min(burst, room + (Math.max(0, now - at) / 1000) * perSecond);
    at = now;
  };
  return {
    admits() {
      refill();
      if (room >= 1) {
        room -= 1;
        return true;
      }
      dropped += 1;
      return false;
    },
    takeDropped() {
      if (dropped === 0) return 0;
      refill();
      if (room < 1) return 0;
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}
