import { sign as signBytes } from 'node:crypto';
import { derToRaw } from './der.ts';
import type { SigningAlg, SigningKey } from './signing-key.ts';

/** Signs JWTs with one key. */
export interface JwtSigner {
  readonly kid: string;
  readonly alg: SigningAlg;
  /** A compact JWS (RFC 7515 §7.1) over `claims`, with the header's `typ`. */
  sign(typ: string, claims: object): Promise<string>;
}

type Sign = (data: Buffer) => Promise<Buffer>;

/** A signer: the quick curves sign in batches on the event loop, everything slower on the thread pool. */
export function createJwtSigner(key: SigningKey): JwtSigner {
  const sign = quick.has(key.alg) ? inBatches(key) : onThreadPool(key);
  const headers = new Map<string, string>();
  return {
    kid: key.kid,
    alg: key.alg,
    async sign(typ, claims) {
      const head = headers.get(typ) ?? remember(headers, typ, key);
      const input = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      const signature = await sign(Buffer.from(input, 'latin1'));
      return `${input}.${signature.toString('base64url')}`;
    },
  };
}

function remember(headers: Map<string, string>, typ: string, { alg, kid }: SigningKey): string {
  const head = Buffer.from(JSON.stringify({ alg, typ, kid })).toString('base64url');
  headers.set(typ, head);
  return head;
}

/** How an algorithm hashes, and the bytes of each of a curve's numbers (RFC 7518 §3.4); none for RSA and Ed25519. */
const forms: Readonly<Record<SigningAlg, { readonly digest: string | null; readonly size?: number }>> = {
  RS256: { digest: 'sha256' },
  ES256: { digest: 'sha256', size: 32 },
  ES384: { digest: 'sha384', size: 48 },
  ES512: { digest: 'sha512', size: 66 },
  EdDSA: { digest: null },
};

/** Tens of microseconds each. RSA and the larger curves take a third of a millisecond and more: not on the event loop. */
const quick: ReadonlySet<SigningAlg> = new Set(['ES256', 'EdDSA']);

/** The bare `KeyObject` and DER are the fast path of every Node version, here and below. */
function onThreadPool({ alg, privateKey }: SigningKey): Sign {
  const { digest, size } = forms[alg];
  return (data) =>
    new Promise((resolve, reject) => {
      signBytes(digest, data, privateKey, (error, signature) =>
        error ? reject(error) : resolve(size === undefined ? signature : derToRaw(signature, size)),
      );
    });
}

interface Waiting {
  readonly data: Buffer;
  readonly resolve: (signature: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

/** Signatures per turn of the event loop: one to two milliseconds of them, then other work has its turn. */
const maxBatch = 64;

/**
 * The signatures of one turn of the event loop back to back, when the curve's tables are warm: nearly twice as many per
 * second as one by one.
 */
function inBatches({ alg, privateKey }: SigningKey): Sign {
  const { digest, size } = forms[alg];
  let waiting: Waiting[] = [];
  const flush = (): void => {
    const batch = waiting.slice(0, maxBatch);
    waiting = waiting.slice(maxBatch);
    if (waiting.length > 0) setImmediate(flush);
    for (const { data, resolve, reject } of batch) {
      try {
        const signature = signBytes(digest, data, privateKey);
        resolve(size === undefined ? signature : derToRaw(signature, size));
      } catch (error) {
        reject(error);
      }
    }
  };
  return (data) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ data, resolve, reject }) === 1) setImmediate(flush);
    });
}
