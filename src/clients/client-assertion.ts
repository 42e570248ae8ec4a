import type { JWK, JWTPayload } from 'jose';
import { decodeJwt } from 'jose';
import { assertionAlgorithms } from '../oauth/metadata.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Client, ClientKeys } from './client.ts';
import type { KeyFinder } from './client-keys.ts';
import type { JwtForm } from './signed-jwt.ts';
import { claimsSignedBy, JwtProblem, momentOf, readJwtHeader } from './signed-jwt.ts';

/** `client_assertion_type` (RFC 7523 §2.2). */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Longest assertion that is looked at, in characters. */
const maxLength = 8192;

/** Longest `jti`, in characters. */
const maxIdLength = 512;

/** An assertion is made for one request: how far ahead its end may be, and how much clocks may differ. */
const maxLife: Milliseconds = 600_000;
const tolerance: Milliseconds = 30_000;

/** What assertions are: RFC 7523 leaves `typ` open, its successor gives them one of their own. */
const form: JwtForm = { algs: assertionAlgorithms, types: ['jwt', 'client-authentication+jwt'] };

/** A good assertion: it counts once, so it has to be remembered for so long. */
export interface GoodAssertion {
  /** Its `jti`. */
  readonly id: string;
  readonly ttl: Milliseconds;
}

/** What assertions are measured by. */
export interface AssertionRules {
  readonly keys: KeyFinder;
  /** Ours: the issuer, as RFC 7523 has it in its latest word, and the token endpoint, as everybody had it before. */
  readonly audiences: readonly string[];
  readonly clock: Clock;
}

/** The client that an assertion speaks of; `null` when it is no JWT that speaks of one. Proves nothing. */
export function claimedClient(assertion: string): string | null {
  if (assertion.length > maxLength) return null;
  try {
    return decodeJwt(assertion).sub ?? null;
  } catch {
    return null;
  }
}

/**
 * Checks an assertion (RFC 7523 §3): signed by a key of the client, about itself, for us, and for this moment.
 * @throws {JwtProblem}
 * @throws {ClientProblem} `unreachable`, when the client's keys cannot be had
 */
export async function checkAssertion(
  assertion: string,
  client: Client,
  rules: AssertionRules,
): Promise<GoodAssertion> {
  if (client.keys === null) throw new JwtProblem('the client has no keys');
  if (assertion.length > maxLength) throw new JwtProblem('it is too long');
  const header = readJwtHeader(assertion, form);
  const known = await rules.keys.find(client.keys, { renewed: false });
  const signed =
    (await claimsSignedBy(known, assertion, header)) ??
    (await claimsSignedBy(await renewed(client.keys, known, rules), assertion, header));
  if (!signed) throw new JwtProblem('no key of the client has signed it');
  return checkClaims(signed, client, rules);
}

/** Published keys may have changed; keys at hand cannot, and those that have not are not tried twice. */
async function renewed(
  keys: ClientKeys,
  known: readonly JWK[],
  rules: AssertionRules,
): Promise<readonly JWK[]> {
  if ('jwks' in keys) return [];
  const found = await rules.keys.find(keys, { renewed: true });
  return found === known ? [] : found;
}

function checkClaims(
  claims: JWTPayload,
  client: Client,
  { audiences, clock }: AssertionRules,
): GoodAssertion {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims;
  if (iss !== client.id || sub !== client.id) throw new JwtProblem('it is about another client');
  const [only, ...more] = Array.isArray(aud) ? aud : [aud];
  // One audience: what is for several can be used by each of them at the others.
  if (only === undefined || more.length > 0 || !audiences.includes(only))
    throw new JwtProblem('it is not for this server alone');
  const now = clock();
  const ends = momentOf(exp);
  if (ends === null || ends <= now - tolerance) throw new JwtProblem('it is over');
  if (ends > now + maxLife + tolerance) throw new JwtProblem('its end is too far ahead');
  for (const start of [nbf, iat])
    if (start !== undefined && (momentOf(start) ?? Number.POSITIVE_INFINITY) > now + tolerance)
      throw new JwtProblem('it has not begun');
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdLength)
    throw new JwtProblem('it has no jti');
  return { id: jti, ttl: ends + tolerance - now };
}
