import { connectionRow } from './connection-operations.ts';
import type { IdlePage, ListIdle } from './contract.ts';
import type { Rows } from './records.ts';

/** Rows that one page looks at: a few milliseconds of a transaction. */
const pageRows = 500;

/** One page of idle connections; a moment that is still to come was written by a clock that was ahead, and tells nothing. */
export function listIdle(rows: Rows, { after, idleFor }: ListIdle): IdlePage {
  const now = rows.now();
  const { records, next } = rows.connectionsAfter(after, pageRows);
  const idle = records.filter(({ upstream, state, refresh, refreshedAt }) => {
    const longest = Object.hasOwn(idleFor, upstream) ? idleFor[upstream] : undefined;
    return (
      longest !== undefined && state === 'alive' && refresh !== null && Math.abs(now - refreshedAt) >= longest
    );
  });
  return { rows: idle.map(connectionRow), next };
}
