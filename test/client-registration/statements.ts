/** Somebody who vouches for software, and what they sign (RFC 7591 §2.3). */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTHeaderParameters } from 'jose';

/** Claims to change; `undefined` takes one away. */
type Claims = Readonly<Record<string, unknown>>;

export const voucher = 'https://vouch.example.com';
export const vouchedUri = 'https://app.example.com/callback';

export interface StatementSigner {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  /** A statement that is good, but for what the test says. */
  sign(claims?: Claims, header?: Partial<JWTHeaderParameters>): Promise<string>;
}

export const statedClaims: Claims = {
  iss: voucher,
  software_id: 'acme-notes',
  client_name: 'Acme Notes',
  redirect_uris: [vouchedUri],
};

export async function newStatementSigner(alg = 'ES256', kid = 'vouch-1'): Promise<StatementSigner> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid },
    privateKey,
    sign: (claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const all: Claims = { ...statedClaims, iat: now, exp: now + 3600, ...claims };
      const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(given).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
    },
  };
}
