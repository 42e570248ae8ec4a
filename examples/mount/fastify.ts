import type { Server } from 'node:http';
import { fastify } from 'fastify';
import { mountFastify } from '../../src/adapters/fastify.ts';
import type { EmbeddedAuthServer } from '../../src/index.ts';

/** Fastify: one call before your routes. */
export function listen(auth: EmbeddedAuthServer, port: number): Server {
  const app = fastify();
  mountFastify(app, auth);
  app.get('/', () => 'the app itself');
  void app.listen({ port, host: '127.0.0.1' });
  return app.server;
}
