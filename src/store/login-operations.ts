import type { CommitLogin, CommitLoginResult } from './contract.ts';
import { recallConsent, rememberConsent, touchConsent } from './consent-operations.ts';
import { storeConnection } from './connection-operations.ts';
import type {
  AdvancePending,
  AdvancePendingResult,
  DenyPending,
  DenyPendingResult,
  PutPending,
  PutPendingResult,
  TakePending,
  TakePendingResult,
} from './pending-contract.ts';
import type { Sealed } from './terms.ts';
import type { GrantRecord, PendingRecord, Rows, StoreCaps } from './records.ts';
import { after, isLive } from './records.ts';

/** How often an upstream leg may start again. */
const maxRestarts = 3;

/** Legs are counted in steps of so many: one for each upstream of a login, and room for its restarts. */
const legStep = 16;

/** Which upstream of a login a leg belongs to. */
function stepOf(leg: number): number {
  return Math.floor(leg / legStep);
}

/** Keeps a consented login. The same transaction reuses its row and never recreates a taken one. */
export function putPending(rows: Rows, pending: PutPending, caps: StoreCaps): PutPendingResult {
  const { transaction, sealed, source, ttl, instead } = pending;
  const now = rows.now();
  const known = rows.pending(transaction);
  if (known && known.expiresAt > now) {
    if (known.done) return ended(known);
    const { leg, takenLeg } = known;
    if (takenLeg >= leg) return { r: 'taken' };
    if (instead && stepOf(leg) === 0 && isSame(known.sealed, instead)) {
      rows.savePending({ ...known, sealed });
      return { r: 'ok', leg };
    }
    return isSame(known.sealed, sealed) ? { r: 'ok', leg } : { r: 'ok', leg, sealed: known.sealed };
  }
  makeRoom(rows, source, caps);
  rows.savePending({ transaction, sealed, source, expiresAt: after(now, ttl), ...untouched });
  return { r: 'ok', leg: 0 };
}

function isSame(one: Sealed, other: Sealed): boolean {
  return Buffer.compare(one, other) === 0;
}

const untouched = {
  leg: 0,
  takenLeg: -1,
  takenBy: '',
  restartedBy: '',
  done: false,
  doneBy: '',
  doneAs: 'stored',
} as const;

/**
 * Ends a login that was not committed, and one that never began. The row stays until it expires, so that neither the
 * upstream's answer nor the form, sent again, brings the login back; what was asked for is no longer kept.
 */
export function denyPending(
  rows: Rows,
  { transaction, ttl, source }: DenyPending,
  caps: StoreCaps,
): DenyPendingResult {
  const now = rows.now();
  const known = rows.pending(transaction);
  const live = known && known.expiresAt > now ? known : null;
  if (live?.done) return live.doneAs === 'denied' ? { r: 'ok' } : { r: 'done' };
  if (!live) makeRoom(rows, source, caps);
  const row = live ?? { transaction, source, expiresAt: after(now, ttl), ...untouched };
  rows.savePending({ ...row, sealed: new Uint8Array(), done: true, doneAs: 'denied' });
  return { r: 'ok' };
}

function ended({ doneAs }: PendingRecord): { readonly r: 'done' | 'denied' } {
  return { r: doneAs === 'denied' ? 'denied' : 'done' };
}

/** A flood pays with its own rows: a full source loses its oldest, a full store the heaviest source's oldest. */
function makeRoom(rows: Rows, source: string, caps: StoreCaps): void {
  while (rows.countPending(source) >= caps.pendingPerSource) {
    if (!dropOldest(rows, source)) break;
  }
  while (rows.countPending() >= caps.pending) {
    const heaviest = rows.heaviestSource();
    if (heaviest === undefined || !dropOldest(rows, heaviest)) break;
  }
}

function dropOldest(rows: Rows, source: string): boolean {
  const oldest = rows.oldestPending(source);
  if (!oldest) return false;
  rows.deletePending(oldest.transaction);
  return true;
}

/** Takes a leg's answer once; a leg that was taken before, in a login that never ended, starts again. */
export function takePending(rows: Rows, { transaction, leg, attempt }: TakePending): TakePendingResult {
  const row = rows.pending(transaction);
  if (!row || row.expiresAt <= rows.now()) return { r: 'missing' };
  if (row.done) return ended(row);
  if (row.takenLeg === leg && row.takenBy === attempt) return { r: 'ok', sealed: row.sealed };
  if (leg === row.leg && row.takenLeg < leg) {
    rows.savePending({ ...row, takenLeg: leg, takenBy: attempt });
    return { r: 'ok', sealed: row.sealed };
  }
  if (leg > row.leg) return { r: 'missing' };
  // An answer of an upstream that the login has passed, sent again, leads to where it waits.
  if (stepOf(leg) < stepOf(row.leg) && row.takenLeg < row.leg)
    return { r: 'restarted', sealed: row.sealed, leg: row.leg };
  if (row.restartedBy === attempt) return { r: 'restarted', sealed: row.sealed, leg: row.leg };
  if (row.leg % legStep >= maxRestarts) return { r: 'exhausted' };
  rows.savePending({ ...row, leg: row.leg + 1, restartedBy: attempt });
  return { r: 'restarted', sealed: row.sealed, leg: row.leg + 1 };
}

/** Goes on to the next upstream of a login. */
export function advancePending(
  rows: Rows,
  { transaction, leg, attempt, sealed, ttl }: AdvancePending,
): AdvancePendingResult {
  const row = rows.pending(transaction);
  if (!row || row.expiresAt <= rows.now()) return { r: 'missing' };
  if (row.done) return ended(row);
  if (row.restartedBy === attempt) return { r: 'ok', leg: row.leg };
  if (leg > row.takenLeg || stepOf(leg) !== stepOf(row.leg)) return { r: 'missing' };
  const next = (stepOf(leg) + 1) * legStep;
  // Rows stay in the order in which they expire.
  rows.deletePending(transaction);
  const expiresAt = after(rows.now(), ttl);
  rows.savePending({ ...row, sealed, leg: next, restartedBy: attempt, expiresAt });
  return { r: 'ok', leg: next };
}

/** Ends a login: identity, tokens and grant together, once. */
export function commitLogin(rows: Rows, login: CommitLogin, caps: StoreCaps): CommitLoginResult {
  const row = rows.pending(login.transaction);
  if (!row || row.expiresAt <= rows.now()) return { r: 'missing' };
  if (row.doneAs === 'denied') return { r: 'denied' };
  if (row.done) return row.doneBy === login.attempt ? { r: 'ok', connection: row.doneAs } : { r: 'done' };
  // Only an answer that was taken ends a login; of several legs the first one to get here does.
  if (login.leg > row.takenLeg || stepOf(login.leg) !== stepOf(row.leg)) return { r: 'missing' };
  const { bucket, userId } = login.connection;
  const { consented, remember } = login;
  const consent =
    consented === undefined ? null : recallConsent(rows, { bucket, userId, consentId: consented });
  if (consented !== undefined && !consent) return { r: 'unconsented' };
  // What a user left behind who has no grant any more counts for nothing.
  if (!rows.grantsOf(bucket, userId).some((grant) => isLive(grant, rows.now())))
    rows.deleteUser(bucket, userId);
  rows.saveUser({ bucket, userId, identity: login.identity.sealed, identityAt: login.identity.at });
  const connection = storeConnection(rows, { key: login.connection, tokens: login.tokens }, caps);
  for (const other of login.others ?? [])
    storeConnection(rows, { key: other.connection, tokens: other.tokens }, caps);
  // What was asked for and what earlier upstreams gave is in its place now, and nowhere else.
  const sealed = new Uint8Array();
  rows.savePending({ ...row, sealed, done: true, doneBy: login.attempt, doneAs: connection });
  if (consent) touchConsent(rows, consent);
  if (remember) rememberConsent(rows, remember, { bucket, userId, caps });
  makeRoomForGrant(rows, login, caps);
  rows.saveGrant(newGrant(rows, login));
  return { r: 'ok', connection };
}

/** Tombstones go first, then the oldest grants. */
function makeRoomForGrant(
  rows: Rows,
  { connection: { bucket, userId } }: CommitLogin,
  caps: StoreCaps,
): void {
  const grants = rows.grantsOf(bucket, userId);
  const surplus = Math.max(0, grants.length - caps.grantsPerUser + 1);
  const ordered = [
    ...grants.filter((grant) => grant.state === 'revoked'),
    ...grants.filter((grant) => grant.state !== 'revoked'),
  ];
  for (const grant of ordered.slice(0, surplus)) rows.deleteGrant(grant);
}

function newGrant(rows: Rows, { connection, grant }: CommitLogin): GrantRecord {
  const now = rows.now();
  return {
    bucket: connection.bucket,
    grantId: grant.grantId,
    userId: connection.userId,
    upstream: connection.upstream,
    account: connection.account,
    client: grant.client,
    codeSeed: grant.codeSeed,
    challenge: grant.challenge,
    redirectUri: grant.redirectUri,
    resource: grant.resource,
    data: grant.data,
    createdAt: now,
    endsAt: after(now, grant.sessionTtl),
    state: 'code',
    seed: '',
    generation: 0,
    redeemedAt: 0,
    redeemedBy: '',
    rotations: [],
    rotatedBy: '',
    expiresAt: after(now, grant.codeTtl),
    revokedTokens: [],
    revokedBecause: '',
  };
}
