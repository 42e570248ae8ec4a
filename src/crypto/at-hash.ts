import { hash } from 'node:crypto';
import type { SigningAlg } from './signing-key.ts';

const digests: Readonly<Record<SigningAlg, string>> = {
  RS256: 'sha256',
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
  // Ed25519 hashes with SHA-512 itself, which is what verifiers use here.
  EdDSA: 'sha512',
};

/** `at_hash` of an ID token: the left half of the hash that belongs to its algorithm (OpenID Connect Core §3.1.3.6). */
export function accessTokenHash(alg: SigningAlg, accessToken: string): string {
  const digest = hash(digests[alg], accessToken, 'buffer');
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
