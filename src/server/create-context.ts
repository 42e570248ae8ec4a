import { createBlockList } from '../clients/block-list.ts';
import type { BlockList, StoredBlocks } from '../clients/block-list.ts';
import { createCimdClients } from '../clients/cimd/cimd-clients.ts';
import { createClients } from '../clients/clients.ts';
import type { RegistrationLimiter } from '../clients/registration-limiter.ts';
import { createClientRegistry } from '../clients/registry.ts';
import { createStoredClients } from '../clients/stored-clients.ts';
import { registrationPath } from './registration-management.ts';
import { createSoftwareStatements } from '../clients/software-statement.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { isSame } from '../config/differences.ts';
import { createJwtSigner } from '../crypto/sign.ts';
import type { JwtSigner } from '../crypto/sign.ts';
import { randomBytes } from '../crypto/random.ts';
import type { SigningKey } from '../crypto/signing-key.ts';
import { createJwtVerifier } from '../crypto/verify.ts';
import type { KeyPlan } from '../keys/key-history.ts';
import { planKeys } from '../keys/key-history.ts';
import type { KeySet } from '../keys/key-set.ts';
import { loadKeySet, signingWith } from '../keys/key-set.ts';
import type { KeyRings } from '../keys/rings.ts';
import { clientKeyNumbers } from '../keys/client-key-rings.ts';
import { openKeyRings, secretName } from '../keys/rings.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import { createTokenCodec } from '../oauth/opaque-token.ts';
import type { Log } from '../observe/log.ts';
import { nameLabel, outsideLabel } from '../observe/audit/labels.ts';
import type { Observer } from '../observe/observer.ts';
import type { Sessions } from '../resource/sessions.ts';
import type { StepUps } from '../resource/step-ups.ts';
import { createAccessTokenVerifier } from '../resource/verify-access-token.ts';
import type { AuthStore } from '../store/contract.ts';
import { Secret } from '../types/secret.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import { createLookups } from '../upstream/access/lookups.ts';
import { createAccessPolicy } from '../upstream/access/policy.ts';
import { observeProvider } from '../upstream/observed-provider.ts';
import type { UpstreamProvider } from '../upstream/provider.ts';
import { createVault } from '../vault/vault.ts';
import type { ClientDocuments, DocumentFetch } from './client-documents.ts';
import { clientDocuments } from './client-documents.ts';
import type { ServerContext } from './context.ts';
import { locationsOf } from './locations.ts';

/** What outlives a reload: everything that holds state. */
export interface Lasting {
  readonly store: AuthStore;
  readonly observer: Observer;
  /** What this process knows of revoked grants must not be forgotten. */
  readonly sessions: Sessions;
  readonly stepUps: StepUps;
  readonly limits: ServerContext['limits'];
  readonly registrationLimiter: RegistrationLimiter;
  readonly storedBlocks: StoredBlocks;
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: GuardedFetch | undefined;
  readonly documentFetch: DocumentFetch | undefined;
  readonly createSigner: ((key: SigningKey) => JwtSigner) | undefined;
  readonly upstreamFilter: ServerContext['upstreamFilter'];
  readonly made: Made;
}

/** What was made in this process because the configuration has none, and must stay the same as long as it runs. */
export interface Made {
  keys: KeySet | null;
  readonly hmacSecret: Secret<Uint8Array>;
  /** Every HMAC secret that was configured so far. */
  readonly secrets: Map<string, Secret<Uint8Array>>;
}

/** Nothing made yet but a secret. */
export function nothingMade(): Made {
  return { keys: null, hmacSecret: new Secret<Uint8Array>(randomBytes(32)), secrets: new Map() };
}

/** A context, and when it has to be made anew. */
export interface Generation {
  readonly context: ServerContext;
  /** A new key begins to sign, or what the store knows of our keys needs a word that they are still in use. */
  readonly dueAt: Milliseconds;
}

const day: Milliseconds = 86_400_000;

/**
 * Makes what every endpoint works with from a configuration. What did not change is taken from the generation before.
 * @throws {SallyportError} `key_invalid`, `key_ring_locked`, `storage_failed`; nothing has changed then
 */
export async function createGeneration(
  config: Config,
  lasting: Lasting,
  before: ServerContext | null = null,
): Promise<Generation> {
  const { store, clock, log, observer, sessions, createSigner = createJwtSigner } = lasting;
  const configured =
    config.signingKeys === null ? (lasting.made.keys ??= loadKeySet(null)) : loadKeySet(config.signingKeys);
  const { rings, plan, hmacSigner } = await openRings(config, configured, lasting);
  const keys = signingWith(configured, plan.signing.signs);
  const signer = before?.keys.signing.kid === keys.signing.kid ? before.signer : createSigner(keys.signing);
  const lookups = createLookups(config, { fetch: lasting.fetch });
  const access = await createAccessPolicy(config);
  // Last of what may fail: a provider asks its upstream again and again until it is closed.
  const providers = await providersOf(config, { ...lasting, rings }, before);
  const published = clientDocuments(config, lasting, before?.clientDocuments);
  const blocks = createBlockList({ configured: config.blocked, stored: lasting.storedBlocks });
  const jwts = createJwtVerifier(keys.all, { clock });
  const context: ServerContext = {
    config,
    store,
    keys,
    signer,
    signingSince: before && before.signer === signer ? before.signingSince : clock(),
    hmacSigner,
    missedKeys: plan.missed,
    jwts,
    rings,
    clients: clientsOf(config, { ...lasting, rings, signer, published, blocks }),
    clientDocuments: published,
    blocks,
    providers,
    upstreamFilter: lasting.upstreamFilter,
    signIn: config.upstreams.flatMap(({ name, when }) =>
      when === 'sign_in' ? (providers.get(name) ?? []) : [],
    ),
    clock,
    log,
    observer,
    codec: createTokenCodec(rings.token),
    access,
    lookups,
    vault: vaultOf(config, { ...lasting, rings, providers, lookups }),
    sessions,
    stepUps: lasting.stepUps,
    limits: lasting.limits,
    tokens: createAccessTokenVerifier({
      issuer: config.issuer,
      verifier: jwts,
      clock,
      onLook: looks(observer, 'access_token'),
    }),
    locations: locationsOf(config),
  };
  const turns = [plan.signing.next, plan.hmac.next].map((next) => next ?? Number.POSITIVE_INFINITY);
  return { context, dueAt: Math.min(clock() + day, ...turns) };
}

function vaultOf(
  config: Config,
  {
    store,
    clock,
    log,
    observer,
    rings,
    providers,
    lookups,
  }: Lasting & Pick<ServerContext, 'rings' | 'providers' | 'lookups'>,
): ServerContext['vault'] {
  return createVault({
    store,
    sealer: rings.vault,
    providers,
    complete: lookups.complete,
    clock,
    log,
    audit: observer.audit,
    idleFor: idleFor(config),
  });
}

/** How long connections may lie idle, by upstream. */
function idleFor({ upstreams }: Config): Readonly<Record<string, Milliseconds>> {
  return Object.fromEntries(
    upstreams.flatMap(({ name, keepAlive }) => (keepAlive === null ? [] : [[name, keepAlive]])),
  );
}

/** Counts whether a cache had the answer. */
export function looks({ metrics }: Observer, cache: string): (hit: boolean) => void {
  return (hit) => metrics.cacheLooks.add([cache, hit ? 'hit' : 'miss']);
}

/** The rings are opened before the history hears of new secrets: what does not open them was never in use. */
async function openRings(
  config: Config,
  keys: KeySet,
  { store, clock, made }: Lasting,
): Promise<{ readonly rings: KeyRings; readonly plan: KeyPlan; readonly hmacSigner: string }> {
  const none = config.hmacSecrets.length === 0 && !store.traits.durable;
  const hmacSecrets = none ? [made.hmacSecret] : config.hmacSecrets;
  const retired = [...made.secrets].filter(
    ([name]) => !hmacSecrets.some((secret) => secretName(secret) === name),
  );
  const opened = await openKeyRings({
    hmacSecrets,
    store,
    retired: retired.map(([, secret]) => secret),
    clock,
    grace: config.retiredSecretGrace,
    clientKeys: clientKeyNumbers(config.registration),
    plan: () =>
      planKeys(
        // A key that ends with the process is nobody's to remember.
        {
          signing: keys.ephemeral ? [] : keys.signers.map(({ kid }) => kid),
          hmac: hmacSecrets.map(secretName),
        },
        { store, clock, delay: config.keyActivationDelay, tokenLife: config.lifespans.accessToken },
      ),
  });
  for (const secret of hmacSecrets) made.secrets.set(secretName(secret), secret);
  return { ...opened, hmacSigner: hmacSecrets.map(secretName)[opened.plan.hmac.signs] ?? '' };
}

/** The same provider as long as nothing about it changes: it knows the upstream's metadata already. */
async function providersOf(
  { upstreams }: Config,
  parts: Lasting & Pick<ServerContext, 'rings'>,
  before: ServerContext | null,
): Promise<ServerContext['providers']> {
  const providers = new Map<string, UpstreamProvider>();
  const made: UpstreamProvider[] = [];
  try {
    for (const upstream of upstreams) {
      const { name } = upstream;
      const known = before?.config.upstreams.find((one) => one.name === name);
      const same = known !== undefined && isSame(known, upstream) ? before?.providers.get(name) : undefined;
      const provider = same ?? (await providerOf(upstream, parts));
      if (!same) made.push(provider);
      providers.set(name, provider);
    }
    return providers;
  } catch (error) {
    for (const provider of made) provider.close();
    throw error;
  }
}

async function providerOf(
  upstream: UpstreamConfig,
  { observer, clock, log, fetch, store, rings }: Lasting & Pick<ServerContext, 'rings'>,
): Promise<UpstreamProvider> {
  // Loaded when it is needed: the protocol and network libraries are most of what importing this package would cost.
  const { createProvider } = await import('../upstream/create-provider.ts');
  const onLook = looks(observer, 'discovery');
  const onMisconfigured = (problem: string): void =>
    observer.audit.record('upstream_misconfigured', () => ({
      upstream: nameLabel(upstream.name),
      reason: outsideLabel(problem),
    }));
  const named = createProvider(upstream, {
    clock,
    log,
    onLook,
    onMisconfigured,
    registrations: { store, sealer: rings.vault },
    ...(fetch && { fetch }),
  });
  return observeProvider(named, observer);
}

function clientsOf(
  config: Config,
  {
    rings,
    signer,
    clock,
    published,
    blocks,
    store,
    log,
    registrationLimiter,
  }: Lasting & {
    readonly blocks: BlockList;
    readonly rings: KeyRings;
    readonly signer: JwtSigner;
    readonly published: ClientDocuments;
  },
): ServerContext['clients'] {
  const registry = createClientRegistry({
    static: config.clients,
    registration: config.registration,
    scopesSupported: config.scopesSupported,
    baselineScopes: config.baselineClientScopes,
    idKeys: rings.clientIds,
    secretKeys: rings.clientSecrets,
    idTokenAlg: signer.alg,
    clock,
    limiter: registrationLimiter,
  });
  const statements = createSoftwareStatements({
    issuers: config.registration.softwareStatements,
    keys: published.keys,
    audiences: [config.issuer, `${config.issuer}/`, `${config.issuer}/oauth/register`],
    clock,
  });
  const cimd = createCimdClients({
    config: config.cimd,
    documents: published.documents,
    statements,
    scopesSupported: config.scopesSupported,
    baselineScopes: config.baselineClientScopes,
  });
  const stored = createStoredClients({
    store,
    registry,
    idKeys: rings.clientIds,
    tokenKeys: rings.clientSecrets,
    address: `${config.issuer}${registrationPath}`,
    // A day more: a longer life is written once a day.
    ttl: Math.max(config.registration.storedFor, config.lifespans.refreshToken + 86_400_000),
    clock,
    log,
  });
  const keeps = config.registration.mode === 'stored';
  return createClients({ registry, cimd, stored: { ...stored, keeps }, statements, blocks });
}
