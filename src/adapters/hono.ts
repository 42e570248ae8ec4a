import type { EmbeddedAuthServer } from '../server/embedded.ts';

/** The part of a Hono context that mounting needs. */
export interface HonoContextLike {
  readonly req: { readonly path: string; readonly raw: Request };
}

/** A middleware for Hono: `app.use(honoMiddleware(auth))`. */
export function honoMiddleware(
  auth: Pick<EmbeddedAuthServer, 'fetch' | 'serves'>,
): (context: HonoContextLike, next: () => Promise<void>) => Promise<Response | void> {
  return (context, next) => (auth.serves(context.req.path) ? auth.fetch(context.req.raw) : next());
}
