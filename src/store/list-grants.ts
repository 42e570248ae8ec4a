import type { Milliseconds } from '../types/time.ts';
import type { GrantPage, GrantSummary, ListGrants } from './contract.ts';
import type { GrantRecord, Rows } from './records.ts';

/** Rows that one page looks at: a few milliseconds of a transaction. */
const pageRows = 1000;

/** One page of grants, in the order of their ids; a user's grants are one page. */
export function listGrants(rows: Rows, list: ListGrants): GrantPage {
  const { user, after } = list;
  const now = rows.now();
  const seen = user ? rows.grantsOf(user.bucket, user.userId) : rows.grantsAfter(after, pageRows);
  const more = user === null && seen.length === pageRows;
  const grants = seen.map((grant) => summaryOf(grant, now)).filter((grant) => fits(grant, list));
  return { grants, next: more ? (seen.at(-1)?.grantId ?? null) : null };
}

function fits(grant: GrantSummary, { client, upstream, state }: ListGrants): boolean {
  return (
    (client === null || grant.client === client) &&
    (upstream === null || grant.upstream === upstream) &&
    (state === null || grant.state === state)
  );
}

function summaryOf(grant: GrantRecord, now: Milliseconds): GrantSummary {
  const { bucket, grantId, userId, upstream, account, client, resource, data } = grant;
  const { generation, createdAt, redeemedAt, rotations, expiresAt, endsAt, revokedBecause } = grant;
  const over = grant.state !== 'revoked' && expiresAt <= now;
  const who = { bucket, grantId, userId, upstream, account, client, resource, data };
  const when = { createdAt, lastUsedAt: rotations.at(-1) ?? redeemedAt, expiresAt, endsAt };
  return { ...who, ...when, state: over ? 'expired' : grant.state, generation, revokedBecause };
}
