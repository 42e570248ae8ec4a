import { LRUCache } from 'lru-cache';
import type { Clock, Milliseconds } from '../types/time.ts';

interface Asked<T> {
  readonly answer: Promise<T>;
  /** When it failed; `null` while it runs. */
  failedAt: Milliseconds | null;
}

/** Questions whose answers are waited for, or failed a moment ago. */
const cacheSize = 10_000;

/**
 * Asks each question once at a time, whoever wants to know, and an upstream that failed not again for a while: all hear
 * of that failure meanwhile. An answer that did not fail is not remembered, nor is a rejection.
 */
export function createAskOnce<T extends object>(options: {
  readonly clock: Clock;
  readonly wait: Milliseconds;
  readonly failed: (answer: T) => boolean;
}): (question: string, ask: () => Promise<T>) => Promise<T> {
  const { clock, wait, failed } = options;
  const asked = new LRUCache<string, Asked<T>>({ max: cacheSize });

  const start = (question: string, ask: () => Promise<T>): Promise<T> => {
    const entry: Asked<T> = { answer: ask(), failedAt: null };
    asked.set(question, entry);
    const forget = (): void => {
      if (asked.peek(question) === entry) asked.delete(question);
    };
    entry.answer.then((answer) => (failed(answer) ? (entry.failedAt = clock()) : forget()), forget);
    return entry.answer;
  };

  return (question, ask) => {
    const known = asked.get(question);
    if (!known) return start(question, ask);
    const waiting = known.failedAt === null || Math.abs(clock() - known.failedAt) < wait;
    return waiting ? known.answer : start(question, ask);
  };
}
