import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import type { HttpResponse } from '../http/exchange.ts';
import { PayloadTooLarge } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { splitTarget } from '../http/target.ts';
import type { Log } from '../observe/log.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import type { OwnHeaders } from './own-answer.ts';
import { sendOwn } from './own-answer.ts';
import { isShort, readWhole, shortBody } from './read-body.ts';
import { tooLarge } from './too-large.ts';

/** The MCP server behind one endpoint. */
export interface Backend {
  readonly target: URL;
  readonly pool: Pool;
  readonly log: Log;
  readonly lookEvery: Milliseconds;
  /** Streams that run now; they end when these are aborted. */
  readonly streams: Set<AbortController>;
  readonly close: () => Promise<void>;
  /** No new requests; resolves when the running ones and the streams have ended. */
  readonly retire: () => Promise<void>;
}

/** One request that may pass. */
export interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly correlationId: string;
  readonly own: OwnHeaders;
  /** The answer begins now. */
  readonly begun: () => void;
  /** Headers that continue our trace, in place of the client's. */
  readonly trace: Readonly<Record<string, string>>;
  /** The MCP session: its header for the server, and its header for the client. */
  readonly mcpSession: Readonly<Record<string, string>>;
  readonly answeredSession: (id: string | string[] | undefined) => Readonly<Record<string, string>>;
  /** The credential that is injected; `null` for none. */
  readonly authorization: string | null;
  readonly maxBody: number;
  /** The body, when it was read already. */
  readonly body?: Buffer;
  /** When the client's token ends; a stream ends with it. */
  readonly endsAt: Milliseconds;
  readonly alive: () => Promise<boolean>;
  readonly clock: Clock;
  readonly refuse: (description: string) => HttpResponse;
}

/** How a backend is watched. */
export interface BackendOptions {
  readonly log: Log;
  /** How often a running stream looks whether its grant still lives; 30 s by default. */
  readonly lookEvery?: Milliseconds;
}

/** Longest time until an MCP server begins to answer: tools may think for minutes. */
const headersTimeout: Milliseconds = 900_000;

/** Connections to one MCP server, kept alive. Streams may be silent for as long as they like. */
export function openBackend(target: string, { log, lookEvery = 30_000 }: BackendOptions): Backend {
  const url = new URL(target);
  const pool = new Pool(url.origin, { bodyTimeout: 0, headersTimeout, connect: { timeout: 10_000 } });
  return {
    target: url,
    pool,
    log,
    lookEvery,
    streams: new Set(),
    close: () => pool.destroy(),
    retire: () => pool.close(),
  };
}

/** Carries a request to the MCP server and the answer back, unbuffered. Who leaves first takes the other along. */
export async function forward(backend: Backend, passing: Passing): Promise<void> {
  const { request, response, correlationId } = passing;
  const ended = new AbortController();
  const onClose = (): void => {
    // An answer that went out whole needs no end, and ending costs.
    if (!response.writableFinished) ended.abort();
  };
  response.once('close', onClose);
  try {
    await exchange(backend, passing, ended);
  } catch (error) {
    if (response.destroyed || ended.signal.aborted) {
      response.destroy();
      return;
    }
    sendOwn(passing, failure(backend, passing, error));
    if (response.headersSent) response.destroy();
    request.resume();
    backend.log.debug({ correlationId }, 'proxied request ended early');
  } finally {
    response.off('close', onClose);
  }
}

async function exchange(backend: Backend, passing: Passing, ended: AbortController): Promise<void> {
  const { pool, target } = backend;
  const { request, response } = passing;
  const answer = await pool.request({
    method: request.method ?? 'GET',
    path: pathOf(target, request),
    headers: {
      ...requestHeaders(request.headers),
      ...lengthOf(request),
      ...passing.mcpSession,
      ...passing.trace,
      ...(passing.authorization !== null && { authorization: passing.authorization }),
    },
    body: await bodyOf(passing),
    signal: ended.signal,
  });
  const ours = insteadOf(backend, passing, answer);
  if (ours) {
    sendOwn(passing, ours);
    // Nobody waits for the end of a body that nobody reads; one without end takes its connection along.
    answer.body.dump({ limit: 65_536 }).catch(() => answer.body.destroy());
    return;
  }
  const headers = {
    ...answerHeaders(answer.headers, passing.own),
    ...passing.answeredSession(answer.headers['mcp-session-id']),
  };
  if (Number(answer.headers['content-length'] ?? Infinity) <= shortBody) {
    const body = await answer.body.bytes();
    response.writeHead(answer.statusCode, headers).end(body);
    passing.begun();
    return;
  }
  response.writeHead(answer.statusCode, headers);
  response.flushHeaders();
  passing.begun();
  const stopWatch = watchAnswer(backend, { passing, ended });
  // Shutdown lets other answers end by themselves.
  if (isEventStream(answer.headers)) backend.streams.add(ended);
  try {
    await pipeline(answer.body, response);
  } finally {
    stopWatch();
    backend.streams.delete(ended);
  }
}

/** Answers of the MCP server that mean nothing to the client, or would lead it astray. */
function insteadOf(
  { log, target }: Backend,
  { correlationId, refuse }: Passing,
  { statusCode }: { readonly statusCode: number },
): HttpResponse | null {
  const about = { target: target.origin, correlationId, status: statusCode };
  if (statusCode === 401) {
    // Its own challenge names an authorization server that is not the client's.
    log.warn(about, 'the MCP server refused the credential that was injected');
    return refuse('the MCP server refused the credential of the identity provider');
  }
  if (statusCode >= 300 && statusCode < 400 && statusCode !== 304) {
    // The address would be one of the inner network.
    log.error(about, 'the MCP server redirects: "target" of this proxy must be its final address');
    return badGateway('the MCP server is at another address', correlationId);
  }
  return null;
}

function answerHeaders(headers: IncomingHttpHeaders, own: OwnHeaders): Record<string, string | string[]> {
  const { vary } = own;
  const all = { ...responseHeaders(headers), ...own };
  if (vary !== undefined && headers.vary !== undefined) all['vary'] = `${vary}, ${headers.vary}`;
  // Tells front proxies to pass events on as they come.
  if (isEventStream(headers)) all['x-accel-buffering'] = 'no';
  return all;
}

function isEventStream(headers: IncomingHttpHeaders): boolean {
  return /^text\/event-stream\b/iu.test(String(headers['content-type']));
}

/** A short body of known length goes on in one piece; any other as it comes. */
async function bodyOf({ request, maxBody, body }: Passing): Promise<Buffer | Readable | null> {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = request.headers;
  if (coding === undefined && Number(length) === 0) return null;
  if (body) return body;
  return isShort(request) ? readWhole(request) : Readable.from(capped(request, maxBody));
}

/** A known length stays known: some servers refuse chunked bodies. Node has checked that it is true. */
function lengthOf({ headers }: IncomingMessage): Record<string, string> {
  const length = headers['content-length'];
  return length === undefined || length === '0' ? {} : { 'content-length': length };
}

async function* capped(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  let size = 0;
  // A destroyed request would take its connection along, and our answer with it. It yields buffers: no encoding is set.
  const chunks: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new PayloadTooLarge(limit);
    yield chunk;
  }
}

/** The client's query is added to the target's own. */
function pathOf(target: URL, request: IncomingMessage): string {
  const { query } = splitTarget(request.url ?? '');
  const all = [target.search.slice(1), query].filter((part) => part !== '').join('&');
  return all === '' ? target.pathname : `${target.pathname}?${all}`;
}

/**
 * Ends an answer with the token, to the moment, and soon after its grant, whatever its type says: any answer can go on for
 * hours. Returns what stops the watch.
 */
function watchAnswer(
  { lookEvery }: Backend,
  { passing, ended }: { readonly passing: Passing; readonly ended: AbortController },
): () => void {
  const { alive, endsAt, clock } = passing;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const wait = (): void => {
    if (!over) timer = setTimeout(look, Math.max(0, Math.min(lookEvery, endsAt - clock())));
  };
  const look = (): void => {
    if (clock() >= endsAt) ended.abort();
    else void alive().then((lives) => (lives ? wait() : ended.abort()));
  };
  wait();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

function failure(
  { log, target }: Backend,
  { correlationId, maxBody }: Passing,
  error: unknown,
): HttpResponse {
  if (error instanceof PayloadTooLarge) return tooLarge(maxBody);
  const reason = error instanceof Error ? error.message : 'unknown';
  log.error({ target: target.origin, correlationId, reason }, 'the MCP server cannot be reached');
  return badGateway('the MCP server cannot be reached', correlationId);
}

function badGateway(what: string, correlationId: string): HttpResponse {
  return json(502, { error: 'bad_gateway', error_description: `${what} (reference ${correlationId})` });
}
