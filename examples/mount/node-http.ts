import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { EmbeddedAuthServer } from '../../src/index.ts';

/** Raw `node:http`: our paths first, yours after. */
export function listen(auth: EmbeddedAuthServer, port: number): Server {
  const server = createServer((request, response) => {
    auth.handler(request, response, () => response.end('the app itself'));
  });
  return server.listen(port, '127.0.0.1');
}
