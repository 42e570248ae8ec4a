import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SallyportError } from '../types/error.ts';
import { sha256Bytes } from './hash.ts';
import { randomBytes } from './random.ts';

/** Seals data so that it can be neither read nor changed, nor opened in another context. */
export interface Sealer {
  /** @param context authenticated but not hidden: what the data are, and of which row */
  seal(plain: string | Uint8Array, context: string): Uint8Array;
  /** @throws {SallyportError} `seal_broken` */
  open(sealed: Uint8Array, context: string): Buffer;
}

const version = 1;
const idLength = 4;
const nonceLength = 12;
const tagLength = 16;
const headLength = 1 + idLength + nonceLength;

interface SealKey {
  readonly id: Buffer;
  readonly key: KeyObject;
}

/**
 * AES-256-GCM with a random 96-bit nonce (good for 2^32 seals per key, NIST SP 800-38D §8.3).
 * @param keys 32 bytes each; the first seals, all open
 */
export function createSealer(keys: readonly Uint8Array[]): Sealer {
  const ring = keys.map((bytes): SealKey => ({
    id: sha256Bytes(bytes).subarray(0, idLength),
    key: createSecretKey(bytes),
  }));
  const [first] = ring;
  if (!first) throw new TypeError('a sealer needs a key');
  return {
    seal: (plain, context) => seal(first, plain, context),
    open: (sealed, context) =>
      open(ring, Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength), context),
  };
}

function seal({ id, key }: SealKey, plain: string | Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(nonceLength);
  const head = Buffer.concat([Buffer.of(version), id, nonce]);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  cipher.setAAD(aad(head, context));
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  return Buffer.concat([head, body, cipher.final(), cipher.getAuthTag()]);
}

function open(ring: readonly SealKey[], sealed: Buffer, context: string): Buffer {
  if (sealed.length < headLength + tagLength || sealed[0] !== version) throw broken();
  const head = sealed.subarray(0, headLength);
  const id = head.subarray(1, 1 + idLength);
  for (const { id: known, key } of ring) {
    if (known.equals(id)) return decrypt(key, { head, sealed, context });
  }
  throw broken();
}

function decrypt(key: KeyObject, parts: { head: Buffer; sealed: Buffer; context: string }): Buffer {
  const { head, sealed, context } = parts;
  const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(1 + idLength), {
    authTagLength: tagLength,
  });
  decipher.setAAD(aad(head, context));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
  try {
    return Buffer.concat([
      decipher.update(sealed.subarray(headLength, sealed.length - tagLength)),
      decipher.final(),
    ]);
  } catch (error) {
    throw broken(error);
  }
}

/** The head is covered too, so that version and key id cannot be swapped. */
function aad(head: Uint8Array, context: string): Buffer {
  return Buffer.concat([head.subarray(0, 1 + idLength), Buffer.from(context)]);
}

function broken(cause?: unknown): SallyportError {
  return new SallyportError('seal_broken', 'sealed data does not open with the keys at hand', { cause });
}
