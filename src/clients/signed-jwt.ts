import type { JWK, JWTPayload, ProtectedHeaderParameters } from 'jose';
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from 'jose';
import type { Milliseconds } from '../types/time.ts';

/** Why a JWT does not count; for the log, and for nobody who sent one. */
export class JwtProblem extends Error {
  override readonly name = 'JwtProblem';
}

/** Header members that lead to keys which the sender chose (RFC 7515 §4.1). */
const foreignKeys = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'b64'];

/** What a JWT may be. */
export interface JwtForm {
  /** Asymmetric algorithms. */
  readonly algs: readonly string[];
  /** Words of `typ` in lower case, without `application/`; absent counts as `jwt`. */
  readonly types: readonly string[];
}

/** @throws {JwtProblem} */
export function readJwtHeader(jwt: string, { algs, types }: JwtForm): ProtectedHeaderParameters {
  const header = decoded(() => decodeProtectedHeader(jwt));
  if (typeof header.alg !== 'string' || !algs.includes(header.alg))
    throw new JwtProblem('its algorithm is not one of ours');
  const foreign = foreignKeys.find((name) => name in header);
  if (foreign !== undefined) throw new JwtProblem(`its header holds ${foreign}`);
  // Nobody has looked at what the sender wrote there.
  const typ: unknown = header.typ ?? 'jwt';
  // RFC 8725 §3.11: what says that it is something else, is something else.
  const plain = typeof typ === 'string' ? typ.replace(/^application\//iu, '').toLowerCase() : '';
  if (!types.includes(plain)) throw new JwtProblem('it is a token of another type');
  return header;
}

/**
 * What a JWT says; proves nothing.
 * @throws {JwtProblem}
 */
export function readJwtClaims(jwt: string): JWTPayload {
  return decoded(() => decodeJwt(jwt));
}

/** Keys that are tried for one signature: whoever has more says with `kid` which one it was. */
const maxTries = 5;

/** Kinds of keys, by the first letters of their algorithms (RFC 7518 §3.1, RFC 8037). */
const kinds: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };

/** The claims, when one of the keys has signed them; `null` when none has. Keys that the header brings are never among them. */
export async function claimsSignedBy(
  keys: readonly JWK[],
  jwt: string,
  { alg = '', kid }: ProtectedHeaderParameters,
): Promise<JWTPayload | null> {
  const fitting = keys.filter(
    (key) =>
      key.kty === kinds[alg.slice(0, 2)] &&
      (key.alg === undefined || key.alg === alg) &&
      (kid === undefined || key.kid === undefined || key.kid === kid),
  );
  for (const key of fitting.slice(0, maxTries)) {
    const claims = await signedBy(jwt, key, alg);
    if (claims) return claims;
  }
  return null;
}

async function signedBy(jwt: string, jwk: JWK, alg: string): Promise<JWTPayload | null> {
  try {
    await compactVerify(jwt, await importJWK(jwk, alg), { algorithms: [alg] });
    return decodeJwt(jwt);
  } catch {
    // A key of another kind or curve, one too short, or one that has not signed it.
    return null;
  }
}

/** Of seconds since the epoch; `null` for what is none. */
export function momentOf(seconds: unknown): Milliseconds | null {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : null;
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new JwtProblem('it is no JWT', { cause: error });
  }
}
