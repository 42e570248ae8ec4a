import { addressesOf } from './addresses.ts';
import type { Addresses } from './addresses.ts';
import { defaultClient } from './clients.ts';
import type { SimulatedClient } from './clients.ts';
import { readCredentials } from './endpoints/client-authentication.ts';
import type { Credentials } from './endpoints/client-authentication.ts';
import { json } from './exchange.ts';
import type { SimulatedRequest } from './exchange.ts';
import { failureOutcome } from './failing.ts';
import { createFaultPlan } from './faults.ts';
import type { Failure, FailureOptions } from './faults.ts';
import { createSigningKeys } from './keys.ts';
import type { Forgery } from './keys.ts';
import { createLedger, revokeGrants } from './ledger.ts';
import type { ReusedToken } from './ledger.ts';
import { createListener } from './listener.ts';
import type { Outcome } from './listener.ts';
import { presets } from './presets/presets.ts';
import type { PresetName } from './presets/presets.ts';
import { quirksOf } from './presets/preset.ts';
import type { EndpointName } from './quirks/addresses.ts';
import { plainQuirks } from './quirks/quirks.ts';
import type { Quirks } from './quirks/quirks.ts';
import { answer, routeOf } from './routes.ts';
import { signIn } from './sign-in.ts';
import type { Simulation } from './simulation.ts';
import { defaultUsers } from './users.ts';
import type { SimulatedUser } from './users.ts';

/** What a simulator is made from. */
export interface SimulatorOptions {
  /** Default: `plain-oidc`. */
  readonly preset?: PresetName;
  /** Switches over those of the preset. */
  readonly quirks?: Partial<Quirks>;
  /** Milliseconds since 1970. Default: the time. */
  readonly clock?: () => number;
  /** Default: Alice and Bob, {@link defaultUsers}. */
  readonly users?: readonly SimulatedUser[];
  /** Default: {@link defaultClient}. */
  readonly clients?: readonly SimulatedClient[];
  /** Of the main listener; 0, the default, is any free one. */
  readonly port?: number;
  /** Login of the user that browsers are signed in as from the start. */
  readonly autoSignIn?: string;
}

/** A request that came in. Nothing is hidden: the secrets are the test's own. */
export interface SimulatedCall {
  /** `null` for a path that nothing answers. */
  readonly endpoint: EndpointName | null;
  readonly method: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: SimulatedRequest['headers'];
  readonly clientId: string | null;
  readonly authentication: Credentials['method'];
  /** The status that went back; `null` while there is none, and where none was given. */
  readonly status: number | null;
}

/** A provider that runs on loopback. */
export interface ProviderSimulator extends AsyncDisposable {
  /** What an operator configures. Known after {@link start}, like all addresses. */
  readonly issuer: string;
  readonly endpoints: Addresses['endpoints'];
  /** Where its metadata is; empty for a provider without. */
  readonly discovery: readonly string[];
  /** Where the API of the provider is, which {@link Quirks.api} serves: an origin. */
  readonly api: string;
  readonly quirks: Quirks;
  /** Every request so far, in order. */
  readonly calls: readonly SimulatedCall[];
  /** Refresh tokens that came again after they had ended. */
  readonly reuseDetected: readonly ReusedToken[];
  start(): Promise<ProviderSimulator>;
  close(): Promise<void>;
  /** Refuses connections until {@link resume}; tokens, users and ports stay. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Turns switches while running. */
  change(quirks: Partial<Quirks>): void;
  addClient(client: SimulatedClient): void;
  /** Loses all clients, or one: they are answered `invalid_client` from now on. */
  forgetClients(clientId?: string): void;
  failNext(endpoint: EndpointName, how: Failure, options?: FailureOptions): void;
  /** Spoils the next ID token. */
  forgeNextIdToken(forgery: Forgery): void;
  rotateKeys(options?: { readonly keepOld?: boolean }): void;
  /** Browsers are signed in as this user from now on; `null` shows them the form. */
  signInAs(login: string | null): void;
  /** Walks from an authorization URL through the form, as a browser would; the URL that it is finally sent to. */
  signIn(authorizationUrl: string, login: string): Promise<string>;
  /** Ends everything that was issued for a user. */
  revokeUser(login: string): void;
  /** All access tokens expire now; refresh tokens too when asked. */
  expireTokens(options?: { readonly refreshTokens?: boolean }): void;
}

/** Makes a provider; {@link ProviderSimulator.start} makes it listen. Throws `TypeError` for unknown users. */
export function createProviderSimulator(options: SimulatorOptions = {}): ProviderSimulator {
  const simulation = createSimulation(options);
  const calls: SimulatedCall[] = [];
  const faults = createFaultPlan();
  const handle = (foreign: boolean) => async (request: SimulatedRequest) => {
    const endpoint = routeOf(simulation.quirks, request.url.pathname, foreign);
    const call = { ...describe(request, endpoint), status: null as number | null };
    calls.push(call);
    const outcome =
      endpoint === null ? nothingThere : await respond({ simulation, faults, request, endpoint });
    call.status = typeof outcome === 'string' ? null : outcome.status;
    return outcome;
  };
  const main = createListener({ port: options.port ?? 0, handle: handle(false) });
  const foreign = createListener({ port: 0, handle: handle(true) });
  const locate = (): void => {
    const origins = { main: originOf(main.port), foreign: originOf(foreign.port) };
    simulation.addresses = addressesOf(simulation.quirks, origins);
  };
  const start = async (): Promise<void> => {
    await Promise.all([main.start(), foreign.start()]);
    locate();
  };
  const stop = async (): Promise<void> => void (await Promise.all([main.stop(), foreign.stop()]));

  const simulator: ProviderSimulator = {
    ...handsOf(simulation),
    get issuer() {
      return simulation.addresses.issuer;
    },
    get endpoints() {
      return simulation.addresses.endpoints;
    },
    get discovery() {
      return simulation.addresses.discovery;
    },
    get api() {
      return simulation.addresses.api;
    },
    get quirks() {
      return simulation.quirks;
    },
    calls,
    reuseDetected: simulation.ledger.reused,
    start: async () => {
      await start();
      return simulator;
    },
    close: stop,
    pause: stop,
    resume: start,
    change: (quirks) => {
      simulation.quirks = { ...simulation.quirks, ...quirks };
      locate();
    },
    failNext: faults.add,
    [Symbol.asyncDispose]: stop,
  };
  return simulator;
}

const nothingThere: Outcome = json(404, { error: 'not_found' });

function originOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function createSimulation(options: SimulatorOptions): Simulation {
  const quirks = { ...quirksOf(presets[options.preset ?? 'plain-oidc'], plainQuirks), ...options.quirks };
  const users = options.users ?? defaultUsers;
  const clients = options.clients ?? [defaultClient];
  return {
    clock: options.clock ?? Date.now,
    ledger: createLedger(),
    users,
    clients: new Map(clients.map((client) => [client.client_id, client])),
    assertionIds: new Set(),
    keys: createSigningKeys(quirks.signingAlg),
    quirks,
    addresses: addressesOf(quirks, { main: originOf(0), foreign: originOf(0) }),
    signedIn: options.autoSignIn === undefined ? null : findUser(users, options.autoSignIn),
    forgery: null,
  };
}

function findUser(users: readonly SimulatedUser[], login: string): SimulatedUser {
  const user = users.find((candidate) => candidate.login === login);
  if (!user) throw new TypeError(`no user ${login}`);
  return user;
}

function describe(request: SimulatedRequest, endpoint: EndpointName | null): Omit<SimulatedCall, 'status'> {
  const { clientId, method } = readCredentials(request);
  return {
    endpoint,
    method: request.method,
    path: request.url.pathname,
    parameters: request.parameters,
    headers: request.headers,
    clientId,
    authentication: method,
  };
}

async function respond(context: {
  readonly simulation: Simulation;
  readonly faults: ReturnType<typeof createFaultPlan>;
  readonly request: SimulatedRequest;
  readonly endpoint: EndpointName;
}): Promise<Outcome> {
  const { simulation, faults, request, endpoint } = context;
  const planned = faults.take(endpoint);
  if (!planned) return await answer(simulation, request, endpoint);
  if (planned.after) await answer(simulation, request, endpoint);
  return failureOutcome(simulation, request, { endpoint, how: planned.how });
}

/** What a test can do to a provider that needs no listener. */
function handsOf(
  simulation: Simulation,
): Pick<
  ProviderSimulator,
  | 'addClient'
  | 'forgetClients'
  | 'forgeNextIdToken'
  | 'rotateKeys'
  | 'signInAs'
  | 'signIn'
  | 'revokeUser'
  | 'expireTokens'
> {
  const { ledger, users, clients } = simulation;
  return {
    addClient: (client) => void clients.set(client.client_id, client),
    forgetClients: (clientId) => void (clientId === undefined ? clients.clear() : clients.delete(clientId)),
    forgeNextIdToken: (forgery) => (simulation.forgery = forgery),
    rotateKeys: (options) => simulation.keys.rotate(options),
    signInAs: (login) => (simulation.signedIn = login === null ? null : findUser(users, login)),
    signIn: async (authorizationUrl, login) => await signIn(authorizationUrl, findUser(users, login).login),
    revokeUser: (login) => revokeGrants(ledger, (grant) => grant.user.login === login),
    expireTokens: ({ refreshTokens = false } = {}) => {
      const ended = [
        ...ledger.accessTokens.values(),
        ...(refreshTokens ? ledger.refreshTokens.values() : []),
      ];
      for (const record of ended) record.expiresAt = simulation.clock();
    },
  };
}
