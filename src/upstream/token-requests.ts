import * as oauth from 'oauth4webapi';
import type { UpstreamConfig } from '../config/config.ts';
import type { Clock } from '../types/time.ts';
import type { UpstreamTokens } from '../types/tokens.ts';
import { readTokenAnswer, tokenError } from './token-answer.ts';
import type { TokenAnswer } from './token-answer.ts';
import type { UpstreamHttp } from './upstream-http.ts';

/** Where tokens are asked for, and how. */
export interface TokenRequest {
  readonly config: UpstreamConfig;
  readonly http: UpstreamHttp;
  readonly server: oauth.AuthorizationServer;
  readonly scopes: readonly string[];
  readonly clock: Clock;
}

/**
 * Redeems an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
 * @param callback `parameters` as `checkCallback` returned them. Throws `UpstreamError`, and what the library throws.
 */
export async function exchangeCode(
  request: TokenRequest,
  callback: { readonly parameters: URLSearchParams; readonly codeVerifier: string },
): Promise<UpstreamTokens> {
  const { config, http, server } = request;
  const answer = await authenticated(request, () =>
    oauth.authorizationCodeGrantRequest(
      server,
      http.client(),
      http.auth(),
      callback.parameters,
      config.redirectUri,
      callback.codeVerifier,
      http.options(),
    ),
  );
  return unwrap(answer, request);
}

/**
 * Sends a token request; once more with the other way of sending the secret when the provider does not know us by the
 * first. Providers disagree about the default, and a client that failed to authenticate has spent nothing.
 */
async function authenticated(request: TokenRequest, send: () => Promise<Response>): Promise<TokenAnswer> {
  const answer = await readTokenAnswer(await send(), contextOf(request));
  const unknown = answer.r === 'error' && answer.error === 'invalid_client';
  return unknown && request.http.changeAuth() ? readTokenAnswer(await send(), contextOf(request)) : answer;
}

/** Refusals of a request's form; the refresh token itself was not looked at, and is not used up. */
const aboutScope: ReadonlySet<string> = new Set(['invalid_scope', 'invalid_request']);

/**
 * Refreshes tokens (RFC 6749 §6). The scopes are sent, because Entra ID narrows the token otherwise; when a provider
 * refuses them (Salesforce takes none, others only what was granted), the request is repeated without.
 */
export async function refreshTokens(request: TokenRequest, refreshToken: string): Promise<UpstreamTokens> {
  const scope = request.scopes.join(' ');
  const answer = await refreshOnce(request, refreshToken, scope);
  const repeat = scope !== '' && answer.r === 'error' && aboutScope.has(answer.error);
  return unwrap(repeat ? await refreshOnce(request, refreshToken, '') : answer, request);
}

function refreshOnce(request: TokenRequest, refreshToken: string, scope: string): Promise<TokenAnswer> {
  const { http, server } = request;
  return authenticated(request, () =>
    oauth.refreshTokenGrantRequest(server, http.client(), http.auth(), refreshToken, {
      ...http.options(),
      additionalParameters: scope === '' ? {} : { scope },
    }),
  );
}

function contextOf({ config, scopes, clock }: TokenRequest): Parameters<typeof readTokenAnswer>[1] {
  return { upstream: config.name, asked: scopes, clock };
}

function unwrap(answer: TokenAnswer, request: TokenRequest): UpstreamTokens {
  if (answer.r === 'error') throw tokenError(answer, contextOf(request));
  return answer.tokens;
}
