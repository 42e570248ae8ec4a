import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { bearerChallenge } from '../oauth/challenge.ts';
import type { OAuthErrorCode } from '../oauth/errors.ts';
import type { ScopeHierarchy } from '../oauth/scope-hierarchy.ts';
import { flatScopes, missingScopes } from '../oauth/scope-hierarchy.ts';
import { formatScope } from '../oauth/scope.ts';
import type { Log } from '../observe/log.ts';
import { silentLog } from '../observe/log.ts';
import type { SessionView } from '../store/contract.ts';
import type { AccessToken } from './access-token.ts';
import type { ScopeLack, StepUpJudge, StepUpVerdict } from './scope-lack.ts';
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
  /** What scopes include; by default each only itself. */
  readonly hierarchy?: ScopeHierarchy;
  /** Scopes that no challenge names, though a token has them. */
  readonly unnamedScopes?: readonly string[];
  /** Whether a challenge for more scopes can lead anywhere; by default it always may. */
  readonly stepUp?: StepUpJudge;
  /** Whose connection to bring along; `null` for the one that the user signed in with. */
  readonly upstream: string | null;
  /** Asked again for as long as an answer runs: by then it may know other keys. */
  readonly tokens: AccessTokenVerifier;
  readonly sessions: Sessions;
  readonly log?: Log;
}

/** Somebody who may come in. */
export interface Authenticated {
  readonly r: 'ok';
  readonly token: AccessToken;
  readonly session: SessionView;
  /** Whether it still is so: the token by today's keys, and its grant. Rejects when the store fails. */
  readonly alive: () => Promise<boolean>;
}

/** Scopes that are missing, and whether another authorization may bring them. */
export interface Insufficient {
  readonly r: 'insufficient';
  readonly lack: ScopeLack;
  readonly verdict: StepUpVerdict;
  /** For `challenge` the one that names all scopes to ask for; for `explain` a plain 403, which sends nobody anywhere. */
  readonly response: HttpResponse;
}

/** `refused` carries the whole answer; `insufficient` is there when the token is good and lacks a scope. */
export type Authentication =
  | Authenticated
  | { readonly r: 'refused'; readonly response: HttpResponse; readonly insufficient?: Insufficient };

/** The resource server's half of MCP authorization: who is calling, and what to answer when nobody is. */
export interface ProtectedResource {
  readonly resource: string;
  /** Where its metadata is (RFC 9728 §3.1). */
  readonly metadataUrl: string;
  /** Only the `Authorization` header counts (RFC 6750 §2.1). Never rejects. */
  readonly authenticate: (headers: HttpRequest['headers']) => Promise<Authentication>;
  /**
   * Whether the caller has these scopes too, for something that needs more than the rest (MCP, runtime insufficient scope
   * errors). Never rejects for what the caller did.
   */
  readonly checkScopes: (
    caller: Pick<Authenticated, 'token' | 'session'>,
    needed: readonly string[],
  ) => Promise<{ readonly r: 'ok' } | Insufficient>;
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
  const refusals = refusalsOf({ metadataUrl, suggestedScopes });
  const scopeCheck = scopeCheckOf(options, refusals);

  const check = async (text: string): Promise<Authentication> => {
    const token = await tokens.verify(text, resource);
    if (!token) return refused(refusals.invalidToken('the token is not valid for this resource'));
    const found = await sessions.check(token, upstream);
    if (found.r === 'dead') return refused(refusals.invalidToken('the token was revoked'));
    const { session } = found;
    if (scopes.length > 0) {
      const checked = await scopeCheck({ token, session }, scopes);
      if (checked.r !== 'ok') return { r: 'refused', response: checked.response, insufficient: checked };
    }
    const alive = async (): Promise<boolean> =>
      (await tokens.verify(text, resource)) !== null && (await sessions.check(token, null)).r === 'alive';
    return { r: 'ok', token, session, alive };
  };

  return {
    resource,
    metadataUrl,
    refuse: refusals.invalidToken,
    checkScopes: scopeCheck,
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
  readonly insufficientScope: (description: string, scope: string) => HttpResponse;
}

interface Refusal {
  readonly error?: OAuthErrorCode;
  readonly description: string;
  readonly scope: string;
}

function refusalsOf({
  metadataUrl,
  suggestedScopes,
}: {
  readonly metadataUrl: string;
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
    insufficientScope: (description, all) =>
      answer(403, { error: 'insufficient_scope', description, scope: all }),
  };
}

function scopeCheckOf(
  { resource, scopes, hierarchy = flatScopes, unnamedScopes = [], stepUp }: ProtectedResourceOptions,
  refusals: Refusals,
): ProtectedResource['checkScopes'] {
  return async ({ token, session }, needed) => {
    const missing = missingScopes(token.scopes, needed, hierarchy);
    if (missing.length === 0) return { r: 'ok' };
    const lack: ScopeLack = { token, session, resource, missing };
    const verdict = (await stepUp?.(lack)) ?? 'challenge';
    const names = formatScope(missing);
    if (verdict === 'explain') return { r: 'insufficient', lack, verdict, response: notGranted(names) };
    // Clients ask for exactly what is named here, so what they have must be in it or they would lose it.
    const all = [...new Set([...token.scopes, ...scopes, ...missing])];
    const named = formatScope(all.filter((scope) => !unnamedScopes.includes(scope)));
    const response = refusals.insufficientScope(`the token lacks: ${names}`, named);
    return { r: 'insufficient', lack, verdict, response };
  };
}

/** Without a challenge: clients take one for an order to authorize again, and this time it would lead back here. */
function notGranted(names: string): HttpResponse {
  const error_description = `this app was not given: ${names}. Its user can connect it again and allow that`;
  return json(403, { error: 'insufficient_scope', error_description });
}
