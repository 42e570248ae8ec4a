import { addressesOf } from './addresses.ts';
import { defaultClient } from './clients.ts';
import { readCredentials } from './endpoints/client-authentication.ts';
import { json } from './exchange.ts';
import type { SimulatedRequest } from './exchange.ts';
import { failureOutcome } from './failing.ts';
import { createFaultPlan } from './faults.ts';
import { createSigningKeys } from './keys.ts';
import { handsOf } from './hands.ts';
import { createLedger } from './ledger.ts';
import { createListener } from './listener.ts';
import type { Outcome } from './listener.ts';
import { presets } from './presets/presets.ts';
import { quirksOf } from './presets/preset.ts';
import type { EndpointName } from './quirks/addresses.ts';
import { plainQuirks } from './quirks/quirks.ts';
import type { ProviderSimulator, SimulatedCall, SimulatorOptions } from './provider-simulator.ts';
import { answer, routeOf } from './routes.ts';
import type { Simulation } from './simulation.ts';
import { defaultUsers, findUser } from './users.ts';

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
