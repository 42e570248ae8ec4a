import type { Clock } from '../types/time.ts';
import type { AuditFunction, AuditSink, Auditor } from './audit/auditor.ts';
import { createAuditor } from './audit/auditor.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import { countEvents, createMetrics } from './metrics/metrics.ts';
import { addProcessMetrics } from './metrics/process-metrics.ts';
import type { Tracer } from './traces/tracer.ts';

/** Where everything that happens is told: facts to `audit`, numbers to `metrics`. One for each server. */
export interface Observer {
  readonly audit: Auditor;
  readonly metrics: Metrics;
  /** `null` when nobody wants traces. */
  readonly traces: Tracer | null;
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
  readonly traces?: Tracer | null;
}

/** Makes the observer of one server. */
export function createObserver({
  clock,
  log,
  sink = null,
  listener,
  traces = null,
}: ObserverParts): Observer {
  const metrics = createMetrics();
  const endProcessMetrics = addProcessMetrics(metrics);
  const count = countEvents(metrics);
  return {
    audit: createAuditor({ clock, log, sink, listener: listener ?? null, count }),
    metrics,
    traces,
    problems: () => {
      const problem = sink?.problem() ?? null;
      return problem === null ? [] : [`audit: ${problem}`];
    },
    reopen: () => sink?.reopen(),
    close: async () => {
      endProcessMetrics();
      await sink?.close();
    },
  };
}
