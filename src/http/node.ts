import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Handler, HttpRequest, HttpResponse } from './exchange.ts';
import { PayloadTooLarge } from './exchange.ts';
import { splitTarget } from './target.ts';
import { checkWire } from './wire.ts';

/** A listener for `node:http`, and a middleware for Express and Connect: paths that are not ours go to `next`. */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** What frameworks add to a request: the target before mounting, and a body that they have read already. */
interface FrameworkRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly body?: unknown;
}

/** The exchange's view of a Node request. `originalUrl` counts, so that mounting under a path changes nothing. */
function requestFromNode(request: FrameworkRequest): HttpRequest {
  const { path, query } = splitTarget(request.originalUrl ?? request.url ?? '/');
  return {
    method: request.method ?? 'GET',
    path,
    query,
    // Only `set-cookie` is ever a list there, and no request of ours has it.
    headers: request.headers as Readonly<Record<string, string | undefined>>,
    remoteAddress: request.socket.remoteAddress,
    text: (limit) => readText(request, limit),
  };
}

function readText(request: FrameworkRequest, limit: number): Promise<string> {
  if (request.readableEnded) return readParsed(request, limit);
  if (Number(request.headers['content-length'] ?? 0) > limit)
    return Promise.reject(new PayloadTooLarge(limit));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        reject(new PayloadTooLarge(limit));
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] ? chunks[0].toString() : Buffer.concat(chunks).toString()),
    );
    request.on('error', reject);
    request.on('aborted', () => reject(new Error('the client went away')));
  });
}

/** A body parser was there before us: write again what it read. Repeated parameters stay repeated. */
function readParsed({ body, headers }: FrameworkRequest, limit: number): Promise<string> {
  const text =
    typeof body === 'string' ? body : Buffer.isBuffer(body) ? body.toString() : rewrite(body, headers);
  return Buffer.byteLength(text) > limit ? Promise.reject(new PayloadTooLarge(limit)) : Promise.resolve(text);
}

function rewrite(body: unknown, headers: IncomingMessage['headers']): string {
  if (typeof body !== 'object' || body === null) return '';
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return JSON.stringify(body);
  const pairs = Object.entries(body).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((item) => [name, String(item)]),
  );
  return new URLSearchParams(pairs).toString();
}

/** Writes an answer. A refused upload also ends the connection, because the rest of the body is never read. */
export function sendToNode(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  if (response.headersSent || response.destroyed) return;
  // All headers at once: one by one, each would be looked at again when they are written.
  const all: OutgoingHttpHeaders = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) all[name] = typeof value === 'string' ? value : [...value];
  }
  if (status === 413) all['connection'] = 'close';
  if (body !== undefined) all['content-length'] = Buffer.byteLength(body);
  else if (status !== 204 && status !== 304) all['content-length'] = 0;
  response.writeHead(status, all);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/**
 * Carries `handle` on `node:http`.
 * @param serves with `next`: tells which paths are ours; without it every request is.
 */
export function toNodeHandler(handle: Handler, serves?: (path: string) => boolean): NodeHandler {
  return (request, response, next) => {
    const exchange = requestFromNode(request);
    if (next && serves && !serves(exchange.path)) {
      next();
      return;
    }
    const refusal = checkWire(request);
    if (refusal) sendToNode(response, refusal);
    else void answer(exchange, response);
  };

  async function answer(exchange: HttpRequest, response: ServerResponse): Promise<void> {
    try {
      sendToNode(response, await handle(exchange));
    } catch {
      // Handlers answer their own failures; whatever still comes here has no safe detail to tell.
      sendToNode(response, {
        status: 500,
        headers: { 'content-type': 'application/json' },
        body: '{"error":"server_error"}',
      });
    }
  }
}
