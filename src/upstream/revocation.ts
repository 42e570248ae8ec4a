import * as oauth from 'oauth4webapi';
import type { UpstreamConfig } from '../config/config.ts';
import type { RevocationStyle } from '../config/upstream-settings.ts';
import { parseLossless } from '../oauth/lossless-json.ts';
import { basicCredentials } from './client-auth.ts';
import { isPassingStatus, printableCode } from './failures.ts';
import { UpstreamError } from './provider.ts';
import type { RevocableTokens } from './provider.ts';
import { meaningOf } from './token-failures.ts';
import type { TokenRefusal } from './token-failures.ts';
import { refusalIn } from './token-refusal.ts';
import type { UpstreamHttp } from './upstream-http.ts';

/** Where tokens are ended, and how. */
export interface RevocationRequest {
  readonly config: UpstreamConfig;
  readonly http: UpstreamHttp;
  readonly server: oauth.AuthorizationServer;
}

/** Codes and statuses that say the token is no more, which is what was wanted. */
const goneCodes: ReadonlySet<string> = new Set([
  'invalid_token',
  'token_revoked',
  'token_expired',
  'invalid_auth',
  'account_inactive',
  'not_authed',
]);

/** RFC 7009 §2.2.1: this server ends refresh tokens only, and the access token with them or at its own end. */
const unsupported = 'unsupported_token_type';

/** Ends tokens at the provider; see `UpstreamProvider.revoke`. */
export async function revokeTokens(
  request: RevocationRequest,
  tokens: RevocableTokens,
): Promise<'revoked' | 'impossible'> {
  const { revocation } = request.config.settings;
  const endpoint = revocation?.endpoint ?? request.server.revocation_endpoint;
  if (!revocation || endpoint === undefined) return 'impossible';
  const at: Place = { ...request, server: endingAt(endpoint, request.server), endpoint };
  const end = ends[revocation.style];
  if (tokens.refreshToken !== null && end.takesRefreshTokens)
    await send(at, end, { token: tokens.refreshToken, kind: 'refresh_token' });
  const alone = tokens.refreshToken === null || !end.takesRefreshTokens;
  if (alone || end.endsEach) await send(at, end, { token: tokens.accessToken, kind: 'access_token' });
  return 'revoked';
}

/** An alias for certificates (RFC 8705 §5) belongs to the discovered endpoint, not to one that the operator wrote. */
function endingAt(endpoint: string, server: oauth.AuthorizationServer): oauth.AuthorizationServer {
  if (endpoint === server.revocation_endpoint) return server;
  const { mtls_endpoint_aliases: _aliases, ...rest } = server;
  return { ...rest, revocation_endpoint: endpoint };
}

type Place = RevocationRequest & { readonly endpoint: string };

interface Ending {
  readonly takesRefreshTokens: boolean;
  /** Each token has to be ended by itself. */
  readonly endsEach: boolean;
  readonly send: (at: Place, token: { token: string; kind: string }) => Promise<Response>;
}

const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };

const ends: Readonly<Record<RevocationStyle, Ending>> = {
  rfc7009: {
    takesRefreshTokens: true,
    endsEach: true,
    send: ({ http, server }, { token, kind }) =>
      oauth.revocationRequest(server, http.client(), http.auth(), token, {
        ...http.options(),
        additionalParameters: { token_type_hint: kind },
      }),
  },
  token_only: {
    takesRefreshTokens: true,
    endsEach: false,
    send: ({ http, endpoint }, { token }) =>
      http.fetch(endpoint, { method: 'POST', headers: form, body: new URLSearchParams({ token }) }),
  },
  github_grant: {
    takesRefreshTokens: false,
    endsEach: false,
    send: ({ config, http, endpoint }, { token }) =>
      http.fetch(endpoint, {
        method: 'DELETE',
        headers: {
          accept: 'application/vnd.github+json',
          'content-type': 'application/json',
          authorization: basicCredentials(config.clientId, config.clientSecret?.reveal() ?? ''),
        },
        body: JSON.stringify({ access_token: token }),
      }),
  },
  bearer: {
    takesRefreshTokens: false,
    endsEach: false,
    send: ({ http, endpoint }, { token }) =>
      http.fetch(endpoint, { method: 'POST', headers: { ...form, authorization: `Bearer ${token}` } }),
  },
};

/** Once more with the other way of sending the secret, as at the token endpoint. */
async function send(at: Place, end: Ending, token: Parameters<Ending['send']>[1]): Promise<void> {
  const first = await answerOf(at, await end.send(at, token));
  const again = first.refusal?.error === 'invalid_client' && at.http.changeAuth();
  check(at, again ? await answerOf(at, await end.send(at, token)) : first);
}

interface RevocationAnswer {
  readonly status: number;
  readonly refusal: TokenRefusal | null;
}

async function answerOf({ config }: Place, response: Response): Promise<RevocationAnswer> {
  const { status } = response;
  if (isPassingStatus(status))
    throw new UpstreamError('unavailable', config.name, `revocation: status ${status}`);
  return { status, refusal: refusalIn(parse(await response.text())) };
}

function check({ config }: Place, { status, refusal }: RevocationAnswer): void {
  const fail = (failure: UpstreamError['failure'], problem: string): never => {
    throw new UpstreamError(failure, config.name, `revocation: ${problem}`);
  };
  if (!refusal) {
    // Without a word, these say that there is no such token any more (GitHub), or that the token authorized nothing.
    const done = (status >= 200 && status < 300) || status === 404 || status === 410;
    if (!done) fail(status === 401 ? 'misconfigured' : 'invalid', `status ${status}`);
    return;
  }
  if (goneCodes.has(refusal.error) || refusal.error === unsupported) return;
  const { failure, fix } = meaningOf(refusal);
  const advice = fix === null ? '' : `; ${fix}`;
  fail(failure === 'rejected' ? 'invalid' : failure, `${printableCode(refusal.error)}${advice}`);
}

function parse(body: string): unknown {
  try {
    return parseLossless(body);
  } catch {
    return null;
  }
}
