import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the demo that is up. */
export interface LoopbackServer {
  /** `http://localhost:<port>`, without a trailing slash. */
  readonly url: string;
  /** Settles when the server has stopped, whether asked to or not. */
  readonly stopped: Promise<void>;
  close(): Promise<void>;
}

/** Somebody else listens on the port. The message names the way out. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';

  constructor(place: ListenOptions, options: { cause: unknown }) {
    super(
      `Port ${place.port} is taken, and ${place.what} needs one. ` +
        `Stop what listens there, or choose another port: ${place.variable}=${place.port + 1000} npm start`,
      options,
    );
  }
}

export interface ListenOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Who wants the port, in words. */
  readonly what: string;
  /** The environment variable that chooses another. */
  readonly variable: string;
}

/** Throws {@link PortTaken} when the error, or what caused it, is about a port in use; otherwise throws it as it is. */
export function explainListenError(error: unknown, place: ListenOptions): never {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'EADDRINUSE') throw new PortTaken(place, { cause: error });
  }
  throw error;
}

async function listen(server: Server, place: ListenOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: '127.0.0.1', port: place.port }, resolve);
  await promise.catch((error: unknown) => explainListenError(error, place));
  server.off('error', reject);
  // A server that listens on TCP has an address object; a string is for pipes, null for closed ones.
  return (server.address() as AddressInfo).port;
}

/**
 * Listens on loopback only, and only for requests that name it: a page elsewhere that points its own host name at
 * 127.0.0.1 gets nothing (DNS rebinding).
 * @param build makes the listener once the address is known.
 */
export async function listenOnLoopback(
  place: ListenOptions,
  build: (url: string) => RequestListener | Promise<RequestListener>,
): Promise<LoopbackServer> {
  const server = createServer();
  const stopped = Promise.withResolvers<void>();
  server.once('close', stopped.resolve);
  const port = await listen(server, place);
  const url = `http://localhost:${port}`;
  const hosts = new Set([`localhost:${port}`, `127.0.0.1:${port}`]);
  const listener = await build(url);
  server.on('request', (request, response) => {
    if (hosts.has(request.headers.host ?? '')) listener(request, response);
    else response.writeHead(421).end();
  });
  return {
    url,
    stopped: stopped.promise,
    close() {
      server.close();
      server.closeAllConnections();
      return stopped.promise;
    },
  };
}
