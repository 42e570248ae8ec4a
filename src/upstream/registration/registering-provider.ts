import type { UpstreamConfig } from '../../config/config.ts';
import { parseSigningKey } from '../../crypto/signing-key.ts';
import { step } from '../failures.ts';
import { keepTrying } from '../keep-trying.ts';
import { UpstreamError } from '../provider.ts';
import type { CodeExchange, UpstreamProvider } from '../provider.ts';
import { createUpstreamHttp } from '../upstream-http.ts';
import type { ProviderDeps, UpstreamHttp } from '../upstream-http.ts';
import type { RegistrationServer } from './discover.ts';
import { discoverRegistration } from './discover.ts';
import type { Registrations } from './record.ts';
import type { Registrar } from './registrar.ts';
import { configWith, namedBy, recordName } from './registered-config.ts';
import type { RegisteringConfig } from './registered-config.ts';
import { createRegistrar } from './registrar.ts';
import type { Registration } from './registration.ts';

/**
 * A provider that we register at by ourselves (RFC 7591), at once and in the background, and again when it has forgotten
 * us. Refresh tokens go on with the registration that they were given to, as long as its secret lives.
 * @param parts `create` makes the provider that works with one registration; `server` is known where it was found otherwise
 */
export function createRegisteringProvider(
  config: RegisteringConfig,
  deps: Deps,
  { create, server }: RegisteringParts,
): UpstreamProvider {
  const { name } = config;
  const http = createUpstreamHttp({ ...config, authMethod: 'none' }, deps, namedBy(config));
  const registrar = registrarOf(config, { http, deps, server });
  const workers = createWorkers(config, create);
  let problem: string | null = 'it has not been registered yet';
  let latest: UpstreamProvider = workers.unregistered;

  const now = async (): Promise<UpstreamProvider> => {
    const registration = await step({ upstream: name, step: 'registration' }, () => registrar.current());
    problem = null;
    latest = workers.of(registration);
    return latest;
  };
  const stop = keepTrying(async () => {
    try {
      await now();
      return true;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      return false;
    }
  });
  const parts = { name, registrar, workers };
  return {
    name,
    displayName: config.displayName,
    type: config.type,
    get clientId() {
      return latest.clientId;
    },
    get scopes() {
      return latest.scopes;
    },
    get renewable() {
      return latest.renewable;
    },
    knows: () => true,
    notReady: () => problem ?? latest.notReady(),
    authorizationUrl: async (request) => (await now()).authorizationUrl(request),
    exchange: async (exchange) => exchangeBy(parts, await now(), exchange),
    refresh: async (tokens) => {
      const { clientId = latest.clientId } = tokens;
      const worker = await workerFor(parts, clientId);
      return orForgotten(parts, clientId, () => worker.refresh(tokens), 'rejected');
    },
    userinfo: async (tokens) => (await now()).userinfo(tokens),
    revoke: async (tokens) => (await workerFor(parts, tokens.clientId ?? latest.clientId)).revoke(tokens),
    misconfiguration: () => latest.misconfiguration(),
    close: () => {
      stop();
      workers.close();
      http.close();
    },
  };
}

function exchangeBy(
  parts: Parts,
  worker: UpstreamProvider,
  exchange: CodeExchange,
): ReturnType<UpstreamProvider['exchange']> {
  return orForgotten(parts, worker.clientId, () => worker.exchange(exchange), 'unavailable');
}

/** What is particular to one of them. */
interface RegisteringParts {
  readonly create: (config: UpstreamConfig) => UpstreamProvider;
  readonly server?: (() => Promise<RegistrationServer>) | undefined;
}

type Deps = ProviderDeps & { readonly registrations: Registrations };

function registrarOf(
  config: RegisteringConfig,
  { http, deps, server }: { http: UpstreamHttp; deps: Deps; server: RegisteringParts['server'] },
): Registrar {
  return createRegistrar({
    place: { ...deps.registrations, name: recordName(config) },
    http,
    clock: deps.clock,
    log: deps.log,
    server: server ?? (() => serverOf(config, http)),
    request: requestOf(config, { http, deps }),
  });
}

interface Parts {
  readonly name: string;
  readonly registrar: Registrar;
  readonly workers: Workers;
}

async function workerFor({ name, registrar, workers }: Parts, clientId: string): Promise<UpstreamProvider> {
  const registration = await registrar.find(clientId);
  if (registration) return workers.of(registration);
  throw new UpstreamError('rejected', name, 'refresh: the registration that it belongs to is gone');
}

/**
 * A provider that has forgotten us gets a new registration.
 * @param then what becomes of the call: its code or token was given to the old one
 */
async function orForgotten<T>(
  { name, registrar }: Parts,
  clientId: string,
  work: () => Promise<T>,
  then: 'unavailable' | 'rejected',
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.code !== 'invalid_client') throw error;
    const renewed = await step({ upstream: name, step: 'registration' }, () => registrar.refused(clientId));
    if (!renewed) throw error;
    throw new UpstreamError(then, name, 'the provider had forgotten our registration; there is a new one', {
      cause: error,
    });
  }
}

interface Workers {
  /** Stands in before there is a registration. */
  readonly unregistered: UpstreamProvider;
  readonly of: (registration: Registration) => UpstreamProvider;
  readonly close: () => void;
}

/** One provider for each registration and secret. */
function createWorkers(
  config: UpstreamConfig,
  create: (config: UpstreamConfig) => UpstreamProvider,
): Workers {
  const made = new Map<string, UpstreamProvider>();
  const unregistered = create(configWith(config, null));
  return {
    unregistered,
    of(registration) {
      const key = JSON.stringify([registration.clientId, registration.clientSecret, registration.method]);
      const known = made.get(key);
      if (known) return known;
      const worker = create(configWith(config, registration));
      made.set(key, worker);
      return worker;
    },
    close() {
      unregistered.close();
      for (const worker of made.values()) worker.close();
    },
  };
}

function serverOf(config: RegisteringConfig, http: UpstreamHttp): Promise<RegistrationServer> {
  const { discoveryUrl, registrationEndpoint } = config.registration;
  const context = { upstream: config.name, http, insecureAllowHttp: config.insecureAllowHttp };
  if (discoveryUrl !== null) return discoverRegistration(discoveryUrl, context);
  return Promise.resolve({
    registrationEndpoint: registrationEndpoint ?? '',
    endpoints: null,
    methods: null,
    s256: false,
    scopes: null,
  });
}

function requestOf(
  config: RegisteringConfig,
  { http, deps }: { readonly http: UpstreamHttp; readonly deps: ProviderDeps },
): Parameters<typeof createRegistrar>[0]['request'] {
  const given = (endpoint: string): { readonly endpoint?: string } => (endpoint === '' ? {} : { endpoint });
  const { endpoint: authorization } = given(config.type === 'oauth2' ? config.authorizationEndpoint : '');
  const { endpoint: token } = given(config.type === 'oauth2' ? config.tokenEndpoint : '');
  return {
    upstream: config.name,
    http,
    clock: deps.clock,
    config: config.registration,
    redirectUri: config.redirectUri,
    scopes: config.scopes,
    method: config.authMethodGiven ? config.authMethod : null,
    jwk: publicKeyOf(config),
    endpoints: {
      ...(authorization !== undefined && { authorization }),
      ...(token !== undefined && { token }),
    },
  };
}

function publicKeyOf({ settings: { clientKey } }: UpstreamConfig): Readonly<Record<string, unknown>> | null {
  if (clientKey === null) return null;
  const { publicJwk, kid } = parseSigningKey(clientKey.pem.pem.reveal(), clientKey.pem.origin);
  return { ...publicJwk, kid: clientKey.keyId ?? kid };
}
