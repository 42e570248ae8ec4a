import type { Clock } from '../../types/time.ts';
import type { Log } from '../log.ts';
import { auditEvents, auditVersion } from './event.ts';
import type { AuditDetails, AuditEvent, AuditEventName } from './event.ts';
import { createFloodGate } from './flood.ts';

/** Takes events as they happen. What it throws, or rejects with, is logged and changes nothing for anybody. */
export type AuditFunction = (event: AuditEvent) => void | Promise<void>;

/** Somewhere that events are kept. */
export interface AuditSink {
  /** Never blocks and never throws: it buffers, or counts what it had to drop. `urgent` events do not wait for company. */
  write(event: AuditEvent, urgent: boolean): void;
  /** Why events are not being kept right now, or were lost; `null` when all is well. */
  problem(): string | null;
  /** Opens its file anew, after somebody moved it away. */
  reopen(): void;
  /** Writes what is buffered, as far as it can; idempotent. */
  close(): Promise<void>;
}

/** Where security-relevant facts are told. */
export interface Auditor {
  /**
   * Tells an event. Never throws, never waits.
   * @param details made only when somebody listens, so that an event nobody keeps costs next to nothing
   */
  record<Name extends AuditEventName>(event: Name, details: () => AuditDetails[Name]): void;
}

/** Tells nobody. */
export const silentAuditor: Auditor = { record() {} };

export interface AuditorParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly sink: AuditSink | null;
  readonly listener: AuditFunction | null;
  /** Sees the name of every event, kept or not. */
  readonly count: (event: AuditEventName) => void;
}

/** Tells each event to the sink and to the host program; either may fail without the other or the request noticing. */
export function createAuditor({ clock, log, sink, listener, count }: AuditorParts): Auditor {
  const failed = (event: AuditEventName, error: unknown): void => {
    const reason = error instanceof Error ? error.message : 'unknown';
    log.error({ event, reason }, 'an audit event could not be told');
  };
  const listen = async (heard: AuditFunction, event: AuditEvent): Promise<void> => {
    try {
      await heard(event);
    } catch (error) {
      failed(event.event, error);
    }
  };
  const gate = createFloodGate(clock);
  const keep = <Name extends AuditEventName>(name: Name, details: AuditDetails[Name]): void => {
    const { outcome, urgent = false } = auditEvents[name];
    const time = new Date(clock()).toISOString();
    // The details belong to the name by this function's signature, which a spread does not show to the compiler.
    const event = { version: auditVersion, time, event: name, outcome, ...details } as unknown as AuditEvent;
    sink?.write(event, urgent);
    if (listener) void listen(listener, event);
  };
  return {
    record(name, details) {
      try {
        count(name);
        if (!sink && !listener) return;
        if (auditEvents[name].anonymous && !gate.admits()) return;
        const dropped = gate.takeDropped();
        if (dropped > 0) keep('events_lost', { count: dropped, reason: 'flood' });
        keep(name, details());
      } catch (error) {
        failed(name, error);
      }
    },
  };
}
