import type { Server } from 'node:http';
import express from 'express';
import type { EmbeddedAuthServer } from '../../src/index.ts';

/** Express: the handler is a middleware. A body parser before it does no harm. */
export function listen(auth: EmbeddedAuthServer, port: number): Server {
  const app = express();
  app.use(express.json(), express.urlencoded());
  app.use(auth.handler);
  app.get('/', (_request, response) => void response.send('the app itself'));
  return app.listen(port, '127.0.0.1');
}
