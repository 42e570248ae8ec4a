import type { Sealer } from '../crypto/seal.ts';
import type {
  ConnectionKey,
  ConnectionRow,
  ConnectionTokens,
  IdentityEvidence,
  Sealed,
} from '../store/contract.ts';
import type { EndedConnection } from '../store/ended-contract.ts';
import type { Milliseconds } from '../types/time.ts';
import type { Identity, UpstreamTokens } from '../types/tokens.ts';
import { decodeIdentity, encodeIdentity } from '../upstream/identity.ts';

/** Whose identity evidence it is. */
export interface IdentityOwner {
  readonly bucket: string;
  readonly userId: string;
}

/** What of the tokens is sealed together; the refresh token is apart, so that an absent one overwrites nothing. */
type AccessPart = Pick<UpstreamTokens, 'accessToken' | 'idToken' | 'expiresAt'> & {
  /** True when the last refresh brought no ID token: another one would not either. */
  readonly idTokenIsLast?: true;
  readonly accountName?: string;
};

export interface SealTokens {
  readonly tokens: UpstreamTokens;
  readonly upstreamClientId: string;
  readonly idTokenIsLast?: boolean;
  /** What the person knows the account by, when it is known. */
  readonly accountName?: string | null;
}

/** Tokens as they were kept. */
export interface OpenedTokens {
  readonly tokens: UpstreamTokens;
  /** True when the last refresh brought no ID token: another one would not either. */
  readonly idTokenIsLast: boolean;
  readonly accountName: string | null;
}

/** Seals tokens for the store. Each field is bound to its row: a value copied elsewhere does not open. */
export function sealTokens(
  sealer: Sealer,
  key: ConnectionKey,
  { tokens, upstreamClientId, idTokenIsLast = false, accountName = null }: SealTokens,
): ConnectionTokens {
  const { accessToken, idToken, expiresAt, refreshToken, scopes } = tokens;
  const access: AccessPart = {
    accessToken,
    idToken,
    expiresAt,
    ...(idTokenIsLast && { idTokenIsLast }),
    ...(accountName !== null && { accountName }),
  };
  return {
    access: sealer.seal(JSON.stringify(access), contextOf(key, 'access')),
    refresh: refreshToken === null ? null : sealRefreshToken(sealer, key, refreshToken),
    upstreamClientId,
    scopes,
  };
}

/** The refresh token alone; see {@link sealTokens}. */
export function sealRefreshToken(sealer: Sealer, key: ConnectionKey, refreshToken: string): Sealed {
  return sealer.seal(refreshToken, contextOf(key, 'refresh'));
}

/** @throws {SallyportError} `seal_broken` */
export function openTokens(sealer: Sealer, { key, tokens }: ConnectionRow): OpenedTokens {
  const { idTokenIsLast = false, accountName = null, ...access } = openAccess(sealer, key, tokens.access);
  const refreshToken = openRefresh(sealer, key, tokens.refresh);
  return { tokens: { ...access, refreshToken, scopes: tokens.scopes }, idTokenIsLast, accountName };
}

/** What an upstream has to be told about. @throws {SallyportError} `seal_broken` */
export function openEndedTokens(
  sealer: Sealer,
  { key, tokens }: Pick<EndedConnection, 'key' | 'tokens'>,
): Pick<UpstreamTokens, 'accessToken' | 'refreshToken'> {
  const { accessToken } = openAccess(sealer, key, tokens.access);
  return { accessToken, refreshToken: openRefresh(sealer, key, tokens.refresh) };
}

function openAccess(sealer: Sealer, key: ConnectionKey, sealed: Sealed): AccessPart {
  // Only `sealTokens` seals in this context.
  return JSON.parse(sealer.open(sealed, contextOf(key, 'access')).toString()) as AccessPart;
}

function openRefresh(sealer: Sealer, key: ConnectionKey, sealed: Sealed | null): string | null {
  return sealed && sealer.open(sealed, contextOf(key, 'refresh')).toString();
}

/** Seals what an upstream told about a user. */
export function sealIdentity(
  sealer: Sealer,
  owner: IdentityOwner,
  { identity, at }: { readonly identity: Identity; readonly at: Milliseconds },
): IdentityEvidence {
  return { sealed: sealer.seal(encodeIdentity(identity), identityContext(owner)), at };
}

/** @throws {SallyportError} `seal_broken` */
export function openIdentity(sealer: Sealer, owner: IdentityOwner, evidence: IdentityEvidence): Identity {
  return decodeIdentity(sealer.open(evidence.sealed, identityContext(owner)).toString());
}

/** JSON keeps the parts of a key apart, whatever an upstream's subject looks like. */
function contextOf({ userId, upstream, account }: ConnectionKey, field: string): string {
  return JSON.stringify(['connection', userId, upstream, account, field]);
}

function identityContext({ userId }: IdentityOwner): string {
  return JSON.stringify(['identity', userId]);
}
