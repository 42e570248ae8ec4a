import type { IncomingMessage } from 'node:http';
import type { HttpResponse } from './exchange.ts';
import { json } from './headers.ts';

/** Of these a request has one. Node keeps the first and drops the others; whoever stands before us may keep the last. */
const single = ['authorization', 'host'];

/**
 * Refuses what two readers of one request could read differently; `null`: it is fine. Node's parser refuses the rest:
 * lengths that disagree, unfinished transfer codings, bare line ends, folded lines.
 */
export function checkWire(request: IncomingMessage): HttpResponse | null {
  // RFC 9112 §3.2, RFC 9110 §5.3
  const repeated = single.find((name) => countOf(request, name) > 1);
  if (repeated !== undefined) return ambiguous(`the header ${repeated} came more than once`);
  const coding = request.headers['transfer-encoding'];
  if (coding === undefined) return null;
  // RFC 9112 §6.1: in HTTP/1.0 it means nothing good, and another coding than `chunked` would pass on undone.
  const plain = coding.toLowerCase() === 'chunked' && request.httpVersion === '1.1';
  return plain ? null : ambiguous('only the transfer coding "chunked" of HTTP/1.1 is understood');
}

/** Names stand at the even places. */
function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const other = rawHeaders[at];
    if (other?.length === name.length && other.toLowerCase() === name) count += 1;
  }
  return count;
}

/** The connection ends too: nobody knows where the next request on it would begin. */
function ambiguous(description: string): HttpResponse {
  const body = { error: 'invalid_request', error_description: description };
  return json(400, body, { connection: 'close' });
}
