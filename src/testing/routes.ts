import { discoveryPaths } from './addresses.ts';
import { answerAuthorize } from './endpoints/authorize.ts';
import { answerDiscovery, answerJwks } from './endpoints/discovery.ts';
import { answerGitHubApi } from './endpoints/github-api.ts';
import { answerRegister } from './endpoints/register.ts';
import { answerRevoke } from './endpoints/revoke.ts';
import { answerSlackApi } from './endpoints/slack-api.ts';
import { answerToken } from './endpoints/token.ts';
import { answerUserinfo } from './endpoints/userinfo.ts';
import { json } from './exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from './exchange.ts';
import type { EndpointName, PathName } from './quirks/addresses.ts';
import type { Quirks } from './quirks/quirks.ts';
import type { Simulation } from './simulation.ts';

/** Which endpoint a path belongs to on one of the two hosts; `null` for none. */
export function routeOf(quirks: Quirks, path: string, foreign: boolean): EndpointName | null {
  const name = endpointAt(quirks, path);
  return name !== null && quirks.foreignHost.includes(name) === foreign ? name : null;
}

function endpointAt(quirks: Quirks, path: string): EndpointName | null {
  if (discoveryPaths(quirks).includes(path)) return 'discovery';
  if (quirks.revocation === 'github' && /^\/applications\/[^/]+\/(?:token|grant)$/.test(path))
    return 'revoke';
  for (const [name, at] of Object.entries(quirks.paths)) {
    // The keys of `paths` are the names of endpoints; `Object.entries` forgets that.
    if (path === at) return name as PathName;
  }
  if (path.startsWith(`${quirks.paths.register}/`)) return 'register';
  return quirks.api === 'none' ? null : 'api';
}

/** Answers a request to an endpoint as the provider would. */
export async function answer(
  simulation: Simulation,
  request: SimulatedRequest,
  endpoint: EndpointName,
): Promise<SimulatedAnswer> {
  switch (endpoint) {
    case 'discovery':
      return answerDiscovery(simulation);
    case 'jwks':
      return await answerJwks(simulation);
    case 'authorize':
      return answerAuthorize(simulation, request);
    case 'token':
      return await answerToken(simulation, request);
    case 'userinfo':
      return answerUserinfo(simulation, request);
    case 'revoke':
      return await answerRevoke(simulation, request);
    case 'register':
      return answerRegister(simulation, request);
    case 'api':
      return answerApi(simulation, request);
  }
}

function answerApi(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  switch (simulation.quirks.api) {
    case 'github':
      return answerGitHubApi(simulation, request);
    case 'slack':
      return answerSlackApi(simulation, request);
    case 'none':
      return json(404, { error: 'not_found' });
  }
}
