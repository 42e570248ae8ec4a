import { json, ProtocolError, readBasic, readBearer } from '../exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import type { TokenRecord } from '../ledger.ts';
import type { Simulation } from '../simulation.ts';
import { authenticateClient } from './client-authentication.ts';
import { tokenError } from './token-error.ts';

/** Ends a token in the way that the provider has for it. */
export async function answerRevoke(
  simulation: Simulation,
  request: SimulatedRequest,
): Promise<SimulatedAnswer> {
  switch (simulation.quirks.revocation) {
    case 'rfc7009':
      return await revokeByStandard(simulation, request);
    case 'google':
      return revokeAtGoogle(simulation, request);
    case 'github':
      return revokeAtGitHub(simulation, request);
    case 'slack':
      return revokeAtSlack(simulation, request);
    case 'absent':
      return json(404, { error: 'not_found' });
  }
}

/** RFC 7009 §2.2: an unknown token is as good as a revoked one. A refresh token takes its login with it. */
async function revokeByStandard(simulation: Simulation, request: SimulatedRequest): Promise<SimulatedAnswer> {
  try {
    if (request.method !== 'POST') throw new ProtocolError('invalid_request', 'POST is needed', 405);
    const client = await authenticateClient(simulation, request);
    const token = request.parameters['token'];
    if (token === undefined) throw new ProtocolError('invalid_request', 'token is missing');
    const record = find(simulation, token);
    if (record && record.grant.clientId !== client.client_id)
      throw new ProtocolError('invalid_client', 'the token belongs to another client', 401);
    end(simulation, token);
    return { status: 200, headers: {}, body: '' };
  } catch (error) {
    if (error instanceof ProtocolError) return tokenError(simulation, request, error);
    throw error;
  }
}

/** Google: no client authentication, and a token that is not good is an error. */
function revokeAtGoogle(simulation: Simulation, { parameters }: SimulatedRequest): SimulatedAnswer {
  const token = parameters['token'] ?? '';
  const record = find(simulation, token);
  if (!record || record.revoked || record.grant.revoked)
    return json(400, { error: 'invalid_token', error_description: 'Token expired or revoked' });
  record.grant.revoked = true;
  return json(200, {});
}

/** GitHub: `DELETE /applications/{client_id}/token` (or `/grant`) with the client as Basic user and a JSON body. */
function revokeAtGitHub(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  if (request.method !== 'DELETE') return json(404, { message: 'Not Found' });
  const basic = readBasic(request);
  const client = simulation.clients.get(basic?.id ?? '');
  const [, , clientId, what] = request.url.pathname.split('/');
  if (!client || basic?.secret !== client.client_secret || clientId !== client.client_id)
    return json(404, { message: 'Not Found' });
  const token = request.parameters['access_token'] ?? '';
  const record = simulation.ledger.accessTokens.get(token);
  if (!record || record.grant.clientId !== client.client_id)
    return json(422, { message: 'Validation Failed' });
  if (what === 'grant') record.grant.revoked = true;
  else record.revoked = true;
  return { status: 204, headers: {}, body: '' };
}

/** Slack: `auth.revoke` with the token itself as credential; everything is status 200. */
function revokeAtSlack(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  const token = readBearer(request) ?? request.parameters['token'] ?? '';
  const record = simulation.ledger.accessTokens.get(token);
  if (!record || record.revoked || record.grant.revoked)
    return json(200, { ok: false, error: 'invalid_auth' });
  record.revoked = true;
  return json(200, { ok: true, revoked: true });
}

function find({ ledger }: Simulation, token: string): TokenRecord | undefined {
  return ledger.refreshTokens.get(token) ?? ledger.accessTokens.get(token);
}

function end({ ledger }: Simulation, token: string): void {
  const refresh = ledger.refreshTokens.get(token);
  if (refresh) refresh.grant.revoked = true;
  const access = ledger.accessTokens.get(token);
  if (access) access.revoked = true;
}
