import type { Config } from '../config/config.ts';
import type { AuthStore } from '../store/contract.ts';
import type { AuthServer, AuthServerOptions } from './auth-server.ts';
import type { EmbeddedAuthServer, EmbeddedOptions } from './embedded.ts';

// The server is loaded when one is made, so that importing this package costs a program next to nothing.

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
  const server = await import('./embedded.ts');
  return server.createEmbeddedAuthServer(runConfig, options);
}

/**
 * Builds the server over a resolved configuration. Owns `store` from the first moment: it is closed by `close()`, and
 * before this rejects. Does not wait for any upstream.
 * @throws {SallyportError} `key_invalid`, `key_ring_locked`, `storage_failed`
 */
export async function createAuthServer(
  config: Config,
  store: AuthStore,
  options: AuthServerOptions = {},
): Promise<AuthServer> {
  const server = await import('./auth-server.ts');
  return server.createAuthServer(config, store, options);
}
