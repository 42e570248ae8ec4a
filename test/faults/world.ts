import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKeyPem } from '../../src/crypto/signing-key.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import type { AuthStore } from '../../src/store/contract.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderFixture, OidcProviderOptions } from '../fixtures/oidc-provider.ts';
import type { Stack, StackOptions } from '../fixtures/stack.ts';
import { issuer, startStack, upstreamSecret } from '../fixtures/stack.ts';

type Config = Readonly<Record<string, unknown>>;

export interface BootOptions {
  readonly config?: Config;
  readonly wrapStore?: (store: AuthStore) => AuthStore;
  readonly collaborators?: NonNullable<StackOptions['collaborators']>;
}

/** One server process, as far as anybody outside can tell: authorization server and gateway over the world's database. */
export interface Instance {
  readonly stack: Stack;
  /** A request of a signed-in client to the MCP endpoint. */
  readonly mcp: (token: string) => Promise<Response>;
  readonly stop: () => Promise<void>;
}

/** A provider, an MCP server and a database file that outlive the servers between them; one clock for all servers. */
export class World {
  readonly provider: OidcProviderFixture;
  readonly path: string;
  readonly clock = { now: 0 };
  /** Credentials as they reached the MCP server. */
  readonly credentials: (string | undefined)[] = [];
  readonly #behind: Listening;
  readonly #config: Config;
  readonly #folder: string;
  readonly #running: Instance[] = [];
  readonly #stores: AuthStore[] = [];
  readonly #files = { '/keys/signing.pem': generateSigningKeyPem(), '/hmac': randomBytes(32) };

  private constructor(parts: { provider: OidcProviderFixture; behind: Listening; config: Config }) {
    this.provider = parts.provider;
    this.#behind = parts.behind;
    this.#config = parts.config;
    this.#folder = mkdtempSync(join(tmpdir(), 'sallyport-world-'));
    this.path = join(this.#folder, 'store.db');
  }

  static async start(config: Config = {}, provider: OidcProviderOptions = {}): Promise<World> {
    const holder: { world?: World } = {};
    const behind = await listen((request: IncomingMessage, response) => {
      holder.world?.credentials.push(request.headers.authorization);
      request.resume();
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":1,"result":{}}');
    });
    const client = {
      client_id: 'sallyport',
      client_secret: upstreamSecret,
      redirect_uris: [`${issuer}/oauth/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
    };
    // The provider's clock stands while ours is moved.
    const ttl = { idToken: 30 * 86_400, ...provider.ttl };
    const fixture = await startOidcProvider({ clients: [client], ...provider, ttl });
    holder.world = new World({ provider: fixture, behind, config });
    return holder.world;
  }

  /** How often the provider was asked for this, such as `POST /token`. */
  asked(request: string): number {
    return this.provider.requests.filter((one) => one === request).length;
  }

  /** Starts a server over the same database, keys and secrets as all others. */
  async boot({ config, wrapStore, collaborators }: BootOptions = {}): Promise<Instance> {
    const base = await openSqliteStore({ path: this.path, clock: () => Date.now() + this.clock.now });
    this.#stores.push(base);
    const stack = await startStack(
      {
        signing_key_config: { key_dir: '/keys', signing_key_file: 'signing.pem' },
        hmac_secret_files: ['/hmac'],
        proxy: [{ path: '/mcp', target: `${this.#behind.url}/mcp` }],
        upstreams: [this.#upstream()],
        ...this.#config,
        ...config,
      },
      {
        store: base,
        provider: this.provider,
        files: this.#files,
        clock: this.clock,
        ...(wrapStore && { wrapStore }),
        ...(collaborators && { collaborators }),
      },
    );
    const gateway = createGateway(stack.auth, { clock: () => stack.now() });
    const front = await listen(gateway.listener);
    const instance = {
      stack,
      mcp: (token: string) =>
        fetch(`${front.url}/mcp`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
        }),
      stop: async () => {
        await front.close();
        await gateway.close();
        await stack.auth.close();
      },
    };
    this.#running.push(instance);
    return instance;
  }

  /** With the scopes that the provider grants, so that a refresh is one request. */
  #upstream(): Config {
    const oidc_config = {
      issuer_url: this.provider.issuer,
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
      scopes: ['openid', 'profile', 'email'],
    };
    return { name: 'demo', type: 'oidc', oidc_config };
  }

  /** Ends the servers, not the world. */
  async stopAll(): Promise<void> {
    for (const instance of this.#running.splice(0)) await instance.stop();
    // What died, maybe while it started, holds no file either.
    for (const store of this.#stores.splice(0)) await store.close();
  }

  async close(): Promise<void> {
    await this.stopAll();
    await this.provider.close();
    await this.#behind.close();
    rmSync(this.#folder, { recursive: true });
  }
}
