import { equalSecrets, sha256 } from '../crypto/hash.ts';
import { readAccessToken } from '../resource/verify-access-token.ts';
import type { AccessToken } from '../resource/access-token.ts';
import type { GrantKey } from '../store/contract.ts';
import type { ServerContext } from './context.ts';

/** A token that somebody shows us at revocation or introspection, proven to be ours. */
export type FoundToken =
  | { readonly kind: 'access'; readonly token: AccessToken }
  | { readonly kind: 'grant'; readonly key: GrantKey; readonly client: string };

/** Recognises whatever we issue: access token, refresh token or code. `null` for everything else. */
export async function findToken(context: ServerContext, text: string): Promise<FoundToken | null> {
  const access = await findAccessToken(context, text);
  if (access) return { kind: 'access', token: access };
  const refresh = context.codec.open('refresh', text);
  const opaque = refresh ?? context.codec.open('code', text);
  if (!opaque) return null;
  const { bucket, grantId, seed } = opaque;
  const session = await context.store.readSession({ bucket, grantId, upstream: null });
  if (!session || !equalSecrets(refresh ? session.seed : session.codeSeed, sha256(seed))) return null;
  return { kind: 'grant', key: { bucket, grantId }, client: session.client };
}

/** An access token of ours for any of our resources, alive by its own words; the grant is not looked at. */
export async function findAccessToken(
  { jwts, config }: ServerContext,
  text: string,
): Promise<AccessToken | null> {
  if (text.split('.', 4).length !== 3) return null;
  const claims = await jwts.verify(text, { typ: 'at+jwt', issuer: config.issuer });
  const token = claims && readAccessToken(claims);
  return token && config.resources.includes(token.audience) ? token : null;
}
