import type { UpstreamTokens } from '../types/tokens.ts';
import type { Clock } from '../types/time.ts';
import { failureOfTokenError, isPassingStatus, printableCode } from './failures.ts';
import { isRecord } from './identity.ts';
import { parseLossless } from './lossless-json.ts';
import { UpstreamError } from './provider.ts';
import type { UpstreamFailure } from './provider.ts';

/** A token endpoint's answer, read tolerantly; `error` is the provider's code, fit for printing. */
export type TokenAnswer =
  | { readonly r: 'ok'; readonly tokens: UpstreamTokens }
  | { readonly r: 'error'; readonly error: string; readonly failure: UpstreamFailure };

/** What is needed to make sense of an answer. */
export interface TokenContext {
  readonly upstream: string;
  /** What was asked for: granted as such when the answer names no scope (RFC 6749 §5.1). */
  readonly asked: readonly string[];
  readonly clock: Clock;
}

/**
 * Reads the answer of a token endpoint: JSON or form-encoded whatever its content type says, errors under status 200,
 * any 2xx as success. Throws {@link UpstreamError} when it is neither tokens nor an OAuth error.
 */
export async function readTokenAnswer(response: Response, context: TokenContext): Promise<TokenAnswer> {
  const { status } = response;
  const body = parseBody(await response.text());
  if (isPassingStatus(status))
    throw new UpstreamError('unavailable', context.upstream, `token endpoint: status ${status}`);
  const error = body?.['error'];
  if (typeof error === 'string' && error !== '')
    return { r: 'error', error: printableCode(error), failure: failureOfTokenError(error) };
  // Without an OAuth error nobody spoke about the credential: a firewall or a wrong path did.
  if (!response.ok)
    throw new UpstreamError(
      'unavailable',
      context.upstream,
      `token endpoint: status ${status} without error`,
    );
  if (!body) throw invalid(context, 'the body is neither a JSON object nor a form');
  return { r: 'ok', tokens: readTokens(body, context) };
}

/** The error that stands for a refused token request. */
export function tokenError(
  answer: Extract<TokenAnswer, { r: 'error' }>,
  context: TokenContext,
): UpstreamError {
  return new UpstreamError(answer.failure, context.upstream, `token endpoint: ${answer.error}`, {
    code: answer.error,
  });
}

function readTokens(body: Record<string, unknown>, context: TokenContext): UpstreamTokens {
  const accessToken = text(body['access_token']);
  if (accessToken === null) throw invalid(context, 'no access_token');
  // RFC 6749 §7.1: a token of a type that we do not understand must not be used.
  if (text(body['token_type'])?.toLowerCase() !== 'bearer')
    throw invalid(context, 'token_type is not bearer');
  const scope = text(body['scope']);
  return {
    accessToken,
    refreshToken: text(body['refresh_token']),
    idToken: text(body['id_token']),
    expiresAt: expiryOf(body['expires_in'], context.clock),
    scopes: scope === null ? context.asked : splitScopes(scope),
  };
}

/** Some providers answer comma-separated scopes (GitHub, Slack). */
function splitScopes(scope: string): readonly string[] {
  return [...new Set(scope.split(/[\s,]+/).filter((name) => name !== ''))];
}

/** Zero or less tells as little as nothing: whoever sends it does not mean "already expired". */
function expiryOf(expiresIn: unknown, clock: Clock): UpstreamTokens['expiresAt'] {
  const numeric = typeof expiresIn === 'string' && /^\d+$/.test(expiresIn.trim());
  const seconds = numeric ? Number(expiresIn) : expiresIn;
  if (typeof seconds !== 'number' || !(seconds > 0)) return 'unknown';
  const end = clock() + Math.floor(seconds) * 1000;
  return Number.isSafeInteger(end) ? end : 'unknown';
}

function parseBody(body: string): Record<string, unknown> | null {
  const trimmed = body.trim();
  if (trimmed.startsWith('{')) return parseObject(trimmed);
  // One line of name=value pairs, as GitHub answers when it is not asked for JSON; HTML and plain words are not.
  if (!/^[\w.-]+=[^\s<]*$/.test(trimmed)) return null;
  return Object.fromEntries(new URLSearchParams(trimmed));
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const value = parseLossless(body);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function invalid(context: TokenContext, problem: string): UpstreamError {
  return new UpstreamError('invalid', context.upstream, `token endpoint: ${problem}`);
}
