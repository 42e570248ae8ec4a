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
import { createRefresher } from './refresh.ts';
import type { RenewedIdentity } from './renew-identity.ts';
import { createIdentityRenewal } from './renew-identity.ts';
import type { IdentityOwner } from './sealed-rows.ts';
import { openIdentity, openTokens, sealIdentity, sealTokens } from './sealed-rows.ts';

/** `dead`: the upstream ended the connection, only a new login helps. `unavailable`: it does not answer now. */
export type FreshTokens =
  | { readonly r: 'ok'; readonly tokens: UpstreamTokens }
  | { readonly r: 'dead' }
  | { readonly r: 'unavailable'; readonly retryAfter: Seconds };

/** Whose evidence to renew, and what it is now. */
export interface EvidenceOwner extends ConnectionKey {
  readonly evidence: IdentityEvidence;
}

/** Keeps the upstreams' tokens: sealed at rest, fresh in use. */
export interface Vault {
  readonly sealTokens: (
    key: ConnectionKey,
    tokens: UpstreamTokens,
    upstreamClientId: string,
  ) => ConnectionTokens;
  readonly sealIdentity: (owner: IdentityOwner, identity: Identity, at: Milliseconds) => IdentityEvidence;
  readonly openIdentity: (owner: IdentityOwner, evidence: IdentityEvidence) => Identity;
  /** Usable tokens of a row, refreshed when they are about to end: once, however many ask in however many processes. */
  readonly freshTokens: (row: ConnectionRow) => Promise<FreshTokens>;
  /** Newer evidence about a user, from the upstream and persisted. */
  readonly renewIdentity: (owner: EvidenceOwner, row: ConnectionRow | null) => Promise<RenewedIdentity>;
}

/** The vault's collaborators. */
export interface VaultParts {
  readonly store: AuthStore;
  readonly sealer: Sealer;
  readonly providers: ReadonlyMap<string, UpstreamProvider>;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: Auditor;
}

/** Refreshed this long before the end, so that no token dies on its way. */
const refreshMargin: Milliseconds = 60_000;

export function createVault(parts: VaultParts): Vault {
  const { sealer, clock } = parts;
  const refresher = createRefresher(parts);
  // A row that is remembered for moments, because its grant is known to live, need not be opened for every request.
  const opened = new WeakMap<ConnectionRow, UpstreamTokens>();
  return {
    sealTokens: (key, tokens, upstreamClientId) => sealTokens(sealer, key, { tokens, upstreamClientId }),
    sealIdentity: (owner, identity, at) => sealIdentity(sealer, owner, { identity, at }),
    openIdentity: (owner, evidence) => openIdentity(sealer, owner, evidence),
    renewIdentity: createIdentityRenewal({ ...parts, refresher }),
    async freshTokens(row) {
      if (row.state === 'dead') return { r: 'dead' };
      const tokens = opened.get(row) ?? openTokens(sealer, row);
      opened.set(row, tokens);
      const left = typeof tokens.expiresAt === 'number' ? tokens.expiresAt - clock() : Infinity;
      if (left > refreshMargin) return { r: 'ok', tokens };
      if (tokens.refreshToken === null) return left > 0 ? { r: 'ok', tokens } : { r: 'dead' };
      const refreshed = await refresher.refresh(row, null);
      // A token that still lives for some seconds is better than none.
      return refreshed.r === 'unavailable' && left > 0 ? { r: 'ok', tokens } : refreshed;
    },
  };
}
