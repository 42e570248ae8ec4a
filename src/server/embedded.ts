import { capsOf } from '../config/limits.ts';
import { processIo, resolveRunConfig } from '../config/resolve.ts';
import type { ResolveIo } from '../config/resolve.ts';
import type { FetchHandler } from '../http/fetch.ts';
import { toFetchHandler } from '../http/fetch.ts';
import type { NodeHandler } from '../http/node.ts';
import { toNodeHandler } from '../http/node.ts';
import type { AuthStore } from '../store/contract.ts';
import { openStore } from '../store/open-store.ts';
import type { AccessCase, AccessExplanation } from '../upstream/access/explain.ts';
import type { AuthServer, AuthServerOptions } from './auth-server.ts';
import { createAuthServer } from './auth-server.ts';
import type { Readiness } from './readiness.ts';
import type { UpstreamAccess } from './upstream-access.ts';
import { upstreamAccess } from './upstream-access.ts';

/** What a host program may bring. */
export interface EmbeddedOptions extends AuthServerOptions {
  /** Owned from the call on: closed by `close()`, or when construction fails. Default: what `storage` says, else memory. */
  readonly store?: AuthStore;
  /** Where secrets come from; the process's environment and files by default. */
  readonly io?: ResolveIo;
}

/** An authorization server inside a host program. */
export interface EmbeddedAuthServer {
  /** For `node:http`, and as a middleware (`next`) for Express and the like: other paths go on. */
  readonly handler: NodeHandler;
  /** For web-standard servers. */
  readonly fetch: FetchHandler;
  /** True when a path is one of ours. */
  readonly serves: (path: string) => boolean;
  /** What to mount, for routers that want it spelled out. */
  readonly routes: AuthServer['routes'];
  /**
   * The signed-in user's tokens at an upstream, refreshed when they are about to end.
   * @param accessToken one of ours, as it came in the `Authorization` header
   * @param upstream name of one of several; the one that the user signed in with by default
   * @returns `null` when the token or its grant is not good (any more), or the user has no living connection there
   * @throws {SallyportError} `upstream_unavailable`, `storage_failed`: try again later
   * @throws {TypeError} when the configuration has no such upstream
   */
  readonly upstreamTokens: (accessToken: string, upstream?: string) => Promise<UpstreamAccess | null>;
  /** Public keys (RFC 7517) for verifying access tokens in this process. */
  readonly publicKeys: () => { readonly keys: readonly object[] };
  readonly readiness: () => Promise<Readiness>;
  /**
   * What the access rules in force say about somebody, and why: every rule, every key. Asks nobody and ends nothing.
   * @throws {SallyportError} `config_invalid` when there is no such upstream, or when the claims make no identity there
   */
  readonly checkAccess: (asked: AccessCase) => Promise<AccessExplanation>;
  /**
   * Takes on another `RunConfig`; without one reads the files of the one before again (rotated keys and secrets). Nothing
   * is watched: the host program decides when. All of it or nothing; running requests and logins go on.
   * @returns what changed, a line each
   * @throws {ConfigError} also for what only a restart can change: issuer, `storage`, `observe`
   * @throws {SallyportError} `key_invalid`, `key_ring_locked`, `storage_failed`
   */
  readonly reload: (runConfig?: unknown) => Promise<readonly string[]>;
  /** Every number about this server in Prometheus' text format (`text/plain; version=0.0.4`). */
  readonly metrics: () => Promise<string>;
  /** Idempotent: the same promise each time. */
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * Builds an authorization server from a `RunConfig` (ToolHive's schema and our sections): the object of a YAML or JSON
 * file. Reads files and environment; waits for no network.
 * @throws {ConfigError} with every problem at once
 * @throws {SallyportError} `key_invalid`, `key_ring_locked`, `storage_failed`
 */
export async function createEmbeddedAuthServer(
  runConfig: unknown,
  options: EmbeddedOptions = {},
): Promise<EmbeddedAuthServer> {
  const server = await build(runConfig, options);
  let latest = runConfig;
  return {
    handler: toNodeHandler(server.handle, server.serves),
    fetch: toFetchHandler(server.handle),
    serves: server.serves,
    get routes() {
      return server.routes;
    },
    upstreamTokens: (accessToken, upstream) => upstreamAccess(server, accessToken, upstream),
    publicKeys: () => server.keys.jwks,
    readiness: server.readiness,
    checkAccess: async (asked) => {
      // Loaded when it is needed: it reads claims as the providers do.
      const { explainAccess } = await import('../upstream/access/explain.ts');
      return explainAccess(server.config, asked);
    },
    metrics: server.metrics,
    reload: async (next = latest) => {
      const changes = await server.reload(() => resolveRunConfig(next, options.io ?? processIo));
      latest = next;
      return changes;
    },
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}

async function build(
  runConfig: unknown,
  { store, io = processIo, ...options }: EmbeddedOptions,
): Promise<AuthServer> {
  const config = await resolveRunConfig(runConfig, io).catch(async (error: unknown) => {
    await store?.close();
    throw error;
  });
  return createAuthServer(config, store ?? (await openStore(config.storage, capsOf(config))), options);
}
