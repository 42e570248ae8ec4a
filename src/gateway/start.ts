import { capsOf } from '../config/limits.ts';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import type { ConfigSource } from '../config/source.ts';
import type { Log } from '../observe/log.ts';
import { createAuthServer } from '../server/auth-server.ts';
import { openStore } from '../store/open-store.ts';
import type { Milliseconds } from '../types/time.ts';
import type { Gateway } from './gateway.ts';
import { startAdmin } from './admin-listener.ts';
import { createGateway } from './gateway.ts';
import { listen } from './listen.ts';
import { complete, followCertificate, reloader, watchSource } from './reload.ts';

/** A gateway that listens. */
export interface RunningGateway {
  /** Where it listens, which is not always its public address. */
  readonly url: string;
  /** Lets running requests end for a moment, then ends everything; idempotent. */
  readonly close: () => Promise<void>;
  /** Of the second listener; `null` when there is none. */
  readonly adminUrl: string | null;
  /**
   * Takes on a configuration, without one what its source says now: all of it or nothing, and no request fails.
   * @returns what changed, a line each
   * @throws {ConfigError} also for what only a restart can change
   * @throws {SallyportError} `key_invalid`, `key_ring_locked`, `storage_failed`
   */
  readonly reload: (config?: Config) => Promise<readonly string[]>;
  /** Opens the audit file anew, after a log rotation moved it away. */
  readonly reopen: () => void;
}

export interface StartOptions {
  /** Keys, secrets and the database are kept here, as far as the configuration does not say otherwise. */
  readonly stateDir: string;
  readonly log: Log;
  /** Where the configuration came from: its files are watched, and read again for a reload. */
  readonly source?: ConfigSource;
  /** For file systems that tell nothing of changes: how often to look; 30 s by default. */
  readonly pollEvery?: Milliseconds;
}

/** How long running requests may take to end at shutdown, in milliseconds. */
const shutdownGrace = 5000;

/** How long a connection may seem idle at shutdown whose next request is on its way, in milliseconds. */
const idleGrace = 100;

/**
 * Starts the gateway. An upstream that is down does not stop it.
 * @throws {SallyportError} `config_invalid` when it is not said who may sign in, and everybody could; `key_invalid`,
 * `key_ring_locked`, `storage_failed`. An address in use is node's own error, with the setting named in the message.
 */
export async function startGateway(given: Config, options: StartOptions): Promise<RunningGateway> {
  const { stateDir, log } = options;
  const config = await complete(given, stateDir);
  const auth = await createAuthServer(config, await openStore(config.storage, capsOf(config)), { log });
  const gateway = createGateway(auth, { log, tellReasons: config.admin === null });
  const reload = reloader(auth, given, options);
  const closeParts = async (): Promise<void> => {
    await gateway.close();
    await auth.close();
  };
  const servers: Server[] = [];
  const failed = async (error: unknown): Promise<never> => {
    for (const opened of servers) opened.close();
    await closeParts();
    throw error;
  };
  const server = await listening(config, gateway.listener).catch(failed);
  servers.push(server);
  const admin = await startAdmin(auth, { gateway, reload }).catch(failed);
  const watching = await watchSource(options, reload);
  followCertificate(auth, server);
  for (const warning of config.warnings) log.warn({}, warning);
  log.info({ issuer: config.issuer, listen: config.listen.port }, 'the gateway is running');
  let closed: Promise<void> | undefined;
  return {
    url: addressOf(server, config),
    adminUrl: admin?.url ?? null,
    reload,
    close: () =>
      (closed ??= (async () => {
        await watching?.close();
        gateway.drain();
        // Load balancers look at `/readyz` now and then; until they did, they send new requests here.
        if (auth.config.shutdownDelay > 0) await setTimeoutPromise(auth.config.shutdownDelay);
        await stop(server, gateway);
        await admin?.close();
        await closeParts();
      })()),
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
  await listen(server, { ...config.listen, setting: 'listen' });
  return server;
}

function addressOf(server: Server, { listen: { host, tls } }: Config): string {
  // A listening TCP server has an address.
  const { port } = server.address() as AddressInfo;
  return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** No new connections; streams end now, idle connections in a moment, busy ones with their answer. */
async function stop(server: Server, gateway: Gateway): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    // Not the one of http, which closes connections between two requests of a busy client.
    NetServer.prototype.close.call(server, () => resolve());
  });
  gateway.endStreams();
  const sweep = setInterval(() => server.closeIdleConnections(), idleGrace);
  const timer = setTimeout(() => server.closeAllConnections(), shutdownGrace);
  await ended;
  // What http itself has to end: its look for slow requests.
  server.close();
  clearInterval(sweep);
  clearTimeout(timer);
}
