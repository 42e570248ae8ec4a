import type {
  BeginUpstreamRefresh,
  BeginUpstreamRefreshResult,
  ConnectionKey,
  ConnectionRow,
  ConnectionTokens,
  EndUpstreamRefresh,
} from './contract.ts';
import type { Milliseconds } from '../types/time.ts';
import { retireConnection } from './ended-operations.ts';
import type { ConnectionRecord, Rows, StoreCaps } from './records.ts';
import { after } from './records.ts';

/** The contract's view of a record. */
export function connectionRow(record: ConnectionRecord): ConnectionRow {
  const { bucket, userId, upstream, account } = record;
  const { access, refresh, upstreamClientId, scopes, version, state, backoffUntil } = record;
  const { connectedAt, refreshedAt } = record;
  return {
    key: { bucket, userId, upstream, account },
    tokens: { access, refresh, upstreamClientId, scopes },
    version,
    state,
    backoffUntil,
    connectedAt,
    refreshedAt,
  };
}

/**
 * Stores the tokens of a login. An absent refresh token never overwrites a present one of the same upstream client, and
 * fewer scopes never replace more silently. A refresh under way goes on when its refresh token stays, because the
 * upstream may be replacing it right now; a login with its own refresh token makes it pointless.
 */
export function storeConnection(
  rows: Rows,
  { key, tokens }: { readonly key: ConnectionKey; readonly tokens: ConnectionTokens },
  caps: StoreCaps,
): 'stored' | 'kept' {
  const known = rows.connection(key);
  if (known && isNarrower(known, tokens)) return 'kept';
  const sameClient = known?.upstreamClientId === tokens.upstreamClientId;
  const kept = tokens.refresh === null && sameClient && known?.state === 'alive' ? known : null;
  if (!known) makeRoom(rows, key, caps);
  rows.saveConnection({
    ...key,
    ...tokens,
    refresh: kept ? kept.refresh : tokens.refresh,
    version: (known?.version ?? 0) + 1,
    fence: known?.fence ?? 0,
    ...idle,
    leaseOwner: kept?.leaseOwner ?? '',
    leaseUntil: kept?.leaseUntil ?? 0,
    connectedAt: rows.now(),
    refreshedAt: rows.now(),
  });
  return 'stored';
}

/** Dead ones go first, then the one that was connected longest ago; never one that a grant was signed in with. */
function makeRoom(rows: Rows, { bucket, userId }: ConnectionKey, { connectionsPerUser }: StoreCaps): void {
  const all = rows.connectionsOf(bucket, userId);
  const surplus = all.length - connectionsPerUser + 1;
  if (surplus <= 0) return;
  const grants = rows.grantsOf(bucket, userId);
  const spare = all.filter(
    ({ upstream, account }) =>
      !grants.some((grant) => grant.upstream === upstream && grant.account === account),
  );
  const order = ({ state, connectedAt }: ConnectionRecord): number => (state === 'dead' ? -1 : connectedAt);
  const oldest = spare.toSorted((one, other) => order(one) - order(other));
  for (const record of oldest.slice(0, surplus)) retireConnection(rows, record);
}

const idle = { state: 'alive', backoffUntil: 0, leaseUntil: 0 } as const;

function isNarrower(known: ConnectionRecord, tokens: ConnectionTokens): boolean {
  return (
    known.state === 'alive' &&
    known.upstreamClientId === tokens.upstreamClientId &&
    known.scopes.length > tokens.scopes.length &&
    tokens.scopes.every((scope) => known.scopes.includes(scope))
  );
}

/** No wait is longer, whatever the record says. */
const longestBackoff: Milliseconds = 300_000;

/** How much later the clock of another writer may be: its own, or because ours was read before we waited for our turn. */
const skew: Milliseconds = 10_000;

/** Whether a moment is still to come. One that is further off than it can be was set by a clock that has been set back. */
function isAhead(moment: Milliseconds, now: Milliseconds, longest: Milliseconds): boolean {
  return moment > now && moment - now <= longest + skew;
}

/** Elects one refresher across processes. The intent is on record before the upstream is called. */
export function beginUpstreamRefresh(rows: Rows, begin: BeginUpstreamRefresh): BeginUpstreamRefreshResult {
  const record = rows.connection(begin);
  if (!record) return { r: 'missing' };
  if (record.state === 'dead') return { r: 'dead' };
  const now = rows.now();
  const led = isAhead(record.leaseUntil, now, begin.lease);
  if (led && record.leaseOwner === begin.owner) {
    rows.saveConnection({ ...record, leaseUntil: after(now, begin.lease) });
    return { r: 'leader', row: connectionRow(record), fence: record.fence, takenOver: false };
  }
  if (record.version !== begin.version) return { r: 'fresh', row: connectionRow(record) };
  if (led) return { r: 'busy', wait: record.leaseUntil - now };
  if (isAhead(record.backoffUntil, now, longestBackoff)) return { r: 'backoff', until: record.backoffUntil };
  const fence = record.fence + 1;
  const next = { ...record, fence, leaseOwner: begin.owner, leaseUntil: after(now, begin.lease) };
  rows.saveConnection(next);
  return { r: 'leader', row: connectionRow(next), fence, takenOver: record.leaseUntil !== 0 };
}

/** Records how a refresh ended; `lost` when somebody else leads by now. */
export function endUpstreamRefresh(rows: Rows, end: EndUpstreamRefresh): 'ok' | 'lost' {
  const record = rows.connection(end);
  if (!record || record.leaseOwner !== end.owner || record.fence !== end.fence) return 'lost';
  // Said before: the first time counted.
  if (record.leaseUntil === 0) return 'ok';
  const { outcome } = end;
  switch (outcome.kind) {
    case 'tokens': {
      const { tokens, identity } = outcome;
      const sameClient = tokens.upstreamClientId === record.upstreamClientId;
      const refresh = tokens.refresh ?? (sameClient ? record.refresh : null);
      const version = record.version + 1;
      rows.saveConnection({ ...record, ...tokens, refresh, version, ...idle, refreshedAt: rows.now() });
      if (identity) {
        const { bucket, userId } = end;
        rows.saveUser({ bucket, userId, identity: identity.sealed, identityAt: identity.at });
      }
      return 'ok';
    }
    case 'renewed':
      rows.saveConnection({ ...record, refresh: outcome.refresh });
      return 'ok';
    case 'failed':
      rows.saveConnection({ ...record, ...idle, backoffUntil: after(rows.now(), outcome.backoff) });
      return 'ok';
    case 'dead':
      // A login meanwhile brought an access token of its own: only the refresh token is gone.
      if (record.version !== outcome.version) rows.saveConnection({ ...record, ...idle, refresh: null });
      else rows.saveConnection({ ...record, ...idle, state: 'dead' });
      return 'ok';
  }
}
