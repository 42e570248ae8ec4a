import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EmbeddedAuthServer } from '../server/embedded.ts';

/** The part of a Koa context that mounting needs. */
export interface KoaContextLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  /** `false` leaves the answer to us. */
  respond?: boolean;
}

/** A middleware for Koa: `app.use(koaMiddleware(auth))`. */
export function koaMiddleware(
  auth: Pick<EmbeddedAuthServer, 'handler' | 'serves'>,
): (context: KoaContextLike, next: () => Promise<unknown>) => Promise<unknown> {
  return async (context, next) => {
    if (!auth.serves(context.path)) return next();
    // Koa's own switch for answers that others write; there is no other way to set it.
    Object.assign(context, { respond: false });
    return auth.handler(context.req, context.res);
  };
}
