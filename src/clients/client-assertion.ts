import type { JWK, JWTPayload, ProtectedHeaderParameters } from 'jose';
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from 'jose';
import { assertionAlgorithms } from '../oauth/metadata.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Client, ClientKeys } from './client.ts';
import type { KeyFinder } from './client-keys.ts';

/** `client_assertion_type` (RFC 7523 §2.2). */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Longest assertion that is looked at, in characters. */
const maxLength = 8192;

/** Longest `jti`, in characters. */
const maxIdLength = 512;

/** An assertion is made for one request: how far ahead its end may be, and how much clocks may differ. */
const maxLife: Milliseconds = 600_000;
const tolerance: Milliseconds = 30_000;

/** Header members that lead to keys which the sender chose (RFC 7515 §4.1). */
const foreignKeys = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'b64'];

/** Why an assertion does not count; for the log, and for nobody who sent one. */
export class AssertionProblem extends Error {
  override readonly name = 'AssertionProblem';
}

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
 * @throws {AssertionProblem}
 * @throws {ClientProblem} `unreachable`, when the client's keys cannot be had
 */
export async function checkAssertion(
  assertion: string,
  client: Client,
  rules: AssertionRules,
): Promise<GoodAssertion> {
  if (client.keys === null) throw new AssertionProblem('the client has no keys');
  if (assertion.length > maxLength) throw new AssertionProblem('it is too long');
  const header = readHeader(assertion);
  const signed =
    (await verified(assertion, header, await rules.keys.find(client.keys, { renewed: false }))) ??
    (await verified(assertion, header, await renewed(client.keys, rules)));
  if (!signed) throw new AssertionProblem('no key of the client has signed it');
  return checkClaims(signed, client, rules);
}

/** Published keys may have changed; keys at hand cannot. */
async function renewed(keys: ClientKeys, rules: AssertionRules): Promise<readonly JWK[]> {
  return 'jwks' in keys ? [] : rules.keys.find(keys, { renewed: true });
}

function readHeader(assertion: string): ProtectedHeaderParameters {
  const header = decoded(() => decodeProtectedHeader(assertion));
  if (typeof header.alg !== 'string' || !assertionAlgorithms.includes(header.alg))
    throw new AssertionProblem('its algorithm is not one of ours');
  const foreign = foreignKeys.find((name) => name in header);
  if (foreign !== undefined) throw new AssertionProblem(`its header holds ${foreign}`);
  // Nobody has looked at what the sender wrote there.
  const typ: unknown = header.typ ?? 'jwt';
  // RFC 8725 §3.11: what says that it is something else, is something else.
  const plain = typeof typ === 'string' ? typ.replace(/^application\//iu, '').toLowerCase() : '';
  if (plain !== 'jwt' && plain !== 'client-authentication+jwt')
    throw new AssertionProblem('it is a token of another type');
  return header;
}

/** The claims, when one of the keys has signed them; `null` when none has. */
async function verified(
  assertion: string,
  { alg = '', kid }: ProtectedHeaderParameters,
  keys: readonly JWK[],
): Promise<JWTPayload | null> {
  for (const key of keys) {
    if (kid !== undefined && key.kid !== undefined && key.kid !== kid) continue;
    if (key.alg !== undefined && key.alg !== alg) continue;
    const claims = await signedBy(assertion, key, alg);
    if (claims) return claims;
  }
  return null;
}

async function signedBy(assertion: string, jwk: JWK, alg: string): Promise<JWTPayload | null> {
  try {
    await compactVerify(assertion, await importJWK(jwk, alg), { algorithms: [alg] });
    return decodeJwt(assertion);
  } catch {
    // A key of another kind or curve, one too short, or one that has not signed it.
    return null;
  }
}

function checkClaims(
  claims: JWTPayload,
  client: Client,
  { audiences, clock }: AssertionRules,
): GoodAssertion {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims;
  if (iss !== client.id || sub !== client.id) throw new AssertionProblem('it is about another client');
  const [only, ...more] = Array.isArray(aud) ? aud : [aud];
  // One audience: what is for several can be used by each of them at the others.
  if (only === undefined || more.length > 0 || !audiences.includes(only))
    throw new AssertionProblem('it is not for this server alone');
  const now = clock();
  const ends = moment(exp);
  if (ends === null || ends <= now - tolerance) throw new AssertionProblem('it is over');
  if (ends > now + maxLife + tolerance) throw new AssertionProblem('its end is too far ahead');
  for (const start of [nbf, iat])
    if (start !== undefined && (moment(start) ?? Number.POSITIVE_INFINITY) > now + tolerance)
      throw new AssertionProblem('it has not begun');
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdLength)
    throw new AssertionProblem('it has no jti');
  return { id: jti, ttl: ends + tolerance - now };
}

/** Of seconds since the epoch; `null` for what is none. */
function moment(seconds: unknown): Milliseconds | null {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : null;
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new AssertionProblem('it is no JWT', { cause: error });
  }
}
