import { sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Signs a JWT with ES256; the signatures of one turn of the event loop back to back. */
export function batchedSigner(key: KeyObject): (claims: object) => Promise<string> {
  const head = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"bench"}').toString('base64url');
  let waiting: { readonly input: string; readonly resolve: (jwt: string) => void }[] = [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    for (const { input, resolve } of batch) {
      const signature = rawSignature(signBytes('sha256', Buffer.from(input), key));
      resolve(`${input}.${signature.toString('base64url')}`);
    }
  };
  return (claims) =>
    new Promise((resolve) => {
      const input = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      if (waiting.push({ input, resolve }) === 1) setImmediate(flush);
    });
}

/** DER to the two numbers of RFC 7518 §3.4, 32 bytes each. */
function rawSignature(der: Buffer): Buffer {
  const raw = Buffer.alloc(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const bytes = der.subarray(at + 2, at + 2 + length);
    const number = bytes.subarray(Math.max(0, length - 32));
    raw.set(number, end - number.length);
    at += 2 + length;
  }
  return raw;
}
