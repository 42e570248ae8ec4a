import type { Handler, HttpRequest, HttpResponse } from './exchange.ts';
import { PayloadTooLarge } from './exchange.ts';

/** A web-standard handler: Bun, Deno, Workers, Hono, Next and every other server that speaks `Request → Response`. */
export type FetchHandler = (
  request: Request,
  info?: { readonly remoteAddress?: string },
) => Promise<Response>;

/** Carries `handle` on web-standard `fetch`. The peer's address comes from the host, which alone knows it. */
export function toFetchHandler(handle: Handler): FetchHandler {
  return async (request, info) =>
    toResponse(await handle(requestFromFetch(request, info?.remoteAddress)), request.method);
}

function requestFromFetch(request: Request, remoteAddress: string | undefined): HttpRequest {
  const url = new URL(request.url);
  return {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    headers: Object.fromEntries(request.headers),
    remoteAddress,
    text: (limit) => readText(request, limit),
  };
}

async function readText(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw new PayloadTooLarge(limit);
  if (request.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) throw new PayloadTooLarge(limit);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function toResponse({ status, headers, body }: HttpResponse, method: string): Response {
  const list = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const item of typeof value === 'string' ? [value] : value) list.append(name, item);
  }
  // A `Uint8Array` of ours is never backed by shared memory, which is all that the type leaves open.
  const content = method === 'HEAD' ? null : ((body ?? null) as string | Uint8Array<ArrayBuffer> | null);
  return new Response(content, { status, headers: list });
}
