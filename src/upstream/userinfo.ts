import type { UserinfoConfig } from '../config/config.ts';
import type { UpstreamSettings } from '../config/upstream-settings.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import { isPassingStatus, printableCode } from './failures.ts';
import { isRecord } from './identity.ts';
import { parseLossless } from '../oauth/lossless-json.ts';
import { parseTokenPath, readTokenPath } from '../oauth/token-path.ts';
import { UpstreamError } from './provider.ts';
import { meaningOf } from './token-failures.ts';
import { refusalIn } from './token-refusal.ts';

/** How to ask a userinfo endpoint. */
export interface UserinfoCall {
  readonly upstream: string;
  readonly fetch: GuardedFetch;
  readonly signal?: AbortSignal;
}

/** What the userinfo endpoint of OpenID Connect gets when nobody configured one (Core §5.3). */
export function standardUserinfo(endpoint: string): UserinfoConfig {
  return {
    endpoint,
    method: 'GET',
    additionalHeaders: {},
    subjectFields: ['sub'],
    nameFields: ['name'],
    emailFields: ['email'],
  };
}

/**
 * Asks a userinfo endpoint. Throws {@link UpstreamError}: `unavailable` when it cannot answer now, `rejected` when it
 * does not take the token, `invalid` for anything but a JSON object.
 */
export async function fetchUserinfo(
  config: UserinfoConfig,
  accessToken: string,
  { upstream, fetch, signal }: UserinfoCall,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = new Headers({ accept: 'application/json', authorization: `Bearer ${accessToken}` });
  const { body } = config;
  if (body !== undefined) headers.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(config.additionalHeaders)) headers.set(name, value);
  const response = await fetch(config.endpoint, {
    method: config.method,
    headers: Object.fromEntries(headers),
    ...(body !== undefined && { body }),
    signal,
  });
  const { status } = response;
  if (isPassingStatus(status)) throw new UpstreamError('unavailable', upstream, `userinfo: status ${status}`);
  if (status === 401 || status === 403)
    throw new UpstreamError('rejected', upstream, `userinfo: status ${status}`);
  if (status !== 200) throw new UpstreamError('invalid', upstream, `userinfo: status ${status}`);
  const claims = parseObject(await response.text());
  if (!claims) throw new UpstreamError('invalid', upstream, 'userinfo: the body is not a JSON object');
  // Slack refuses with status 200. `error` alone proves nothing here: it may be anybody's claim.
  const refusal = claims['ok'] === false ? refusalIn(claims) : null;
  if (refusal)
    throw new UpstreamError(
      meaningOf(refusal).failure,
      upstream,
      `userinfo: ${printableCode(refusal.error)}`,
    );
  return claims;
}

/**
 * The first candidate that holds a non-empty string or an integer, as text; `null` when none does. Dots are part of a
 * name where there is a field of that name (claims are often URLs), and lead into objects where there is none.
 */
export function pickField(
  claims: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): { readonly field: string; readonly value: string } | null {
  for (const field of fields) {
    const value = fieldOf(claims, field);
    if (typeof value === 'string' && value !== '') return { field, value };
    if (Number.isSafeInteger(value)) return { field, value: String(value) };
  }
  return null;
}

function fieldOf(claims: Readonly<Record<string, unknown>>, field: string): unknown {
  if (Object.hasOwn(claims, field)) return claims[field];
  const path = parseTokenPath(field);
  return path === null ? undefined : readTokenPath(claims, path);
}

/**
 * Name and e-mail as the configured candidates tell them. Unless it is said otherwise, `email_verified` speaks of
 * `email` and of no other field; where a provider verifies every address it may say nothing.
 */
export function profileOf(
  claims: Readonly<Record<string, unknown>>,
  config: Pick<UserinfoConfig, 'nameFields' | 'emailFields' | 'emailVerifiedFields'>,
  settings: EmailTrust,
): { readonly name: string | null; readonly email: string | null; readonly emailVerified: boolean } {
  const email = pickField(claims, config.emailFields);
  const { emailVerifiedFields = email?.field === 'email' ? ['email_verified'] : [] } = config;
  return {
    name: pickField(claims, config.nameFields)?.value ?? null,
    email: email?.value ?? null,
    emailVerified: email !== null && isVerified(claims, emailVerifiedFields, settings),
  };
}

/** What a provider's word about e-mails is worth. */
export type EmailTrust = Pick<UpstreamSettings, 'emailVerifiedUntold' | 'emailVerifiedText'>;

function isVerified(
  claims: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  trust: EmailTrust,
): boolean {
  const told = fields.map((field) => fieldOf(claims, field)).find((value) => value !== undefined);
  if (told === undefined) return trust.emailVerifiedUntold;
  return told === true || (trust.emailVerifiedText && told === 'true');
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const value = parseLossless(body);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
