import type { Sealer } from '../crypto/seal.ts';
import type { ConnectionKey, ConnectionRow, ConnectionTokens, IdentityEvidence } from '../store/contract.ts';
import type { Milliseconds } from '../types/time.ts';
import type { Identity, UpstreamTokens } from '../types/tokens.ts';
import { decodeIdentity, encodeIdentity } from '../upstream/identity.ts';

/** Whose identity evidence it is. */
export interface IdentityOwner {
  readonly bucket: string;
  readonly userId: string;
}

/** What of the tokens is sealed together; the refresh token is apart, so that an absent one overwrites nothing. */
type AccessPart = Pick<UpstreamTokens, 'accessToken' | 'idToken' | 'expiresAt'>;

/** Seals tokens for the store. Each field is bound to its row: a value copied elsewhere does not open. */
export function sealTokens(
  sealer: Sealer,
  key: ConnectionKey,
  { tokens, upstreamClientId }: { readonly tokens: UpstreamTokens; readonly upstreamClientId: string },
): ConnectionTokens {
  const { accessToken, idToken, expiresAt, refreshToken, scopes } = tokens;
  const access: AccessPart = { accessToken, idToken, expiresAt };
  return {
    access: sealer.seal(JSON.stringify(access), contextOf(key, 'access')),
    refresh: refreshToken === null ? null : sealer.seal(refreshToken, contextOf(key, 'refresh')),
    upstreamClientId,
    scopes,
  };
}

/** @throws {SallyportError} `seal_broken` */
export function openTokens(sealer: Sealer, { key, tokens }: ConnectionRow): UpstreamTokens {
  // Only `sealTokens` seals in this context.
  const access = JSON.parse(sealer.open(tokens.access, contextOf(key, 'access')).toString()) as AccessPart;
  const refreshToken =
    tokens.refresh === null ? null : sealer.open(tokens.refresh, contextOf(key, 'refresh')).toString();
  return { ...access, refreshToken, scopes: tokens.scopes };
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
