import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { bearerChallenge } from '../oauth/challenge.ts';
import type { OAuthErrorCode } from '../oauth/errors.ts';
import { formatScope } from '../oauth/scope.ts';
import type { Log } from '../observe/log.ts';
import { silentLog } from '../observe/log.ts';
import type { SessionView } from '../store/contract.ts';
import type { AccessToken } from './access-token.ts';
import type { Sessions } from './sessions.ts';
import type { AccessTokenVerifier } from './verify-access-token.ts';

/** What stands behind one protected resource. An `AuthServer` has `tokens` and `sessions`. */
export interface ProtectedResourceOptions {
  /** The canonical resource identifier: the one audience that is accepted. */
  readonly resource: string;
  /** Scopes that every token must have. */
  readonly scopes: readonly string[];
  /** Scopes that a challenge names to who has no token yet; `scopes` by default. */
  readonly suggestedScopes?: readonly string[];
  /** Whose connection to bring along; `null` for the one that the user signed in with. */
  readonly upstream: string | null;
  /** Asked again for as long as an answer runs: by then it may know other keys. */
  readonly tokens: AccessTokenVerifier;
  readonly sessions: Sessions;
  readonly log?: Log;
}

/** `refused` carries the whole answer. */
export type Authentication =
  | {
      readonly r: 'ok';
      readonly token: AccessToken;
      readonly session: SessionView;
      /** Whether it still is so: the token by today's keys, and its grant. Rejects when the store fails. */
      readonly alive: () => Promise<boolean>;
    }
  | { readonly r: 'refused'; readonly response: HttpResponse };

/** The resource server's half of MCP authorization: who is calling, and what to answer when nobody is. */
export interface ProtectedResource {
  readonly resource: string;
  /** Where its metadata is (RFC 9728 §3.1). */
  readonly metadataUrl: string;
  /** Only the `Authorization` header counts (RFC 6750 §2.1). Never rejects. */
  readonly authenticate: (headers: HttpRequest['headers']) => Promise<Authentication>;
  /** The answer to a token that was good and is not any more; sends the client to a new sign-in. */
  readonly refuse: (description: string) => HttpResponse;
}

/** Seconds to wait when our own store does not answer. */
const retryAfter = 5;

/** RFC 6750 §2.1; one token, whatever the case of the scheme. */
const credentials = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/iu;

export function createProtectedResource(options: ProtectedResourceOptions): ProtectedResource {
  const { resource, scopes, suggestedScopes = scopes, upstream, tokens, sessions, log = silentLog } = options;
  const metadataUrl = metadataUrlOf(resource);
  const refusals = refusalsOf({ metadataUrl, scopes, suggestedScopes });

  const check = async (text: string): Promise<Authentication> => {
    const token = await tokens.verify(text, resource);
    if (!token) return refused(refusals.invalidToken('the token is not valid for this resource'));
    const found = await sessions.check(token, upstream);
    if (found.r === 'dead') return refused(refusals.invalidToken('the token was revoked'));
    if (!scopes.every((scope) => token.scopes.includes(scope)))
      return refused(refusals.insufficientScope(token));
    const alive = async (): Promise<boolean> =>
      (await tokens.verify(text, resource)) !== null && (await sessions.check(token, null)).r === 'alive';
    return { r: 'ok', token, session: found.session, alive };
  };

  return {
    resource,
    metadataUrl,
    refuse: refusals.invalidToken,
    async authenticate(headers) {
      const authorization = headers['authorization'] ?? '';
      if (!/^bearer(?: |$)/iu.test(authorization)) return refused(refusals.missing);
      const [, text] = credentials.exec(authorization) ?? [];
      if (text === undefined) return refused(refusals.malformed);
      try {
        return await check(text);
      } catch (error) {
        log.error({ resource, error }, 'tokens cannot be checked');
        return refused(unavailable(retryAfter));
      }
    },
  };
}

/** Path insertion (RFC 9728 §3.1): the well-known part stands between host and path. */
function metadataUrlOf(resource: string): string {
  const { origin, pathname, search } = new URL(resource);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}${search}`;
}

/** Try again later; nothing is said about the token. */
function unavailable(seconds: number): HttpResponse {
  const body = { error: 'temporarily_unavailable', error_description: 'try again later' };
  return json(503, body, { 'retry-after': String(seconds) });
}

function refused(response: HttpResponse): Authentication {
  return { r: 'refused', response };
}

interface Refusals {
  readonly missing: HttpResponse;
  readonly malformed: HttpResponse;
  readonly invalidToken: (description: string) => HttpResponse;
  readonly insufficientScope: (token: AccessToken) => HttpResponse;
}

interface Refusal {
  readonly error?: OAuthErrorCode;
  readonly description: string;
  readonly scope: string;
}

function refusalsOf({
  metadataUrl,
  scopes,
  suggestedScopes,
}: {
  readonly metadataUrl: string;
  readonly scopes: readonly string[];
  readonly suggestedScopes: readonly string[];
}): Refusals {
  const scope = formatScope(suggestedScopes);
  const answer = (status: number, refusal: Refusal): HttpResponse => {
    const { error, description } = refusal;
    const challenge = { ...refusal, resourceMetadata: metadataUrl };
    // RFC 6750 §3.1: a request without a token hears of no error.
    const header = bearerChallenge(
      error === undefined ? { resourceMetadata: metadataUrl, scope } : challenge,
    );
    const body = { error: error ?? 'unauthorized', error_description: description };
    return json(status, body, { 'www-authenticate': header });
  };
  return {
    missing: answer(401, { description: 'sign in first', scope }),
    malformed: answer(400, {
      error: 'invalid_request',
      description: 'the Authorization header must be "Bearer" and one token',
      scope,
    }),
    invalidToken: (description) => answer(401, { error: 'invalid_token', description, scope }),
    // Clients ask for exactly what is named here, so what they have must be in it or they would lose it.
    insufficientScope: (token) =>
      answer(403, {
        error: 'insufficient_scope',
        description: 'the token lacks a scope',
        scope: formatScope([...new Set([...token.scopes, ...scopes])]),
      }),
  };
}
