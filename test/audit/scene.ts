import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent, AuditEventName } from '../../src/observe/audit/event.ts';
import type { Stack, StackOptions } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';
import { readAuditSchema } from '../../tools/audit-schema.ts';

/** An event as it is written: every field by its name. */
export type Written = Readonly<Record<string, unknown>> & { readonly event: AuditEventName };

/** A stack whose audit events are collected. */
export interface Audited {
  readonly stack: Stack;
  readonly events: readonly AuditEvent[];
  /** The events of one name, oldest first, as JSON shows them. */
  readonly of: (name: AuditEventName) => readonly Written[];
  /** The first event of one name. */
  readonly first: (name: AuditEventName) => Written;
  /** Forgets what was told so far. */
  readonly forget: () => void;
  /** Rejects when an event was not as the documentation says. */
  readonly close: () => Promise<void>;
}

/** Starts one; see {@link startStack}. */
export async function startAudited(
  config: Readonly<Record<string, unknown>> = {},
  options: StackOptions = {},
): Promise<Audited> {
  const events: AuditEvent[] = [];
  const collaborators = {
    ...options.collaborators,
    audit: (event: AuditEvent): void => {
      checkDescribed(event);
      events.push(event);
    },
  };
  const stack = await startStack(config, { ...options, collaborators });
  const of = (name: AuditEventName): readonly Written[] =>
    events.filter(({ event }) => event === name).map((event) => JSON.parse(JSON.stringify(event)) as Written);
  return {
    stack,
    events,
    of,
    first: (name) => {
      const [first] = of(name);
      if (!first) throw new Error(`no event ${name} among: ${events.map(({ event }) => event).join(', ')}`);
      return first;
    },
    forget: () => void events.splice(0),
    async close() {
      await stack.close();
      const refused = stack.log.find(({ message }) => message === 'an audit event could not be told');
      if (refused) throw new Error(String(refused.fields['reason']));
    },
  };
}

const schema = new Map(
  readAuditSchema().map(({ name, fields }) => [name, fields.map((field) => field.name)]),
);

/** What is told is what the types and the documentation say. The server only logs what its listeners throw. */
export function checkDescribed(event: object): void {
  const { version, time, event: name, outcome, ...details } = event as Readonly<Record<string, unknown>>;
  const envelope = [version, time, outcome].every((field) => field !== undefined);
  const fields = schema.get(String(name))?.toSorted();
  if (envelope && isDeepStrictEqual(Object.keys(details).toSorted(), fields)) return;
  throw new Error(`the event is not as docs/audit.md says: ${JSON.stringify(event)}`);
}
