import { createStoredBlocks } from '../clients/block-list.ts';
import { createRegistrationLimiter } from '../clients/registration-limiter.ts';
import { createTurnExchange } from '../clients/shared-buckets.ts';
import type { Config } from '../config/config.ts';
import type { JwtSigner } from '../crypto/sign.ts';
import type { SigningKey } from '../crypto/signing-key.ts';
import type { MacKey } from '../crypto/hmac.ts';
import type { Handler } from '../http/exchange.ts';
import type { Router } from '../http/router.ts';
import type { KeySet } from '../keys/key-set.ts';
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
import type { StepUpJudge } from '../resource/scope-lack.ts';
import { createStepUps } from '../resource/step-ups.ts';
import type { AccessTokenVerifier } from '../resource/verify-access-token.ts';
import { openTracer } from '../observe/traces/open-telemetry.ts';
import type { AuthStore } from '../store/contract.ts';
import { observeStore } from '../store/observed-store.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Vault } from '../vault/vault.ts';
import { connectionsLink } from './connections/link.ts';
import { createLimitNews } from './limit-news.ts';
import { createRateLimits } from './rate-limits.ts';
import type { ServerContext } from './context.ts';
import { createGeneration, looks, nothingMade } from './create-context.ts';
import type { Lasting } from './create-context.ts';
import type { UpstreamFilter } from './callback/chain.ts';
import type { DocumentFetch } from './client-documents.ts';
import { addGauges } from './gauges.ts';
import { Generations } from './generations.ts';
import type { Readiness } from './readiness.ts';
import { readiness } from './readiness.ts';
import { judgeStepUp } from './step-up.ts';

/** Collaborators that a host program or a test may bring. */
export interface AuthServerOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Hears every audit event as it happens, beside what `observe.audit` keeps. What it throws changes nothing. */
  readonly audit?: AuditFunction;
  /** What goes to the upstreams, instead of a guarded fetch whose policy follows from the configuration. Stays the caller's. */
  readonly fetch?: GuardedFetch;
  /** Makes what fetches documents and logos of clients, from the policy that a guarded fetch would keep to. */
  readonly documentFetch?: DocumentFetch;
  /** Makes the signer of a key; for keys that are not ours to hold, and to watch what is signed. */
  readonly createSigner?: (key: SigningKey) => JwtSigner;
  /** With `sign_in: chain`: which of the other upstreams a login leads to. */
  readonly upstreamFilter?: UpstreamFilter;
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
  /** Knows the keys of today at each call: who keeps it refuses the tokens of a key that was taken away since. */
  readonly tokens: AccessTokenVerifier;
  readonly sessions: Sessions;
  /** Whether a challenge for more scopes can lead anywhere. */
  readonly stepUp: StepUpJudge;
  readonly vault: Vault;
  readonly observer: Observer;
  /** Keys for what a gateway tells MCP clients; see `KeyRings`. */
  readonly mcpSessions: readonly MacKey[];
  /** A link by which a user connects an account at an upstream; it carries no authority, and fits this user alone. */
  readonly connectionsLink: (about: { readonly userId: string; readonly upstream: string }) => string;
  /** Every number about this server in Prometheus' text format, version 0.0.4. */
  readonly metrics: () => Promise<string>;
  /** Why it cannot serve logins right now, and what an operator should know. */
  readonly readiness: () => Promise<Readiness>;
  /**
   * Takes on another configuration over the same store, or refuses it as a whole and stays as it is. Running requests,
   * logins and streams go on. What was read from `config`, `keys` and `vault` before is of the old one.
   * @returns what changed, a line each
   * @throws {ConfigError} also for what only a restart can change: issuer, `storage`, `observe`
   * @throws {SallyportError} `key_invalid`, `key_ring_locked`, `storage_failed`
   */
  readonly reload: (load: () => Promise<Config>) => Promise<readonly string[]>;
  /** Calls back at once after each change, in the same turn of the event loop. */
  readonly onReload: (listener: () => void) => void;
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
    const lasting = lastingOf(observeStore(store, observer), observer, options);
    const generations = new Generations(await createGeneration(config, lasting), lasting);
    await generations.current.blocks.look();
    addGauges(() => generations.current);
    tellStart(generations.current);
    return serverOf(generations);
  } catch (error) {
    await store.close();
    await observer.close();
    throw error;
  }
}

function lastingOf(
  store: AuthStore,
  observer: Observer,
  {
    clock = Date.now,
    log = silentLog,
    fetch,
    documentFetch,
    createSigner,
    upstreamFilter,
  }: AuthServerOptions,
): Lasting {
  const onLook = looks(observer, 'liveness');
  const sessions = createSessions({ store, clock, cacheFor: livenessCacheMs, onLook });
  const limited = { clock, tell: createTurnExchange(store), onLimited: createLimitNews(observer, clock) };
  const kept = {
    sessions,
    stepUps: createStepUps({ clock }),
    limits: createRateLimits(limited),
    registrationLimiter: createRegistrationLimiter(limited),
    storedBlocks: createStoredBlocks({ store, clock, log }),
    made: nothingMade(),
  };
  return { store, observer, clock, log, fetch, documentFetch, createSigner, upstreamFilter, ...kept };
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

/** How often upstreams are told about connections that ended wherever, and idle connections are looked for. */
const tellEvery: Milliseconds = 15_000;

/** How often who is shut out is looked for, on a quiet server too. */
const lookEvery: Milliseconds = 4000;

function serverOf(generations: Generations): AuthServer {
  const { observer } = generations.current;
  const telling = setInterval(() => {
    const { vault } = generations.current;
    void vault.tellUpstreams();
    void vault.keepAlive();
  }, tellEvery).unref();
  const looking = setInterval(() => void generations.current.blocks.look(), lookEvery).unref();
  let closed: Promise<void> | undefined;
  return {
    get config() {
      return generations.current.config;
    },
    get keys() {
      return generations.current.keys;
    },
    tokens: { verify: (text, resource) => generations.current.tokens.verify(text, resource) },
    get vault() {
      return generations.current.vault;
    },
    get routes() {
      return generations.router.routes;
    },
    sessions: generations.current.sessions,
    stepUp: (lack) => judgeStepUp(generations.current, lack),
    observer,
    get mcpSessions() {
      return generations.current.rings.mcpSessions;
    },
    connectionsLink: (about) => connectionsLink(generations.current, about),
    metrics: () => observer.metrics.render(),
    handle: (request) => {
      generations.look();
      return generations.router.handle(request);
    },
    serves: (path) => generations.router.serves(path),
    readiness: () => readinessOf(generations),
    reload: (load) => generations.reload(load),
    onReload: (listener) => generations.onChange(listener),
    close: () => {
      clearInterval(telling);
      clearInterval(looking);
      return (closed ??= close(generations));
    },
  };
}

async function readinessOf({ current, refused }: Generations): Promise<Readiness> {
  const { ready, problems, warnings } = await readiness(current);
  const last = refused === null ? [] : [`the last reload was refused: ${refused}`];
  return { ready, problems, warnings: [...warnings, ...last] };
}

async function close(generations: Generations): Promise<void> {
  const { config, store, observer } = generations.current;
  observer.audit.record('stopped', () => ({ issuer: nameLabel(config.issuer) }));
  await generations.close();
  try {
    await store.close();
  } finally {
    await observer.close();
  }
}
