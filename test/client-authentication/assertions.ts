/** Clients that sign assertions, and what they sign. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTHeaderParameters, JWTPayload } from 'jose';
import { randomUUID } from 'node:crypto';
import { issuer } from '../fixtures/stack.ts';

/** Claims to change; `undefined` takes one away. */
type Claims = Readonly<Record<string, unknown>>;

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface Signer {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  readonly alg: string;
  /** An assertion that is good, but for what the test says; `undefined` takes a claim away. */
  sign(clientId: string, claims?: Claims, header?: Partial<JWTHeaderParameters>): Promise<string>;
}

export async function newSigner(alg = 'ES256', kid: string = randomUUID()): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid };
  return {
    jwk,
    privateKey,
    alg,
    sign: (clientId, claims = {}, header = {}) =>
      new SignJWT(claimsOf(clientId, claims)).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

export function claimsOf(clientId: string, claims: Claims = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const all: Claims = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
    ...claims,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export const form = (assertion: string): Record<string, string> => ({
  client_assertion_type: assertionType,
  client_assertion: assertion,
});
