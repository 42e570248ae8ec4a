import type { AuthStore, GrantKey } from './contract.ts';
import type { Rows } from './records.ts';
import { after } from './records.ts';

const kind = 'step_up';

/** Notes at a time: each lives for seconds, and needs a living grant. */
const maxNotes = 10_000;

/** See `AuthStore.noteStepUp`. */
export function noteStepUp(rows: Rows, { grantId, ttl }: Parameters<AuthStore['noteStepUp']>[0]): void {
  if (rows.countMoments(kind) >= maxNotes) rows.dropMoments();
  if (rows.countMoments(kind) < maxNotes) rows.saveMoment({ kind, key: grantId }, after(rows.now(), ttl));
}

/** Whether the client of a grant was just sent to authorize; true once. */
export function takeStepUp(rows: Rows, { grantId }: GrantKey): boolean {
  const until = rows.moment({ kind, key: grantId });
  if (until === undefined) return false;
  rows.deleteMoment({ kind, key: grantId });
  return until > rows.now();
}
