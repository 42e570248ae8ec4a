import type { IncomingMessage } from 'node:http';

/** Bytes of a body, either way, that is held until it is whole: nearly every MCP message, and far cheaper in one piece. */
export const shortBody = 65_536;

/** Whether a body is short, and known to be. */
export function isShort({ headers }: IncomingMessage): boolean {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = headers;
  return coding === undefined && Number(length) <= shortBody;
}

/** A whole body. Node ends the request at its announced length. */
export function readWhole(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the client went away')));
  });
}

/** Bytes of a message that we answer ourselves. */
const longestMessage = 1_048_576;

/** A whole body that is looked at; `null` when it is too long for that. @param longest bytes */
export async function readMessage(
  request: IncomingMessage,
  longest: number = longestMessage,
): Promise<Buffer | null> {
  if (isShort(request) && Number(request.headers['content-length'] ?? 0) <= longest)
    return readWhole(request);
  const chunks: Buffer[] = [];
  let size = 0;
  // A destroyed request would take its connection along, and our answer with it. It yields buffers: no encoding is set.
  const incoming: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > longest) {
      request.resume();
      return null;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
