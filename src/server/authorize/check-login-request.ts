import type { Client } from '../../clients/client.ts';
import { OAuthError } from '../../oauth/errors.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { checkChallenge } from '../../oauth/pkce.ts';
import { chooseResource } from '../../oauth/resource.ts';
import { parseScope } from '../../oauth/scope.ts';
import { clientResources } from '../client-resources.ts';
import { clientScopes } from '../client-scopes.ts';
import type { ServerContext } from '../context.ts';
import type { LoginRequest } from '../login-request.ts';
import { checkMaxAge, checkPrompt, checkRequestForm, checkState } from './check-request.ts';

/** Longest `nonce` and `login_hint`, in characters. */
const maxText = 1024;

/** Everything after client and redirect URI. PKCE and `resource` are settled here, before anybody signs in. */
export function checkLoginRequest(
  { config }: ServerContext,
  { client, redirectUri, parameters }: { client: Client; redirectUri: string; parameters: Parameters },
): LoginRequest {
  checkRequestForm(parameters);
  const resource = chooseResource(parameters.all('resource'), clientResources(config, client));
  const requested = parseScope(parameters.get('scope'));
  return {
    clientId: client.id,
    redirectUri,
    state: checkState(parameters),
    scopes: clientScopes(config, client, { resource, requested }),
    wanted: requested.filter((scope) => config.scopesSupported.includes(scope)),
    resource,
    challenge: checkChallenge(parameters.get('code_challenge'), parameters.get('code_challenge_method')),
    nonce: shortText(parameters, 'nonce'),
    prompt: checkPrompt(parameters),
    ...((parameters.get('prompt') ?? '').split(' ').includes('consent') && { asksConsent: true as const }),
    maxAge: checkMaxAge(parameters),
    loginHint: shortText(parameters, 'login_hint'),
  };
}

function shortText(parameters: Parameters, name: string): string | null {
  const text = parameters.get(name);
  if (text !== undefined && text.length > maxText) {
    throw new OAuthError('invalid_request', `${name} is longer than ${maxText} characters`);
  }
  return text ?? null;
}
