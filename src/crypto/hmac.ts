import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** What a derived key is for. One key never serves two purposes. */
export type Purpose =
  | 'token'
  | 'login-state'
  | 'client-id'
  | 'client-secret'
  | `clients-${number}`
  | 'transaction'
  | 'mcp-session'
  | 'connections'
  | 'connections-state'
  | 'connections-link'
  | 'client-logo'
  | 'ring-wrap'
  | 'name'
  | 'vault';

/** A key for message authentication; a `KeyObject`, because raw bytes are converted anew at every use. */
export interface MacKey {
  readonly key: KeyObject;
}

/** HKDF-SHA-256 (RFC 5869) over the whole secret; 32 bytes. */
export function deriveKeyBytes(secret: Uint8Array, purpose: Purpose): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), `sallyport/${purpose}/v1`, 32));
}

/** The key of one purpose. */
export function deriveMacKey(secret: Uint8Array, purpose: Purpose): MacKey {
  return { key: createSecretKey(deriveKeyBytes(secret, purpose)) };
}

/** HMAC-SHA-256, 32 bytes. By way of a string: a digest's own buffer lies outside the heap, and costs more than the rest. */
export function mac({ key }: MacKey, data: string | Uint8Array): Buffer {
  return Buffer.from(createHmac('sha256', key).update(data).digest('latin1'), 'latin1');
}

/** Shortest tag that proves anything, in bytes. */
const minTagLength = 16;

/**
 * The key that made `tag` (a whole MAC or its first bytes); `null` when none did.
 * @throws {TypeError} for a tag of fewer than 16 bytes, which is a mistake in the caller
 */
export function findMac(keys: readonly MacKey[], data: string | Uint8Array, tag: Uint8Array): MacKey | null {
  if (tag.length < minTagLength) throw new TypeError('a tag has at least 16 bytes');
  return keys.find((key) => matches(mac(key, data), tag)) ?? null;
}

function matches(whole: Buffer, tag: Uint8Array): boolean {
  return tag.length <= whole.length && timingSafeEqual(whole.subarray(0, tag.length), tag);
}
