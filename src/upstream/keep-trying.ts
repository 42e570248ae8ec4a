import type { Milliseconds } from '../types/time.ts';

const firstPause: Milliseconds = 1000;

/** Between two attempts, in the end. */
export const longestPause: Milliseconds = 60_000;

/**
 * Does a thing in the background, at once and then with growing pauses until it works; never holds the process open.
 * @param attempt true when it is done; never rejects
 * @returns what stops it
 */
export function keepTrying(attempt: () => Promise<boolean>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = async (next: Milliseconds): Promise<void> => {
    if (!(await attempt()) && !stopped) schedule(next, Math.min(next * 2, longestPause));
  };
  const schedule = (pause: Milliseconds, next: Milliseconds): void => {
    timer = setTimeout(() => void run(next), pause);
    timer.unref();
  };
  schedule(0, firstPause);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
