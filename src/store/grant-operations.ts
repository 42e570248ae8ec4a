import type {
  ConnectionKey,
  EndConnection,
  GrantKey,
  GrantView,
  PutConnection,
  ReadSession,
  RedeemCode,
  RedeemCodeResult,
  RevokeAccessToken,
  RevokeGrant,
  RotateRefresh,
  RotateRefreshResult,
  SessionView,
  UserConnection,
} from './contract.ts';
import type { RevocationReason } from '../observe/audit/event.ts';
import { forgetClientConsents, forgetConsents } from './consent-operations.ts';
import { connectionRow, storeConnection } from './connection-operations.ts';
import { retireConnection, retireUser } from './ended-operations.ts';
import { decideRedeem, decideRotate, redeemed, rotated } from './grant-machine.ts';
import type { ConnectionRecord, GrantRecord, Rows, UserRecord, StoreCaps } from './records.ts';
import { isLive } from './records.ts';
import { takeStepUp } from './step-up-operations.ts';

/** Revoked access tokens that one grant remembers; one more revokes the grant. */
const maxRevokedTokens = 16;

export function redeemCode(rows: Rows, code: RedeemCode): RedeemCodeResult {
  const found = find(rows, code);
  if (!found) return { r: 'missing' };
  const { grant, user } = found;
  const now = rows.now();
  const decision = decideRedeem(grant, code, now);
  switch (decision.r) {
    case 'redeem': {
      const next = redeemed(grant, code, now);
      rows.saveGrant(next);
      return { r: 'ok', grant: viewOf(next, user) };
    }
    case 'again':
      return { r: 'ok', grant: viewOf(grant, user) };
    case 'revoke':
      endGrant(rows, grant, 'code_replayed');
      return { r: 'revoked', now: true };
    case 'revoked':
      return { r: 'revoked', now: false };
    case 'replayed':
    case 'expired':
      return { r: decision.r };
    case 'mismatch':
      return decision;
  }
}

export function rotateRefresh(rows: Rows, token: RotateRefresh): RotateRefreshResult {
  const found = find(rows, token);
  if (!found) return { r: 'missing' };
  const { grant, user } = found;
  const now = rows.now();
  const decision = decideRotate(grant, token, now);
  switch (decision.r) {
    case 'rotate':
    case 'advance':
    case 'retry':
    case 'again': {
      if (decision.r === 'again')
        return { r: 'ok', generation: grant.generation, grant: viewOf(grant, user) };
      if (token.heedStepUp && takeStepUp(rows, grant)) return { r: 'step_up' };
      const held = heldBack(rows, { grant, user, token });
      if (held) return { r: held, grant: viewOf(grant, user) };
      if (decision.r === 'retry')
        return { r: 'retry', generation: grant.generation, grant: viewOf(grant, user) };
      const next = rotated(grant, token, now);
      rows.saveGrant(next);
      const r = decision.r === 'advance' ? 'advanced' : 'ok';
      return { r, generation: next.generation, grant: viewOf(next, user) };
    }
    case 'revoke':
      endGrant(rows, grant, 'refresh_token_replayed');
      return { r: 'revoked', now: true };
    case 'revoked':
      return { r: 'revoked', now: false };
    case 'expired':
      return { r: 'expired' };
    case 'mismatch':
      return decision;
  }
}

/** Reasons to answer without consuming: the upstream ended the sign-in, or what it said is too old. */
function heldBack(
  rows: Rows,
  { grant, user, token }: { grant: GrantRecord; user: UserRecord; token: RotateRefresh },
): 'dead' | 'stale' | null {
  if (rows.connectionState(connectionKeyOf(grant)) === 'dead') return 'dead';
  if (token.identityMaxAge === null) return null;
  // Evidence from the future was dated by a clock that was ahead: its true age is not known.
  return Math.abs(rows.now() - user.identityAt) > token.identityMaxAge ? 'stale' : null;
}

export function readSession(rows: Rows, read: ReadSession): SessionView | null {
  const found = find(rows, read);
  if (!found || found.grant.expiresAt <= rows.now()) return null;
  const { grant, user } = found;
  const connection = connectionFor(rows, grant, read.upstream);
  return {
    state: grant.state,
    grant: viewOf(grant, user),
    client: grant.client,
    expiresAt: grant.expiresAt,
    generation: grant.generation,
    revokedTokens: grant.revokedTokens,
    revokedBecause: grant.revokedBecause,
    connection: connection ? connectionRow(connection) : null,
  };
}

/** The grant names the account of its own upstream; of another one the user's latest choice counts. */
function connectionFor(
  rows: Rows,
  grant: GrantRecord,
  upstream: string | null,
): ConnectionRecord | undefined {
  if (upstream === null || upstream === grant.upstream) return rows.connection(connectionKeyOf(grant));
  const accounts = rows.connectionsOf(grant.bucket, grant.userId).filter((one) => one.upstream === upstream);
  return accounts.toSorted((a, b) => preference(b) - preference(a))[0];
}

/** Living ones come before dead ones, then the newest. */
function preference({ state, connectedAt }: ConnectionRecord): number {
  return state === 'alive' ? connectedAt : connectedAt - Number.MAX_SAFE_INTEGER;
}

/** Ends a grant; what remains is a tombstone until its natural expiry. */
export function revokeGrant(rows: Rows, revoke: RevokeGrant): boolean {
  const grant = rows.grant(revoke);
  if (!grant || !isLive(grant, rows.now())) return false;
  const { proof } = revoke;
  if (proof && (grant.client !== proof.client || ![grant.seed, grant.codeSeed].includes(proof.seed)))
    return false;
  endGrant(rows, grant, revoke.why);
  return true;
}

export function revokeUser(rows: Rows, { bucket, userId }: { bucket: string; userId: string }): number {
  const grants = rows.grantsOf(bucket, userId).filter((grant) => isLive(grant, rows.now()));
  for (const grant of grants) endGrant(rows, grant, 'user_revoked');
  forgetConsents(rows, bucket, userId);
  return grants.length;
}

export function revokeAccessToken(rows: Rows, token: RevokeAccessToken): 'ok' | 'full' | 'missing' {
  const grant = rows.grant(token);
  if (!grant || !isLive(grant, rows.now())) return 'missing';
  if (grant.revokedTokens.includes(token.tokenId)) return 'ok';
  if (grant.revokedTokens.length >= maxRevokedTokens) {
    endGrant(rows, grant, 'access_tokens_revoked');
    return 'full';
  }
  rows.saveGrant({ ...grant, revokedTokens: [...grant.revokedTokens, token.tokenId] });
  return 'ok';
}

/** Drops a grant whose time is over, and what belonged to it alone. For the backends' purge. */
export function dropExpired(rows: Rows, grant: GrantRecord): void {
  rows.deleteGrant(grant);
  const { bucket, userId } = grant;
  // Nobody wanted it to end: what the upstream gave ends by itself.
  if (!hasLiveGrant(rows, grant)) rows.deleteUser(bucket, userId);
}

/** The user is kept with a tombstone only as long as another grant lives: a vault entry ends with the last one. */
function endGrant(rows: Rows, grant: GrantRecord, why: RevocationReason): void {
  rows.saveGrant({ ...grant, state: 'revoked', revokedBecause: why });
  const { bucket, userId } = grant;
  // What an upstream ends is nobody's change of mind.
  if (why !== 'upstream_ended' && why !== 'upstream_silent') forgetClientConsents(rows, grant);
  if (!hasLiveGrant(rows, grant)) retireUser(rows, bucket, userId);
}

/** Whether anything of a user is in use. */
function hasLiveGrant(
  rows: Rows,
  { bucket, userId }: { readonly bucket: string; readonly userId: string },
): boolean {
  const now = rows.now();
  return rows.grantsOf(bucket, userId).some((grant) => isLive(grant, now));
}

/** See `AuthStore.listConnections`. */
export function listConnections(
  rows: Rows,
  { bucket, userId }: { readonly bucket: string; readonly userId: string },
): readonly UserConnection[] | null {
  const now = rows.now();
  const grants = rows.grantsOf(bucket, userId).filter((grant) => isLive(grant, now));
  if (grants.length === 0) return null;
  const signedInWith = ({ upstream, account }: ConnectionRecord): number =>
    grants.filter((grant) => grant.upstream === upstream && grant.account === account).length;
  return rows
    .connectionsOf(bucket, userId)
    .map((record) => Object.assign(connectionRow(record), { grants: signedInWith(record) }));
}

export function putConnection(
  rows: Rows,
  { connection: key, tokens }: PutConnection,
  caps: StoreCaps,
): 'stored' | 'kept' | 'no_user' {
  return hasLiveGrant(rows, key) ? storeConnection(rows, { key, tokens }, caps) : 'no_user';
}

export function endConnection(rows: Rows, { why, ...key }: EndConnection): number | null {
  const record = rows.connection(key);
  if (!record) return null;
  const now = rows.now();
  const grants = rows
    .grantsOf(key.bucket, key.userId)
    .filter(
      (grant) => isLive(grant, now) && grant.upstream === key.upstream && grant.account === key.account,
    );
  // First the connection: the last of these grants takes along what is left.
  retireConnection(rows, record);
  for (const grant of grants) endGrant(rows, grant, why);
  return grants.length;
}

function find(rows: Rows, key: GrantKey): { readonly grant: GrantRecord; readonly user: UserRecord } | null {
  const grant = rows.grant(key);
  if (!grant) return null;
  const { bucket, userId } = grant;
  return {
    grant,
    user: rows.user(bucket, userId) ?? { bucket, userId, identity: noIdentity, identityAt: 0 },
  };
}

/** Stands in for the identity of a user whose grants are all tombstones; nobody opens it. */
const noIdentity = new Uint8Array(0);

function connectionKeyOf({ bucket, userId, upstream, account }: GrantRecord): ConnectionKey {
  return { bucket, userId, upstream, account };
}

function viewOf(grant: GrantRecord, user: UserRecord): GrantView {
  const { userId, upstream, account, resource, data, createdAt, endsAt } = grant;
  return {
    userId,
    upstream,
    account,
    resource,
    data,
    createdAt,
    endsAt,
    identity: { sealed: user.identity, at: user.identityAt },
  };
}
