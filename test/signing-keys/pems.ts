import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningAlg } from '../../src/crypto/signing-key.ts';

/** A new private key of the kind that an algorithm signs with. */
export function newPrivateKey(alg: SigningAlg): KeyObject {
  switch (alg) {
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ES256':
      return newEcKey('P-256');
    case 'ES384':
      return newEcKey('P-384');
    case 'ES512':
      return newEcKey('P-521');
  }
}

export function newEcKey(namedCurve: string): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

export function pemOf(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' });
}

export const algorithms: readonly SigningAlg[] = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** What `openssl ecparam -name prime256v1 -genkey` writes before the key. */
export const ecParameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
