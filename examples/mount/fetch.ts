import type { EmbeddedAuthServer } from '../../src/index.ts';

/** Any `fetch` server (Bun, Deno, Workers …). */
export function app(auth: EmbeddedAuthServer): { fetch(request: Request): Response | Promise<Response> } {
  return {
    fetch: (request) =>
      auth.serves(new URL(request.url).pathname) ? auth.fetch(request) : new Response('the app itself'),
  };
}
