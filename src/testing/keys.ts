import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import type { JsonObject } from './template.ts';
import { writeJson } from './template.ts';

/** How an ID token is spoilt on purpose. */
export interface Forgery {
  /** Put over the claims; `undefined` takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** `unknown-key`: signed by a key that was never published, under the right `kid`; `none`: `alg: none`. */
  readonly signature?: 'unknown-key' | 'none';
}

/** The signing keys of a simulator; made when first needed. */
export interface SigningKeys {
  /** Signs claims as a JWT with the newest key. */
  sign(claims: JsonObject, options?: { readonly typ?: string; readonly forgery?: Forgery }): Promise<string>;
  jwks(options: { readonly withAlg: boolean }): Promise<{ readonly keys: JWK[] }>;
  /** The next token is signed with a new key; the old one stays published only when asked for. */
  rotate(options?: { readonly keepOld?: boolean }): void;
}

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export function createSigningKeys(alg: 'RS256' | 'ES256'): SigningKeys {
  let keys: Promise<SigningKey>[] = [];
  const all = async (): Promise<[SigningKey, ...SigningKey[]]> => {
    const [first = createKey(alg), ...rest] = keys;
    keys = [first, ...rest];
    return [await first, ...(await Promise.all(rest))];
  };
  return {
    sign: async (claims, { typ = 'JWT', forgery } = {}) => {
      const [current] = await all();
      const kid = String(current.publicJwk.kid);
      if (forgery?.signature === 'none') return unsigned(claims, typ);
      const key = forgery?.signature === 'unknown-key' ? await createKey(alg) : current;
      const payload = new TextEncoder().encode(writeJson(claims));
      return await new CompactSign(payload).setProtectedHeader({ alg, kid, typ }).sign(key.privateKey);
    },
    jwks: async ({ withAlg }) => ({
      keys: (await all())
        .map(({ publicJwk }) => publicJwk)
        .map((jwk) => withAlgorithm(jwk, withAlg ? alg : null)),
    }),
    rotate: ({ keepOld = false } = {}) => {
      keys = [createKey(alg), ...(keepOld ? keys : [])];
    },
  };
}

function withAlgorithm(jwk: JWK, alg: string | null): JWK {
  return alg === null ? jwk : { ...jwk, alg };
}

async function createKey(alg: 'RS256' | 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, publicJwk: { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig' } };
}

function unsigned(claims: JsonObject, typ: string): string {
  const encode = (value: JsonObject): string => Buffer.from(writeJson(value)).toString('base64url');
  return `${encode({ alg: 'none', typ })}.${encode(claims)}.`;
}
