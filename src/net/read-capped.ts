import type { ReadableStream } from 'node:stream/web';

/**
 * Reads a body to its end, or `null` when it grows larger than `limit` bytes; the rest is then cancelled, not drained,
 * so that a large body costs neither memory nor time.
 */
export async function readCapped(
  body: ReadableStream | null,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!body) return new Uint8Array(0);
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatenate(chunks, size);
    // The stream of an HTTP body yields bytes and nothing else (Fetch §6.2.1); its type does not say so.
    const chunk = value as Uint8Array;
    size += chunk.length;
    if (size > limit) {
      await reader.cancel();
      return null;
    }
    chunks.push(chunk);
  }
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
