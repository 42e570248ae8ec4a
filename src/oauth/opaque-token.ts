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

/** Keeps the MACs of the kinds apart. */
const labels: Readonly<Record<OpaqueKind, Buffer>> = {
  code: Buffer.from('code:'),
  refresh: Buffer.from('refresh:'),
};

const layout = { bucket: 2, grantId: 16, generation: 4, seed: 32, tag: 32 };
const bodyLength = layout.bucket + layout.grantId + layout.generation + layout.seed;
const idFrom = layout.bucket;
const generationFrom = idFrom + layout.grantId;
const seedFrom = generationFrom + layout.generation;
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
  return Buffer.concat([labels[kind], body]);
}

function write({ bucket, grantId, generation, seed }: OpaqueToken): Buffer {
  const body = Buffer.alloc(bodyLength);
  const wellFormed =
    /^[0-9a-f]{3}$/u.test(bucket) &&
    generation >>> 0 === generation &&
    writeBytes(body, grantId, { from: idFrom, to: generationFrom }) &&
    writeBytes(body, seed, { from: seedFrom, to: bodyLength });
  // Anything else would be written as something else, and open as another grant's token.
  if (!wellFormed) throw new TypeError('not the parts of a token');
  body.writeUInt16BE(Number.parseInt(bucket, 16), 0);
  body.writeUInt32BE(generation, generationFrom);
  return body;
}

/** False unless the text is these very bytes in base64url. */
function writeBytes(
  body: Buffer,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  body.write(text, from, to - from, 'base64url');
  return body.toString('base64url', from, to) === text;
}

function read(body: Buffer): OpaqueToken {
  return {
    bucket: body.readUInt16BE(0).toString(16).padStart(3, '0'),
    grantId: body.toString('base64url', idFrom, generationFrom),
    generation: body.readUInt32BE(generationFrom),
    seed: body.toString('base64url', seedFrom, bodyLength),
  };
}
