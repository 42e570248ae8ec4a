import { createHmac, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createJwtSigner } from '../../src/crypto/sign.ts';
import { parseSigningKey } from '../../src/crypto/signing-key.ts';
import type { SigningAlg, SigningKey } from '../../src/crypto/signing-key.ts';
import { createJwtVerifier } from '../../src/crypto/verify.ts';
import type { JwtVerifier } from '../../src/crypto/verify.ts';
import { newPrivateKey, pemOf } from '../signing-keys/pems.ts';

export const issuer = 'https://auth.example.com';
export const audience = 'https://mcp.example.com/mcp';
/** Seconds; the verifier's clock stands still here. */
export const now = 1_800_000_000;

export const goodClaims = {
  iss: issuer,
  aud: audience,
  sub: 'user-1',
  iat: now - 10,
  exp: now + 290,
};

export const expected = { typ: 'at+jwt', issuer, audience };

export function newKey(alg: SigningAlg): SigningKey {
  return parseSigningKey(pemOf(newPrivateKey(alg)), 'test key');
}

export function verifierFor(...keys: readonly SigningKey[]): JwtVerifier {
  return createJwtVerifier(keys, { clock: () => now * 1000 });
}

export function issue(key: SigningKey, claims: object = {}, typ = 'at+jwt'): Promise<string> {
  return createJwtSigner(key).sign(typ, { ...goodClaims, ...claims });
}

export function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A token with any header and any payload, honestly signed by an ES256 key. */
export function signedWith(
  key: SigningKey,
  { header = {}, payload = goodClaims }: { readonly header?: object; readonly payload?: unknown },
): string {
  const input = `${encode({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header })}.${encode(payload)}`;
  return `${input}.${es256(input, key.privateKey)}`;
}

export function es256(input: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** A token "signed" with HMAC over some bytes: the classic confusion of a public key with a secret. */
export function hs256(header: object, secret: string | Uint8Array): string {
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', ...header })}.${encode(goodClaims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
