import type { Config } from '../../config/config.ts';
import type { Recognisable } from '../../known-clients/recognise.ts';
import { recogniseClient } from '../../known-clients/recognise.ts';
import type { LoginRequest } from '../login-request.ts';

/**
 * Whether a sign-in for this client may go on in a browser that drops our cookie, as views inside of apps do. Then nothing
 * ties the consent to who signs in, and the user is asked again afterwards. The operator names each such client: by its id,
 * by where its codes go, or as a client that is known to receive them there.
 */
export function mayGoWithoutCookies(
  { consent: { withoutCookies } }: Config,
  client: Recognisable,
  { redirectUri }: Pick<LoginRequest, 'redirectUri'>,
): boolean {
  if (withoutCookies.length === 0) return false;
  if (withoutCookies.includes(client.id) || withoutCookies.includes(redirectUri)) return true;
  const known = recogniseClient(client, redirectUri);
  return known?.standing === 'verified' && withoutCookies.includes(known.row.id);
}
