import type { Clock } from '../types/time.ts';
import type { AuditFunction, AuditSink, Auditor } from './audit/auditor.ts';
import { createAuditor } from './audit/auditor.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import { countEvents, createMetrics } from './metrics/metrics.ts';

/** Where everything that happens is told: facts to `audit`, numbers to `metrics`. One for each server. */
export interface Observer {
  readonly audit: Auditor;
  readonly metrics: Metrics;
  /** What an operator should know about observing itself; `/readyz` repeats it. */
  readonly problems: () => readonly string[];
  /** Opens the audit file anew, after somebody moved it away. */
  readonly reopen: () => void;
  /** Writes what is buffered; idempotent. */
  readonly close: () => Promise<void>;
}

export interface ObserverParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Where events are kept; owned from here on. */
  readonly sink?: AuditSink | null;
  /** A host program that listens. */
  readonly listener?: AuditFunction | undefined;
}

/** Makes the observer of one server. */
export function createObserver({ clock, log, sink = null, listener }: ObserverParts): Observer {
  const metrics = createMetrics();
  const count = countEvents(metrics);
  return {
    audit: createAuditor({ clock, log, sink, listener: listener ?? null, count }),
    metrics,
    problems: () => {
      const problem = sink?.problem() ?? null;
      return problem === null ? [] : [`audit: ${problem}`];
    },
    reopen: () => sink?.reopen(),
    close: async () => sink?.close(),
  };
}
