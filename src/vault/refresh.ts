import { randomToken } from '../crypto/random.ts';
import { nameLabel, outsideLabel, userLabel } from '../observe/audit/labels.ts';
import type { BeginUpstreamRefreshResult, ConnectionRow, EndUpstreamRefresh } from '../store/contract.ts';
import type { Milliseconds, Seconds } from '../types/time.ts';
import type { Identity, UpstreamTokens } from '../types/tokens.ts';
import { UpstreamError } from '../upstream/provider.ts';
import type { UpstreamRefresh } from '../upstream/provider.ts';
import { openTokens, sealIdentity, sealRefreshToken, sealTokens } from './sealed-rows.ts';
import type { FreshTokens, VaultParts } from './vault.ts';

/**
 * Makes the evidence that a refresh gives, when somebody wants it: from the refresh's own identity, or by asking on.
 * `null` when there is none to keep. Never rejects over an upstream: the tokens are good whatever comes of it.
 */
export type Evidence = (refreshed: UpstreamRefresh) => Promise<Identity | null>;

/** Refreshes connections, each once at a time. */
export interface Refresher {
  /** @param evidence also renews the user's identity with the same answer; `null` when only tokens are wanted */
  refresh(row: ConnectionRow, evidence: Evidence | null): Promise<FreshTokens>;
}

/** Kept while the upstream is asked, so that a lease that ran out means a process that is gone. */
const lease: Milliseconds = 20_000;

/** How long an upstream that failed is left alone. */
const backoff: Milliseconds = 5000;

/** The same while the upstream refuses our client: only an operator changes that. */
const repairTime: Milliseconds = 30_000;

/** How often a waiting process looks whether the leader is done. */
const pollEvery: Milliseconds = 150;

/** Looks at the leader's work before giving up: longer than a lease, so that whoever waits for a lost process takes over. */
const maxPolls = 150;

type Leader = Extract<BeginUpstreamRefreshResult, { r: 'leader' }>;

export function createRefresher(parts: VaultParts): Refresher {
  const running = new Map<string, Promise<FreshTokens>>();
  return {
    refresh(row, evidence) {
      // Somebody who wants evidence cannot ride along with a refresh that gathers none.
      const name = JSON.stringify([row.key.userId, row.key.upstream, row.key.account, evidence !== null]);
      const known = running.get(name);
      if (known) return known;
      const work = lead(parts, row, evidence).finally(() => running.delete(name));
      running.set(name, work);
      return work;
    },
  };
}

/** Becomes the one refresher of this connection, or waits for the one that is. */
async function lead(parts: VaultParts, row: ConnectionRow, evidence: Evidence | null): Promise<FreshTokens> {
  const owner = randomToken(9);
  let { version } = row;
  for (let poll = 0; poll < maxPolls; poll += 1) {
    const begun = await parts.store.beginUpstreamRefresh({ ...row.key, version, owner, lease });
    switch (begun.r) {
      case 'leader':
        return refreshAs(parts, { begun, owner, evidence });
      case 'fresh':
        if (!evidence) return { r: 'ok', tokens: openTokens(parts.sealer, begun.row).tokens };
        version = begun.row.version;
        break;
      case 'busy':
        await new Promise((resolve) => setTimeout(resolve, Math.min(begun.wait, pollEvery)));
        break;
      case 'backoff':
        return { r: 'unavailable', retryAfter: secondsUntil(parts, begun.until) };
      case 'dead':
      case 'missing':
        return { r: 'dead' };
    }
  }
  return { r: 'unavailable', retryAfter: backoff / 1000 };
}

interface Leading {
  readonly begun: Leader;
  readonly owner: string;
  readonly evidence: Evidence | null;
}

async function refreshAs(parts: VaultParts, leading: Leading): Promise<FreshTokens> {
  const { row } = leading.begun;
  const { upstream, account } = row.key;
  const provider = parts.providers.get(upstream);
  const { tokens: before, accountName } = openTokens(parts.sealer, row);
  const { refreshToken } = before;
  // Tokens of another registration of ours are not the present one's to use.
  const { upstreamClientId: clientId } = row.tokens;
  if (!provider?.knows(clientId) || refreshToken === null)
    return ended(parts, leading, 'the connection cannot be refreshed');
  try {
    const ask = (): Promise<UpstreamRefresh> =>
      provider.refresh({
        refreshToken,
        subject: account,
        clientId,
        arrived: (t) => putDown(parts, leading, t),
      });
    const refreshed = await keepingLease(parts, leading, ask);
    if (refreshed.subjectMismatch)
      return await ended(parts, leading, 'the upstream answered for another account');
    return await keep(parts, { ...leading, before, accountName }, refreshed);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.failure === 'rejected') return ended(parts, leading, error.message);
    return failed(parts, leading, error);
  }
}

/** A provider may take its time, and be asked more than once: that is no sign of a process that is gone. */
async function keepingLease<T>(
  { store }: VaultParts,
  { begun: { row }, owner }: Leading,
  work: () => Promise<T>,
): Promise<T> {
  const renew = (): void => {
    // A lease that could not be kept costs no more than a second refresh.
    store.beginUpstreamRefresh({ ...row.key, version: row.version, owner, lease }).catch(() => {});
  };
  const timer = setInterval(renew, lease / 3).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/**
 * A refresh token that was spent must be on disk before anything else is tried, and nothing of the answer may be used
 * before it is known to be about this account: only the next refresh token is written, under the same lease.
 */
async function putDown(parts: VaultParts, leading: Leading, { refreshToken }: UpstreamTokens): Promise<void> {
  if (refreshToken === null) return;
  const { key } = leading.begun.row;
  const refresh = sealRefreshToken(parts.sealer, key, refreshToken);
  // What this write cannot keep, the one at the end still can.
  await end(parts, leading, { kind: 'renewed', refresh }).catch(() => 'lost');
}

/** What came is kept at once; what has to be asked for comes after. */
async function keep(
  parts: VaultParts,
  leading: Leading & { readonly before: UpstreamTokens; readonly accountName: string | null },
  refreshed: UpstreamRefresh,
): Promise<FreshTokens> {
  const { sealer, store, clock } = parts;
  const { key, tokens: old } = leading.begun.row;
  const narrowed = refreshed.tokens.scopes.length > 0 ? refreshed.tokens.scopes : old.scopes;
  // An absent one replaces none: it is good until its own end.
  const idToken = refreshed.tokens.idToken ?? leading.before.idToken;
  const idTokenIsLast = refreshed.tokens.idToken === null;
  const tokens = { ...refreshed.tokens, idToken, scopes: narrowed };
  const { upstreamClientId } = old;
  const { accountName } = leading;
  const sealed = sealTokens(sealer, key, { tokens, upstreamClientId, idTokenIsLast, accountName });
  // What came with the tokens is written with them; what has to be asked for comes after.
  const told = refreshed.identity && leading.evidence ? await leading.evidence(refreshed) : null;
  const identity = told && sealIdentity(sealer, key, { identity: told, at: clock() });
  const done = await end(parts, leading, { kind: 'tokens', tokens: sealed, identity });
  if (done === 'lost')
    parts.log.warn(
      { upstream: key.upstream, sub: key.userId },
      'a refresh came too late: another refresh or a new sign-in was there first',
    );
  else auditConnection(parts, leading);
  if (leading.evidence && (!identity || done === 'lost')) {
    const late = told ?? (await leading.evidence(refreshed));
    if (late)
      await store.saveIdentity({
        ...key,
        identity: sealIdentity(sealer, key, { identity: late, at: clock() }),
      });
  }
  return { r: 'ok', tokens };
}

function auditConnection({ audit }: VaultParts, { begun: { row } }: Leading): void {
  audit.record('connection_refreshed', () => ({
    user: userLabel(row.key.userId),
    upstream: nameLabel(row.key.upstream),
  }));
}

/** The upstream is down, talks nonsense or refuses us, which the provider has told the operator: everything stays. */
async function failed(parts: VaultParts, leading: Leading, error: UpstreamError): Promise<FreshTokens> {
  const { upstream, userId } = leading.begun.row.key;
  const ours = error.failure === 'misconfigured';
  parts.log[ours ? 'debug' : 'warn'](
    { upstream, sub: userId, failure: error.failure, reason: error.message },
    'upstream refresh failed',
  );
  const wait = ours ? repairTime : backoff;
  await end(parts, leading, { kind: 'failed', backoff: wait });
  return { r: 'unavailable', retryAfter: wait / 1000 };
}

async function ended(parts: VaultParts, leading: Leading, reason: string): Promise<FreshTokens> {
  const { row, takenOver } = leading.begun;
  const { upstream, userId } = row.key;
  parts.log.warn({ upstream, sub: userId, reason, takenOver }, 'the upstream ended a connection');
  await end(parts, leading, { kind: 'dead', version: row.version });
  parts.audit.record('connection_dead', () => ({
    user: userLabel(userId),
    upstream: nameLabel(upstream),
    reason: outsideLabel(reason),
  }));
  return { r: 'dead' };
}

function end(
  parts: VaultParts,
  leading: Leading,
  outcome: EndUpstreamRefresh['outcome'],
): Promise<'ok' | 'lost'> {
  const { begun, owner } = leading;
  return parts.store.endUpstreamRefresh({ ...begun.row.key, owner, fence: begun.fence, outcome });
}

function secondsUntil({ clock }: VaultParts, moment: Milliseconds): Seconds {
  return Math.max(1, Math.ceil((moment - clock()) / 1000));
}
