import { createClientRegistry } from '../clients/registry.ts';
import type { Config } from '../config/config.ts';
import { createJwtSigner } from '../crypto/sign.ts';
import type { JwtSigner } from '../crypto/sign.ts';
import type { SigningKey } from '../crypto/signing-key.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { createJwtVerifier } from '../crypto/verify.ts';
import type { Handler } from '../http/exchange.ts';
import type { Router } from '../http/router.ts';
import { createRouter } from '../http/router.ts';
import type { KeySet } from '../keys/key-set.ts';
import { loadKeySet } from '../keys/key-set.ts';
import { openKeyRings } from '../keys/rings.ts';
import { createTokenCodec } from '../oauth/opaque-token.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { AuditFunction } from '../observe/audit/auditor.ts';
import { nameLabel } from '../observe/audit/labels.ts';
import { openAuditSink } from '../observe/audit/open-sink.ts';
import type { Log } from '../observe/log.ts';
import { silentLog } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import { createObserver } from '../observe/observer.ts';
import type { Sessions } from '../resource/sessions.ts';
import { createSessions } from '../resource/sessions.ts';
import type { AccessTokenVerifier } from '../resource/verify-access-token.ts';
import { createAccessTokenVerifier } from '../resource/verify-access-token.ts';
import { openTracer } from '../observe/traces/open-telemetry.ts';
import type { AuthStore } from '../store/contract.ts';
import { observeStore } from '../store/observed-store.ts';
import { observeProvider } from '../upstream/observed-provider.ts';
import type { Clock } from '../types/time.ts';
import type { Vault } from '../vault/vault.ts';
import { createVault } from '../vault/vault.ts';
import type { ServerContext } from './context.ts';
import { addGauges } from './gauges.ts';
import { locationsOf } from './locations.ts';
import type { Readiness } from './readiness.ts';
import { readiness } from './readiness.ts';
import { routesOf } from './routes.ts';

/** Collaborators that a host program or a test may bring. */
export interface AuthServerOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Hears every audit event as it happens, beside what `observe.audit` keeps. What it throws changes nothing. */
  readonly audit?: AuditFunction;
  /** What goes to the upstreams, instead of a guarded fetch whose policy follows from the configuration. Stays the caller's. */
  readonly fetch?: GuardedFetch;
  /** Makes the signer of a key; for keys that are not ours to hold, and to watch what is signed. */
  readonly createSigner?: (key: SigningKey) => JwtSigner;
}

/** The authorization server: one handler, and what a gateway or host program needs beside it. */
export interface AuthServer {
  /** Answers every path in `routes`; any other gets 404. */
  readonly handle: Handler;
  /** True when `handle` answers this path. */
  readonly serves: (path: string) => boolean;
  readonly routes: Router['routes'];
  readonly config: Config;
  readonly keys: KeySet;
  readonly tokens: AccessTokenVerifier;
  readonly sessions: Sessions;
  readonly vault: Vault;
  readonly observer: Observer;
  /** Keys for what a gateway tells MCP clients; see `KeyRings`. */
  readonly mcpSessions: readonly MacKey[];
  /** Every number about this server in Prometheus' text format, version 0.0.4. */
  readonly metrics: () => Promise<string>;
  /** Why it cannot serve logins right now, and what an operator should know. */
  readonly readiness: () => Promise<Readiness>;
  /** Idempotent; also closes the store. */
  readonly close: () => Promise<void>;
}

/** How long a grant seen alive counts as alive; revocation through this process is immediate all the same. */
const livenessCacheMs = 5000;

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
  const observer = await openObserver(config, options).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  try {
    const observed = observeStore(store, observer);
    const context = await createContext(config, { store: observed, observer }, options);
    addGauges(context);
    tellStart(context);
    return serverOf(context);
  } catch (error) {
    await store.close();
    await observer.close();
    throw error;
  }
}

/** @throws {SallyportError} `config_invalid` when audit events cannot be kept where they should be */
async function openObserver(
  { observe }: Config,
  { clock = Date.now, log = silentLog, audit }: AuthServerOptions,
): Promise<Observer> {
  const sink = await openAuditSink(observe.audit, { clock, log });
  const traces = observe.traces ? await openTracer() : null;
  return createObserver({ clock, log, sink, listener: audit, traces });
}

function tellStart({ config, keys, observer }: ServerContext): void {
  observer.audit.record('started', () => ({
    issuer: nameLabel(config.issuer),
    signingKey: nameLabel(keys.signing.kid),
    ephemeral: keys.ephemeral,
  }));
}

async function createContext(
  config: Config,
  { store, observer }: { readonly store: AuthStore; readonly observer: Observer },
  { clock = Date.now, log = silentLog, fetch, createSigner = createJwtSigner }: AuthServerOptions,
): Promise<ServerContext> {
  const [upstream] = config.upstreams;
  if (!upstream) throw new TypeError('a configuration needs an upstream');
  // Loaded when it is needed: the protocol and network libraries are most of what importing this package would cost.
  const { createProvider } = await import('../upstream/create-provider.ts');
  const keys = loadKeySet(config.signingKeys);
  const rings = await openKeyRings({ hmacSecrets: config.hmacSecrets, store });
  const signer = createSigner(keys.signing);
  const jwts = createJwtVerifier(keys.all, { clock });
  const looks = (cache: string) => (hit: boolean) =>
    observer.metrics.cacheLooks.add([cache, hit ? 'hit' : 'miss']);
  const onLook = looks('discovery');
  const named = createProvider(upstream, { clock, log, onLook, ...(fetch && { fetch }) });
  const provider = observeProvider(named, observer);
  const providers = new Map([[provider.name, provider]]);
  const clients = createClientRegistry({
    static: config.clients,
    registration: config.registration,
    scopesSupported: config.scopesSupported,
    baselineScopes: config.baselineClientScopes,
    idKeys: rings.clientIds,
    secretKeys: rings.clientSecrets,
    idTokenAlg: signer.alg,
    clock,
  });
  return {
    config,
    store,
    keys,
    signer,
    jwts,
    rings,
    clients,
    provider,
    clock,
    log,
    observer,
    codec: createTokenCodec(rings.token),
    vault: createVault({ store, sealer: rings.vault, providers, clock, log, audit: observer.audit }),
    sessions: createSessions({ store, clock, cacheFor: livenessCacheMs, onLook: looks('liveness') }),
    tokens: createAccessTokenVerifier({
      issuer: config.issuer,
      verifier: jwts,
      clock,
      onLook: looks('access_token'),
    }),
    locations: locationsOf(config, upstream.redirectUri),
  };
}

function serverOf(context: ServerContext): AuthServer {
  const { config, keys, tokens, sessions, vault, observer, rings } = context;
  const router = createRouter(routesOf(context));
  let closed: Promise<void> | undefined;
  return {
    config,
    keys,
    tokens,
    sessions,
    vault,
    observer,
    mcpSessions: rings.mcpSessions,
    metrics: () => observer.metrics.render(),
    handle: router.handle,
    serves: router.serves,
    routes: router.routes,
    readiness: () => readiness(context),
    close: () => (closed ??= close(context)),
  };
}

async function close({ config, provider, store, observer }: ServerContext): Promise<void> {
  observer.audit.record('stopped', () => ({ issuer: nameLabel(config.issuer) }));
  provider.close();
  try {
    await store.close();
  } finally {
    await observer.close();
  }
}
