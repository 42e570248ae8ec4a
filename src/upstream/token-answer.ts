import type { UpstreamSettings } from '../config/upstream-settings.ts';
import { parseLossless } from '../oauth/lossless-json.ts';
import type { Clock } from '../types/time.ts';
import type { UpstreamTokens } from '../types/tokens.ts';
import { isPassingStatus, printableCode } from './failures.ts';
import { isRecord } from './identity.ts';
import { UpstreamError } from './provider.ts';
import { meaningOf } from './token-failures.ts';
import type { TokenFailure } from './token-failures.ts';
import { applyTokenMapping } from './token-mapping.ts';
import { refusalIn } from './token-refusal.ts';

/** A token endpoint's answer, read tolerantly; `error` is the provider's code, fit for printing. */
export type TokenAnswer =
  | {
      readonly r: 'ok';
      readonly tokens: UpstreamTokens;
      /** As it came: it holds tokens. */
      readonly body: Readonly<Record<string, unknown>>;
    }
  | { readonly r: 'error'; readonly error: string; readonly problem: string; readonly means: TokenFailure };

/** What is needed to make sense of an answer. */
export interface TokenContext {
  readonly upstream: string;
  readonly settings: UpstreamSettings;
  /** What was asked for: granted as such when the answer names no scope (RFC 6749 §5.1). */
  readonly asked: readonly string[];
  readonly clock: Clock;
}

/** Tokens of these types are of no use without a proof that we cannot give, or are none (RFC 8693 §2.2.1). */
const unusableTypes: ReadonlySet<string> = new Set(['dpop', 'mac', 'pop', 'n_a']);

/**
 * Reads the answer of a token endpoint: JSON or form-encoded whatever its content type says, errors under status 200,
 * any 2xx as success. Throws {@link UpstreamError} when it is neither tokens nor an OAuth error.
 */
export async function readTokenAnswer(response: Response, context: TokenContext): Promise<TokenAnswer> {
  const { status } = response;
  const body = parseBody(await response.text());
  if (isPassingStatus(status))
    throw new UpstreamError('unavailable', context.upstream, `token endpoint: status ${status}`);
  const refusal = refusalIn(body);
  if (refusal) {
    const error = printableCode(refusal.error);
    const numbers = refusal.numbers.map((number) => ` AADSTS${number}`).join('');
    const means = meaningOf(refusal);
    const advice = means.fix === null ? '' : `; ${means.fix}`;
    return { r: 'error', error, problem: `token endpoint: ${error}${numbers}${advice}`, means };
  }
  // Without an OAuth error nobody spoke about the credential: a firewall or a wrong path did.
  if (!response.ok)
    throw new UpstreamError(
      'unavailable',
      context.upstream,
      `token endpoint: status ${status} without error`,
    );
  if (!isRecord(body)) throw invalid(context, 'the body is neither a JSON object nor a form');
  return { r: 'ok', tokens: readTokens(body, context), body };
}

function readTokens(raw: Readonly<Record<string, unknown>>, context: TokenContext): UpstreamTokens {
  const { tokenMapping, tokenType } = context.settings;
  const body = tokenMapping ? applyTokenMapping(raw, tokenMapping) : raw;
  const accessToken = text(body['access_token']);
  if (accessToken === null) throw invalid(context, 'no access_token');
  // RFC 6749 §7.1: a token of a type that we do not understand must not be used. A mapped one is of the type that is
  // written beside the other token, if anywhere.
  const type = text(body['token_type'])?.toLowerCase() ?? '';
  const any = tokenType === 'any' || tokenMapping !== null;
  if (any ? unusableTypes.has(type) : type !== 'bearer') throw invalid(context, 'token_type is not bearer');
  const scope = text(body['scope']);
  return {
    accessToken,
    refreshToken: text(body['refresh_token']),
    idToken: text(body['id_token']),
    expiresAt: expiryOf(body['expires_in'], context),
    scopes: scope === null ? context.asked : splitScopes(scope),
  };
}

/** Some providers answer comma-separated scopes (GitHub, Slack). */
function splitScopes(scope: string): readonly string[] {
  return [...new Set(scope.split(/[\s,]+/).filter((name) => name !== ''))];
}

/** Zero or less tells as little as nothing: whoever sends it does not mean "already expired". */
function expiryOf(expiresIn: unknown, { clock, settings }: TokenContext): UpstreamTokens['expiresAt'] {
  const numeric = typeof expiresIn === 'string' && /^\d+$/.test(expiresIn.trim());
  const told = numeric ? Number(expiresIn) : expiresIn;
  const seconds = typeof told === 'number' && told > 0 ? told : settings.assumedLifetime;
  if (seconds === null) return settings.expiryUntold;
  const end = clock() + Math.floor(seconds) * 1000;
  return Number.isSafeInteger(end) ? end : 'unknown';
}

function parseBody(body: string): unknown {
  const trimmed = body.trim();
  if (/^[[{]/.test(trimmed)) return parseJson(trimmed);
  // One line of name=value pairs, as GitHub answers when it is not asked for JSON; HTML and plain words are not.
  if (!/^[\w.-]+=[^\s<]*$/.test(trimmed)) return null;
  return Object.fromEntries(new URLSearchParams(trimmed));
}

function parseJson(body: string): unknown {
  try {
    return parseLossless(body);
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
