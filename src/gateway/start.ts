import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { createAuthServer } from '../server/auth-server.ts';
import { openStore } from '../store/open-store.ts';
import { SallyportError } from '../types/error.ts';
import { missingAccess } from '../upstream/public-upstreams.ts';
import type { Gateway } from './gateway.ts';
import { createGateway } from './gateway.ts';
import { withStateDir } from './state-dir.ts';

/** A gateway that listens. */
export interface RunningGateway {
  /** Where it listens, which is not always its public address. */
  readonly url: string;
  /** Lets running requests end for a moment, then ends everything; idempotent. */
  readonly close: () => Promise<void>;
  /** Opens the audit file anew, after a log rotation moved it away. */
  readonly reopen: () => void;
}

export interface StartOptions {
  /** Keys, secrets and the database are kept here, as far as the configuration does not say otherwise. */
  readonly stateDir: string;
  readonly log: Log;
}

/** How long running requests may take to end at shutdown, in milliseconds. */
const shutdownGrace = 5000;

/**
 * Starts the gateway. An upstream that is down does not stop it.
 * @throws {SallyportError} `config_invalid` when it is not said who may sign in, and everybody could; `key_invalid`,
 * `key_ring_locked`, `storage_failed`. An address in use is node's own error, with the setting named in the message.
 */
export async function startGateway(given: Config, { stateDir, log }: StartOptions): Promise<RunningGateway> {
  const unsaid = missingAccess(given);
  if (unsaid !== null) throw new SallyportError('config_invalid', unsaid);
  const config = await withStateDir(given, stateDir);
  const auth = await createAuthServer(config, await openStore(config.storage), { log });
  const gateway = createGateway(auth, { log });
  const closeParts = async (): Promise<void> => {
    await gateway.close();
    await auth.close();
  };
  const server = await listening(config, gateway.listener).catch(async (error: unknown) => {
    await closeParts();
    throw error;
  });
  for (const warning of config.warnings) log.warn({}, warning);
  log.info({ issuer: config.issuer, listen: config.listen.port }, 'the gateway is running');
  let closed: Promise<void> | undefined;
  return {
    url: addressOf(server, config),
    close: () => (closed ??= stop(server, gateway).then(closeParts)),
    reopen: auth.observer.reopen,
  };
}

function createServer({ listen: { tls } }: Config, listener: RequestListener): Server {
  const limits = {
    headersTimeout: 20_000,
    // Counts until the request has arrived whole; answers may take as long as they like.
    requestTimeout: 300_000,
    // Longer than front proxies keep idle connections, so that they never send into a closing one.
    keepAliveTimeout: 75_000,
    maxHeaderSize: 32_768,
    requireHostHeader: true,
    // Whatever NODE_OPTIONS say: a lenient parser would let requests be smuggled.
    insecureHTTPParser: false,
  };
  if (tls === null) return createHttpServer(limits, listener);
  return createHttpsServer(
    { ...limits, cert: tls.cert, key: tls.key.reveal(), minVersion: 'TLSv1.2' },
    listener,
  );
}

async function listening(config: Config, listener: RequestListener): Promise<Server> {
  const server = createServer(config, listener);
  await listen(server, config);
  return server;
}

function listen(server: Server, { listen: { host, port } }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint = error.code === 'EADDRINUSE' ? `: choose another listen.port than ${port}` : '';
      reject(
        Object.assign(new Error(`cannot listen on ${host}:${port}${hint}`, { cause: error }), {
          code: error.code,
        }),
      );
    });
    server.listen({ host, port }, resolve);
  });
}

function addressOf(server: Server, { listen: { host, tls } }: Config): string {
  // A listening TCP server has an address.
  const { port } = server.address() as AddressInfo;
  return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** No new connections; idle ones and streams end now, busy ones soon. */
async function stop(server: Server, gateway: Gateway): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  gateway.endStreams();
  // A connection that has given its last answer would stay open for the client's next request.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), shutdownGrace);
  await ended;
  clearInterval(sweep);
  clearTimeout(timer);
}
