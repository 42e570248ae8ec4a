import type { Sealer } from '../crypto/seal.ts';
import type { Auditor } from '../observe/audit/auditor.ts';
import type { Log } from '../observe/log.ts';
import type {
  AuthStore,
  ConnectionKey,
  ConnectionRow,
  ConnectionTokens,
  IdentityEvidence,
} from '../store/contract.ts';
import type { Clock, Milliseconds, Seconds } from '../types/time.ts';
import type { Identity, UpstreamTokens } from '../types/tokens.ts';
import type { UpstreamProvider } from '../upstream/provider.ts';
import { createKeeper } from './keep-alive.ts';
import { createRefresher } from './refresh.ts';
import type { RenewedIdentity } from './renew-identity.ts';
import { createIdentityRenewal } from './renew-identity.ts';
import type { IdentityOwner, OpenedTokens } from './sealed-rows.ts';
import { openIdentity, openTokens, sealIdentity, sealTokens } from './sealed-rows.ts';
import { createTeller } from './tell-upstreams.ts';

/** `dead`: the upstream ended the connection, only a new login helps. `unavailable`: it does not answer now. */
export type FreshTokens =
  | { readonly r: 'ok'; readonly tokens: UpstreamTokens }
  | { readonly r: 'dead' }
  | { readonly r: 'unavailable'; readonly retryAfter: Seconds };

/** Whose evidence to renew, and what it is now. */
export interface EvidenceOwner extends ConnectionKey {
  readonly evidence: IdentityEvidence;
}

/** Which token somebody wants to use. */
export type TokenNeeded = 'access_token' | 'id_token';

/** Keeps the upstreams' tokens: sealed at rest, fresh in use. */
export interface Vault {
  readonly sealTokens: (
    key: ConnectionKey,
    given: {
      readonly tokens: UpstreamTokens;
      readonly upstreamClientId: string;
      /** What the person knows the account by, for lists of connections. */
      readonly accountName: string | null;
    },
  ) => ConnectionTokens;
  /** What the person knows an account by: as it was told at the sign-in, else as its ID token has it. */
  readonly accountName: (row: ConnectionRow) => string | null;
  readonly sealIdentity: (owner: IdentityOwner, identity: Identity, at: Milliseconds) => IdentityEvidence;
  readonly openIdentity: (owner: IdentityOwner, evidence: IdentityEvidence) => Identity;
  /**
   * Usable tokens of a row, refreshed when they are about to end: once, however many ask in however many processes.
   * @param needs `id_token`: that one too, where the upstream renews it; one that has ended is left out of the answer
   */
  readonly freshTokens: (row: ConnectionRow, needs?: TokenNeeded) => Promise<FreshTokens>;
  /** Refreshes some of the connections that lie idle, where the configuration wants that. Never rejects. */
  readonly keepAlive: () => Promise<void>;
  /** Tells upstreams about connections that have ended. Never rejects. */
  readonly tellUpstreams: () => Promise<void>;
  /** Newer evidence about a user, from the upstream and persisted. */
  readonly renewIdentity: (owner: EvidenceOwner, row: ConnectionRow | null) => Promise<RenewedIdentity>;
}

/** The vault's collaborators. */
export interface VaultParts {
  readonly store: AuthStore;
  readonly sealer: Sealer;
  readonly providers: ReadonlyMap<string, UpstreamProvider>;
  /** Adds what access rules need to know to renewed evidence; rejects when that is not to be had now. */
  readonly complete?: (identity: Identity, accessToken: string) => Promise<Identity>;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: Auditor;
  /** By upstream, how long a connection may lie idle; the others may for ever. */
  readonly idleFor: Readonly<Record<string, Milliseconds>>;
}

/** Refreshed this long before the end, so that no token dies on its way. */
const refreshMargin: Milliseconds = 60_000;

export function createVault(parts: VaultParts): Vault {
  const { sealer, clock } = parts;
  const refresher = createRefresher(parts);
  // A row that is remembered for moments, because its grant is known to live, need not be opened for every request.
  const opened = new WeakMap<ConnectionRow, OpenedTokens>();
  return {
    sealTokens: (key, given) => sealTokens(sealer, key, given),
    accountName: (row) => {
      const { accountName, tokens } = openTokens(sealer, row);
      return accountName ?? nameIn(tokens);
    },
    sealIdentity: (owner, identity, at) => sealIdentity(sealer, owner, { identity, at }),
    openIdentity: (owner, evidence) => openIdentity(sealer, owner, evidence),
    renewIdentity: createIdentityRenewal({ ...parts, refresher }),
    keepAlive: createKeeper(parts, refresher),
    tellUpstreams: createTeller(parts),
    async freshTokens(row, needs = 'access_token') {
      if (row.state === 'dead') return { r: 'dead' };
      const known = opened.get(row) ?? openTokens(sealer, row);
      opened.set(row, known);
      const fresh = await refreshIfNeeded(row, known, needs);
      return fresh.r === 'ok' && needs === 'id_token'
        ? { r: 'ok', tokens: withoutEnded(fresh.tokens, clock()) }
        : fresh;
    },
  };

  async function refreshIfNeeded(
    row: ConnectionRow,
    { tokens, idTokenIsLast }: OpenedTokens,
    needs: TokenNeeded,
  ): Promise<FreshTokens> {
    const left = typeof tokens.expiresAt === 'number' ? tokens.expiresAt - clock() : Infinity;
    const renew = needs === 'id_token' && !idTokenIsLast && idTokenLeft(tokens, clock()) <= refreshMargin;
    if (left > refreshMargin && !renew) return { r: 'ok', tokens };
    if (tokens.refreshToken === null) return left > 0 ? { r: 'ok', tokens } : { r: 'dead' };
    const refreshed = await refresher.refresh(row, null);
    // A token that still lives for some seconds is better than none.
    return refreshed.r === 'unavailable' && left > 0 ? { r: 'ok', tokens } : refreshed;
  }
}

/** An ID token that has ended proves nothing to anybody. */
function withoutEnded(tokens: UpstreamTokens, now: Milliseconds): UpstreamTokens {
  return tokens.idToken !== null && idTokenLeft(tokens, now) <= 0 ? { ...tokens, idToken: null } : tokens;
}

/** How long an ID token lives on; it was verified before it was kept. For ever when there is none. */
function idTokenLeft({ idToken }: UpstreamTokens, now: Milliseconds): Milliseconds {
  if (idToken === null) return Number.POSITIVE_INFINITY;
  // Only verified ID tokens come here, and those have `exp` (OpenID Connect Core §2).
  const { exp } = claimsOf(idToken) as { readonly exp: Seconds };
  return exp * 1000 - now;
}

/** Claims that people know an account by (OpenID Connect Core §5.1). */
const names = ['email', 'preferred_username', 'name'] as const;

function nameIn({ idToken }: UpstreamTokens): string | null {
  if (idToken === null) return null;
  const claims = claimsOf(idToken);
  return names.map((name) => claims[name]).find((value) => typeof value === 'string') ?? null;
}

/** It was verified before it was kept. */
function claimsOf(idToken: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = idToken.split('.');
  // The claims of an ID token are an object (OpenID Connect Core §2).
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
