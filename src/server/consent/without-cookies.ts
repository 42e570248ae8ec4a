import type { Client } from '../../clients/client.ts';
import type { Config } from '../../config/config.ts';
import type { LoginRequest } from '../login-request.ts';

/**
 * Whether a sign-in for this client may go on in a browser that drops our cookie, as views inside of apps do. Then nothing
 * ties the consent to who signs in, and the user is asked again afterwards. The operator names each such client.
 */
export function mayGoWithoutCookies(
  { consent: { withoutCookies } }: Config,
  client: Pick<Client, 'id'>,
  { redirectUri }: Pick<LoginRequest, 'redirectUri'>,
): boolean {
  return withoutCookies.includes(client.id) || withoutCookies.includes(redirectUri);
}
