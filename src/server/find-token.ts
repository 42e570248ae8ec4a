import { readAccessToken } from '../resource/verify-access-token.ts';
import type { AccessToken } from '../resource/access-token.ts';
import type { ServerContext } from './context.ts';

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
