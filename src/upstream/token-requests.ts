import * as oauth from 'oauth4webapi';
import type { UpstreamConfig } from '../config/config.ts';
import type { Clock } from '../types/time.ts';
import type { UpstreamTokens } from '../types/tokens.ts';
import { UpstreamError } from './provider.ts';
import type { Standing, TokenCall } from './standing.ts';
import { readTokenAnswer } from './token-answer.ts';
import type { TokenAnswer, TokenContext } from './token-answer.ts';
import type { UpstreamHttp } from './upstream-http.ts';

/** Where tokens are asked for, and how. */
export interface TokenRequest {
  readonly config: UpstreamConfig;
  readonly http: UpstreamHttp;
  readonly server: oauth.AuthorizationServer;
  readonly scopes: readonly string[];
  readonly clock: Clock;
  readonly standing: Standing;
}

type Tokens = Extract<TokenAnswer, { r: 'ok' }>;

/**
 * Redeems an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
 * @param callback `parameters` as `checkCallback` returned them. Throws `UpstreamError`, and what the library throws.
 */
export async function exchangeCode(
  request: TokenRequest,
  callback: { readonly parameters: URLSearchParams; readonly codeVerifier: string },
): Promise<Tokens> {
  const { config, http, server } = request;
  const { pkce, tokenParams } = config.settings;
  const answer = await authenticated(request, 'exchange', () =>
    oauth.authorizationCodeGrantRequest(
      server,
      http.client(),
      http.auth(),
      callback.parameters,
      config.redirectUri,
      pkce === 'never' ? oauth.nopkce : callback.codeVerifier,
      { ...http.options(), additionalParameters: { ...tokenParams } },
    ),
  );
  return unwrap('exchange', answer, request);
}

/**
 * Sends a token request; once more with the other way of sending the secret when the provider does not know us by the
 * first. Providers disagree about the default, and a client that failed to authenticate has spent nothing.
 */
async function authenticated(
  request: TokenRequest,
  call: TokenCall,
  send: () => Promise<Response>,
): Promise<TokenAnswer> {
  const context = contextOf(request);
  request.standing.checkBefore(call);
  let answer = await readTokenAnswer(await send(), context);
  const unknown = answer.r === 'error' && answer.error === 'invalid_client';
  if (unknown && request.http.changeAuth()) answer = await readTokenAnswer(await send(), context);
  return answer;
}

/** Refusals of a request's form; the refresh token itself was not looked at, and is not used up. */
const aboutScope: ReadonlySet<string> = new Set(['invalid_scope', 'invalid_request']);

/**
 * Refreshes tokens (RFC 6749 §6). The scopes are sent, because Entra ID narrows the token otherwise; when a provider
 * refuses them (Salesforce takes none, others only what was granted), the request is repeated without.
 */
export async function refreshTokens(request: TokenRequest, refreshToken: string): Promise<UpstreamTokens> {
  const { refreshScope, scopeSeparator } = request.config.settings;
  const scope = refreshScope === 'omit' ? '' : request.scopes.join(scopeSeparator);
  const answer = await refreshOnce(request, refreshToken, scope);
  const repeat =
    refreshScope === 'auto' && scope !== '' && answer.r === 'error' && aboutScope.has(answer.error);
  const final = repeat ? await refreshOnce(request, refreshToken, '') : answer;
  return unwrap('refresh', final, request).tokens;
}

function refreshOnce(request: TokenRequest, refreshToken: string, scope: string): Promise<TokenAnswer> {
  const { config, http, server } = request;
  const additionalParameters = { ...config.settings.refreshParams, ...(scope !== '' && { scope }) };
  return authenticated(request, 'refresh', () =>
    oauth.refreshTokenGrantRequest(server, http.client(), http.auth(), refreshToken, {
      ...http.options(),
      additionalParameters,
    }),
  );
}

function contextOf({ config, scopes, clock }: TokenRequest): TokenContext {
  return { upstream: config.name, settings: config.settings, asked: scopes, clock };
}

function unwrap(call: TokenCall, answer: TokenAnswer, { config, standing }: TokenRequest): Tokens {
  standing.heard(call, answer);
  if (answer.r === 'ok') return answer;
  throw new UpstreamError(answer.means.failure, config.name, answer.problem, { code: answer.error });
}
