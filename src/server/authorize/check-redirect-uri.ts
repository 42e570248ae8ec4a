import type { Client } from '../../clients/client.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { isWhole, matchRedirectUri } from '../../oauth/redirect-uri.ts';
import { PageError } from '../answer.ts';

/**
 * The redirect URI must be one of the client's (RFC 9700 §2.1). It may be left out when there is only one and all of it is
 * known (OAuth 2.1 §4.1.1), unless the request is an OpenID one (OpenID Connect Core §3.1.2.1). Failing is a page: nothing is
 * sent to an unproven address.
 */
export function checkRedirectUri(client: Client, parameters: Parameters): string {
  const requested = parameters.get('redirect_uri');
  const [only, ...others] = client.redirectUris;
  if (requested === undefined) {
    const openid = (parameters.get('scope') ?? '').split(' ').includes('openid');
    if (only !== undefined && others.length === 0 && !openid && isWhole(only)) return only;
    throw refused(client, 'The app did not say where to send you back (redirect_uri is missing).');
  }
  const matched = matchRedirectUri(requested, client.redirectUris);
  if (matched !== null) return matched;
  throw refused(
    client,
    `The app asked to send you to an address that it did not register: ${requested.slice(0, 200)}`,
  );
}

function refused({ source }: Client, explanation: string): PageError {
  const next =
    source === 'static'
      ? 'tell whoever runs this server: they have registered its addresses.'
      : 'remove this server from it and add it again, so that it registers its address.';
  return new PageError('This app wants to send you to an unknown place', {
    explanation,
    action: `For your safety the sign-in was stopped. If you trust the app, ${next}`,
  });
}
