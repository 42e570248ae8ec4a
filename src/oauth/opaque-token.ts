import type { MacKey } from '../crypto/hmac.ts';
import { findMac, mac } from '../crypto/hmac.ts';

/** What a code or refresh token says once its MAC has been checked. */
export interface OpaqueToken {
  /** Three hex digits. */
  readonly bucket: string;
  /** 16 bytes in base64url. */
  readonly grantId: string;
  /** 0 for a code; a 32-bit number. */
  readonly generation: number;
  /** 32 bytes in base64url. */
  readonly seed: string;
}

/** Which of our opaque tokens. One never opens as the other. */
export type OpaqueKind = 'code' | 'refresh';

/** Makes and opens self-verifying tokens: garbage never reaches the store. */
export interface TokenCodec {
  /** @throws {TypeError} for parts of another form than {@link OpaqueToken} says */
  issue(kind: OpaqueKind, token: OpaqueToken): string;
  /** `null` for a text that we did not make. */
  open(kind: OpaqueKind, text: string): OpaqueToken | null;
}

const prefixes: Readonly<Record<OpaqueKind, string>> = { code: 'sp_ac_', refresh: 'sp_rt_' };

const layout = { bucket: 2, grantId: 16, generation: 4, seed: 32, tag: 32 };
const bodyLength = layout.bucket + layout.grantId + layout.generation + layout.seed;
const textLength = Math.ceil(((bodyLength + layout.tag) * 4) / 3);

/** @param keys the first signs, all verify */
export function createTokenCodec(keys: readonly MacKey[]): TokenCodec {
  const [first] = keys;
  if (!first) throw new TypeError('a token codec needs a key');
  return {
    issue(kind, token) {
      const body = write(token);
      const tag = mac(first, authenticated(kind, body));
      return prefixes[kind] + Buffer.concat([body, tag]).toString('base64url');
    },
    open(kind, text) {
      const prefix = prefixes[kind];
      if (text.length !== prefix.length + textLength || !text.startsWith(prefix)) return null;
      const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
      if (
        bytes.length !== bodyLength + layout.tag ||
        bytes.toString('base64url') !== text.slice(prefix.length)
      )
        return null;
      const body = bytes.subarray(0, bodyLength);
      return findMac(keys, authenticated(kind, body), bytes.subarray(bodyLength)) && read(body);
    },
  };
}

function authenticated(kind: OpaqueKind, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${kind}:`), body]);
}

function write({ bucket, grantId, generation, seed }: OpaqueToken): Buffer {
  const wellFormed =
    /^[0-9a-f]{3}$/u.test(bucket) &&
    isBytes(grantId, layout.grantId) &&
    isBytes(seed, layout.seed) &&
    generation >>> 0 === generation;
  // Anything else would be written as something else, and open as another grant's token.
  if (!wellFormed) throw new TypeError('not the parts of a token');
  const body = Buffer.alloc(bodyLength);
  body.writeUInt16BE(Number.parseInt(bucket, 16), 0);
  body.write(grantId, layout.bucket, 'base64url');
  body.writeUInt32BE(generation, layout.bucket + layout.grantId);
  body.write(seed, layout.bucket + layout.grantId + layout.generation, 'base64url');
  return body;
}

function isBytes(text: string, length: number): boolean {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === length && bytes.toString('base64url') === text;
}

function read(body: Buffer): OpaqueToken {
  const afterId = layout.bucket + layout.grantId;
  return {
    bucket: body.readUInt16BE(0).toString(16).padStart(3, '0'),
    grantId: body.subarray(layout.bucket, afterId).toString('base64url'),
    generation: body.readUInt32BE(afterId),
    seed: body.subarray(afterId + layout.generation).toString('base64url'),
  };
}
