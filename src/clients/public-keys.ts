import type { JWK } from 'jose';
import { assertionAlgorithms } from '../oauth/metadata.ts';

/** Most keys of one client. */
export const maxKeys = 20;

/** Members of private and of symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Whether a key has a part that only one side, or only the two of them, may know. */
export function holdsSecret(key: object): boolean {
  return secretMembers.some((name) => Object.hasOwn(key, name)) || ('kty' in key && key.kty === 'oct');
}

/** Longest `kid` of a registered key, in characters. */
const maxKidLength = 128;

/** Of an RSA key, in bytes: what RS256 asks for at least (RFC 7518 §3.3), and what a signature may cost us. */
const modulusBytes = { least: 256, most: 512 } as const;

/** Bytes of a coordinate. */
const curves: Readonly<Record<string, { readonly kty: 'EC' | 'OKP'; readonly bytes: number }>> = {
  'P-256': { kty: 'EC', bytes: 32 },
  'P-384': { kty: 'EC', bytes: 48 },
  'P-521': { kty: 'EC', bytes: 66 },
  Ed25519: { kty: 'OKP', bytes: 32 },
};

/**
 * A key cut down to what verifies: the members of its kind, its name and its algorithm, always in the same order, so that
 * one key has one spelling. Certificates, addresses and whatever else it says of itself are left away. `null`: it is not for
 * signatures that are taken here.
 * @returns a text: what is wrong with it
 */
export function essentialKey(key: Readonly<Record<string, unknown>>): JWK | string | null {
  if (key['use'] !== undefined && key['use'] !== 'sig') return null;
  const alg = key['alg'];
  if (alg !== undefined && !(typeof alg === 'string' && assertionAlgorithms.includes(alg))) return null;
  const kid = key['kid'];
  if (kid !== undefined && !(typeof kid === 'string' && kid.length <= maxKidLength))
    return `a kid that is not a text of at most ${maxKidLength} characters`;
  const material = materialOf(key);
  if (typeof material === 'string') return material;
  return { ...material, ...(kid !== undefined && { kid }), ...(alg !== undefined && { alg }) };
}

function materialOf(key: Readonly<Record<string, unknown>>): JWK | string {
  const { kty, crv, x, y, n, e } = key;
  if (kty === 'RSA') return rsaOf(n, e);
  const curve = typeof crv === 'string' && Object.hasOwn(curves, crv) ? curves[crv] : undefined;
  if (typeof crv !== 'string' || !curve || curve.kty !== kty)
    return 'a key of another kind than EC (P-256, P-384, P-521), OKP (Ed25519) and RSA';
  if (bytesOf(x) !== curve.bytes) return `an x that is not ${curve.bytes} bytes of base64url`;
  if (kty === 'OKP') return { kty: curve.kty, crv, x: String(x) };
  if (bytesOf(y) !== curve.bytes) return `a y that is not ${curve.bytes} bytes of base64url`;
  return { kty: curve.kty, crv, x: String(x), y: String(y) };
}

function rsaOf(n: unknown, e: unknown): JWK | string {
  const length = bytesOf(n);
  if (length < modulusBytes.least || length > modulusBytes.most) return 'an RSA key not of 2048 to 4096 bits';
  // Large exponents make verifying expensive, and nobody uses one.
  if (bytesOf(e) < 1 || bytesOf(e) > 4) return 'an RSA key with an unusual exponent';
  return { kty: 'RSA', n: String(n), e: String(e) };
}

/** -1 for what is not base64url in its one spelling. */
function bytesOf(text: unknown): number {
  if (typeof text !== 'string') return -1;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes.length : -1;
}
