import type { Client } from '../clients/client.ts';
import { randomToken } from '../crypto/random.ts';
import { accessTokenHash } from '../crypto/at-hash.ts';
import { formatScope } from '../oauth/scope.ts';
import type { GrantKey, GrantView } from '../store/contract.ts';
import type { Seconds } from '../types/time.ts';
import type { Identity } from '../types/tokens.ts';
import type { ServerContext } from './context.ts';
import type { GrantData } from './grant-data.ts';

/** What a token answer is made of. */
export interface Issue {
  readonly client: Client;
  readonly key: GrantKey;
  readonly grant: GrantView;
  readonly data: GrantData;
  /** Of this access token: the grant's, or fewer (RFC 6749 §6). */
  readonly scopes: readonly string[];
  /** The refresh token to hand out; `null` for none. */
  readonly refresh: { readonly generation: number; readonly seed: string } | null;
  /** For the ID token that answers the code. */
  readonly nonce: string | null;
}

/** Whether this client gets refresh tokens: what it registered decides, not whether it asked for `offline_access`. */
export function mayRefresh({ config }: ServerContext, client: Client, { scopes }: GrantData): boolean {
  if (!client.grantTypes.includes('refresh_token')) return false;
  return config.refreshTokenPolicy === 'always' || scopes.includes('offline_access');
}

/** Mints the tokens of an answer (OAuth 2.1 §3.2.3). */
export async function issueTokens(context: ServerContext, issue: Issue): Promise<object> {
  const { config, codec, clock, vault } = context;
  const now = Math.floor(clock() / 1000);
  const end = Math.floor(issue.grant.endsAt / 1000);
  const lifetime = Math.max(0, Math.min(Math.floor(config.lifespans.accessToken / 1000), end - now));
  const owner = { bucket: issue.key.bucket, userId: issue.grant.userId };
  const personal = issue.scopes.some(
    (scope) => scope === 'openid' || scope === 'profile' || scope === 'email',
  );
  const identity = personal ? vault.openIdentity(owner, issue.grant.identity) : null;
  const accessToken = await signAccessToken(context, issue, { identity, now, lifetime });
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: lifetime,
    scope: formatScope(issue.scopes),
    ...(issue.refresh && { refresh_token: codec.issue('refresh', { ...issue.key, ...issue.refresh }) }),
    ...(identity &&
      issue.scopes.includes('openid') && {
        id_token: await signIdToken(context, issue, { identity, now, lifetime, accessToken }),
      }),
  };
}

interface Moment {
  readonly identity: Identity | null;
  readonly now: Seconds;
  readonly lifetime: Seconds;
}

/** RFC 9068 §2.2. */
function signAccessToken({ signer, config }: ServerContext, issue: Issue, at: Moment): Promise<string> {
  return signer.sign('at+jwt', {
    iss: config.issuer,
    sub: issue.grant.userId,
    aud: issue.grant.resource,
    exp: at.now + at.lifetime,
    iat: at.now,
    jti: randomToken(16),
    client_id: issue.client.id,
    scope: formatScope(issue.scopes),
    sid: `${issue.key.bucket}.${issue.key.grantId}`,
    ...(at.identity && profileClaims(at.identity, issue.scopes)),
  });
}

/** OpenID Connect Core §2, §3.1.3.6. */
function signIdToken(
  { signer, config }: ServerContext,
  issue: Issue,
  at: Moment & { readonly identity: Identity; readonly accessToken: string },
): Promise<string> {
  return signer.sign('JWT', {
    iss: config.issuer,
    sub: issue.grant.userId,
    aud: issue.client.id,
    exp: at.now + at.lifetime,
    iat: at.now,
    auth_time: issue.data.authTime,
    at_hash: accessTokenHash(signer.alg, at.accessToken),
    ...(issue.nonce !== null && { nonce: issue.nonce }),
    ...profileClaims(at.identity, issue.scopes),
  });
}

/** Personal claims, each under its scope only; an e-mail always says whether the upstream verified it. */
export function profileClaims(
  identity: Identity,
  scopes: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    ...(scopes.includes('profile') && identity.name !== null && { name: identity.name }),
    ...(scopes.includes('email') &&
      identity.email !== null && { email: identity.email, email_verified: identity.emailVerified }),
  };
}
