import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EmbeddedAuthServer } from '../server/embedded.ts';

/** The part of a Fastify instance that mounting needs. */
export interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse; hijack(): unknown },
      done: () => void,
    ) => void,
  ): unknown;
}

/** Mounts the server in Fastify: `mountFastify(app, auth)`. Runs before body parsing; other routes are not touched. */
export function mountFastify(app: FastifyLike, auth: Pick<EmbeddedAuthServer, 'handler' | 'serves'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    const [path = ''] = (request.raw.url ?? '').split('?', 1);
    if (!auth.serves(path)) {
      done();
      return;
    }
    reply.hijack();
    auth.handler(request.raw, reply.raw);
  });
}
