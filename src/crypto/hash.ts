import { hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 as base64url. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url');
}

/** SHA-256, 32 bytes. */
export function sha256Bytes(data: string | Uint8Array): Buffer {
  return Buffer.from(hash('sha256', data, 'latin1'), 'latin1');
}

/** Compares without telling by its duration where or whether lengths differ: digests are compared. */
export function equalSecrets(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return timingSafeEqual(sha256Bytes(a), sha256Bytes(b));
}
