import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readParameters } from './exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from './exchange.ts';

/** What happens to a request in the end: an answer, or a way of not giving one. */
export type Outcome = SimulatedAnswer | 'hang' | 'reset' | 'slow-headers';

/** A server on loopback that can be stopped and started again on the same port. */
export interface Listener {
  /** Of the running or last running server. */
  readonly port: number;
  start(): Promise<void>;
  /** Refuses connections and ends those that are open. */
  stop(): Promise<void>;
}

export function createListener(options: {
  readonly port: number;
  readonly handle: (request: SimulatedRequest) => Promise<Outcome>;
}): Listener {
  let { port } = options;
  const server = createServer((request, response) => {
    serve(request, response, options.handle).catch(() => response.destroy());
  });
  return {
    get port() {
      return port;
    },
    start: async () => {
      await listen(server, port);
      // A server on a TCP port has an address with a number.
      ({ port } = server.address() as AddressInfo);
    },
    stop: () => stop(server),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: SimulatedRequest) => Promise<Outcome>,
): Promise<void> {
  const outcome = await handle(await readRequest(request));
  if (outcome === 'hang') return;
  if (outcome === 'reset') return void request.socket.resetAndDestroy();
  if (outcome === 'slow-headers') return drip(request);
  response.writeHead(outcome.status, outcome.headers).end(outcome.body);
}

async function readRequest(request: IncomingMessage): Promise<SimulatedRequest> {
  const chunks: Buffer[] = [];
  // A stream without an encoding gives buffers.
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  return {
    method: request.method ?? 'GET',
    url,
    headers: request.headers,
    body,
    parameters: readParameters(url, body, request.headers['content-type']),
  };
}

/** One header every 50 ms, for as long as the other side listens. */
function drip({ socket }: IncomingMessage): void {
  socket.write('HTTP/1.1 200 OK\r\n');
  const timer = setInterval(() => socket.write('x-drop: 1\r\n'), 50);
  timer.unref();
  socket.on('close', () => clearInterval(timer));
  socket.on('error', () => clearInterval(timer));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
