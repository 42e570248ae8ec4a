import type { Server } from 'node:http';
import Koa from 'koa';
import { koaMiddleware } from '../../src/adapters/koa.ts';
import type { EmbeddedAuthServer } from '../../src/index.ts';

/** Koa: a middleware. */
export function listen(auth: EmbeddedAuthServer, port: number): Server {
  const app = new Koa();
  app.use(koaMiddleware(auth));
  app.use((context) => {
    context.body = 'the app itself';
  });
  return app.listen(port, '127.0.0.1');
}
