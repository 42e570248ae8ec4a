/**
 * An ECDSA signature from DER to the two plain numbers of JWS (RFC 7518 §3.4). The input is always OpenSSL's, so only
 * its form is read.
 * @param size bytes of each number
 */
export function derToRaw(der: Uint8Array, size: number): Buffer {
  const raw = Buffer.alloc(size * 2);
  // SEQUENCE, then its length: one byte, or two when it is 128 or more (P-521).
  let at = (der[1] ?? 0) & 0x80 ? 3 : 2;
  for (const end of [size, size * 2]) {
    const length = der[at + 1] ?? 0;
    const from = at + 2;
    at = from + length;
    // A leading zero only keeps the number positive.
    const zeros = Math.max(0, length - size);
    raw.set(der.subarray(from + zeros, at), end - (length - zeros));
  }
  return raw;
}
