import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SallyportError } from '../types/error.ts';
import { sha256 } from './hash.ts';

/** Algorithms that we sign with, and therefore verify. */
export type SigningAlg = 'RS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA';

/** A public key of ours, as JWKS publishes it. */
export interface VerificationKey {
  /** RFC 7638 thumbprint: the same for the same key, wherever it is loaded. */
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicKey: KeyObject;
  readonly publicJwk: Readonly<Record<string, unknown>>;
}

/** A key that signs. */
export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

const curves: Readonly<Record<string, SigningAlg>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

const minRsaBits = 2048;

/** Single hyphens occur in the headers of old encrypted keys (RFC 1421 §4.6.1.1: `DEK-Info: AES-256-CBC`). */
const block = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+(?:-(?!----)[^-]+)*-----END \1-----/gu;

const makeOne = '"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256" makes one';

/**
 * Reads a private key from PEM: PKCS#1, SEC1 (parameters before it are skipped) or PKCS#8.
 * @param origin names the source in errors, usually a file
 * @throws {SallyportError} `key_invalid`
 */
export function parseSigningKey(pem: string, origin: string): SigningKey {
  const blocks = [...pem.matchAll(block)].map(([text, label = '']) => ({ text, label }));
  const found = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (!found) throw invalid(origin, absence(blocks.map(({ label }) => label)));
  if (found.label.includes('ENCRYPTED') || found.text.includes('Proc-Type: 4,ENCRYPTED')) {
    throw invalid(origin, 'is encrypted; decrypt it with "openssl pkey" and protect the file by its mode');
  }
  if (found.label.startsWith('OPENSSH')) {
    throw invalid(
      origin,
      'is in the form of OpenSSH; "ssh-keygen -p -m PKCS8 -f <file>" turns it into PKCS#8',
    );
  }
  return signingKeyOf(importKey(found.text, origin), origin);
}

/** A new key as PKCS#8 PEM; ES256 unless something else is asked for, RSA keys with 3072 bits. */
export function generateSigningKeyPem(alg: SigningAlg = 'ES256'): string {
  return generateKey(alg).export({ type: 'pkcs8', format: 'pem' });
}

function generateKey(alg: SigningAlg): KeyObject {
  switch (alg) {
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey;
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'ES512':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
  }
}

function importKey(pem: string, origin: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // OpenSSL's message names structures, never key material.
    throw invalid(origin, `holds no readable private key; ${makeOne}`, error);
  }
}

function signingKeyOf(privateKey: KeyObject, origin: string): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const alg = algorithmOf(publicKey, origin);
  checkHalves(privateKey, publicKey, origin);
  const jwk = { ...publicKey.export({ format: 'jwk' }) };
  const kid = thumbprint(jwk);
  return { kid, alg, privateKey, publicKey, publicJwk: { ...jwk, kid, alg, use: 'sig' } };
}

/** Files of SEC1 and RSA name the public half apart; with a wrong one nobody could verify what we sign. */
function checkHalves(privateKey: KeyObject, publicKey: KeyObject, origin: string): void {
  const digest = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const sample = Buffer.from('sallyport');
  let fits = false;
  let cause: unknown;
  try {
    fits = verify(digest, sample, publicKey, sign(digest, sample, privateKey));
  } catch (error) {
    cause = error;
  }
  if (!fits) throw invalid(origin, `is damaged: its private and public half do not fit; ${makeOne}`, cause);
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, origin: string): SigningAlg {
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (asymmetricKeyType === 'rsa') {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits >= minRsaBits) return 'RS256';
    throw invalid(origin, `is an RSA key of ${bits} bits; at least ${minRsaBits} are needed`);
  }
  const curve = asymmetricKeyDetails?.namedCurve ?? '';
  const alg = asymmetricKeyType === 'ec' ? curves[curve] : undefined;
  if (alg) return alg;
  const kind = curve === '' ? String(asymmetricKeyType) : `${String(asymmetricKeyType)} (${curve})`;
  throw invalid(origin, `is a key of type ${kind}; use RSA, EC P-256, P-384 or P-521, or Ed25519`);
}

/** RFC 7638 §3: the required members in lexicographic order, without white space. */
function thumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const names = ['crv', 'e', 'kty', 'n', 'x', 'y'].filter((name) => jwk[name] !== undefined);
  return sha256(JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]]))));
}

function absence(labels: readonly string[]): string {
  if (labels.length === 0) {
    return `holds no PEM block ("-----BEGIN … PRIVATE KEY-----"); ${makeOne}`;
  }
  return `holds ${labels.join(', ')}, but no private key, which signing needs; ${makeOne}`;
}

function invalid(origin: string, problem: string, cause?: unknown): SallyportError {
  return new SallyportError('key_invalid', `signing key ${origin} ${problem}`, { cause });
}
