import { randomFillSync } from 'node:crypto';

/** One system call per 4 KiB instead of one per token. Bytes are wiped as they are handed out. */
const pool = Buffer.allocUnsafeSlow(4096);
let used = pool.length;

/**
 * Random bytes of the system's generator; the caller owns them.
 * @throws {RangeError} unless `count` is a whole number: anything else would hand out bytes that were wiped already
 */
export function randomBytes(count: number): Buffer {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError('random bytes come in whole numbers');
  if (count > pool.length) return randomFillSync(Buffer.alloc(count));
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + count));
  pool.fill(0, used, used + count);
  used += count;
  return bytes;
}

/** A random token in base64url. @param bytes of randomness, 32 by default */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
