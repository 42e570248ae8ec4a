import { Hono } from 'hono';
import { honoMiddleware } from '../../src/adapters/hono.ts';
import type { EmbeddedAuthServer } from '../../src/index.ts';

/** Hono, on whatever runtime: a middleware. */
export function app(auth: EmbeddedAuthServer): { fetch(request: Request): Response | Promise<Response> } {
  const hono = new Hono();
  hono.use(honoMiddleware(auth));
  hono.get('/', (context) => context.text('the app itself'));
  return hono;
}
