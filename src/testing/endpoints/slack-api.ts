import { json, readBearer } from '../exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import { isLive } from '../ledger.ts';
import type { Simulation } from '../simulation.ts';
import { attributesOf } from '../users.ts';

/** Slack's `auth.test`: whose token this is. Everything is status 200. */
export function answerSlackApi(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  const { quirks, ledger, clock } = simulation;
  if (request.url.pathname !== '/api/auth.test') return json(200, { ok: false, error: 'unknown_method' });
  const record = ledger.accessTokens.get(readBearer(request) ?? request.parameters['token'] ?? '');
  if (!record) return json(200, { ok: false, error: 'invalid_auth' });
  if (!isLive(record, clock())) return json(200, { ok: false, error: 'token_expired' });
  const { user, clientId } = record.grant;
  const { subject } = attributesOf(user, { quirks, clientId });
  return json(200, {
    ok: true,
    url: 'https://example.slack.com/',
    team: 'Example',
    user: user.login,
    team_id: 'T0000001',
    user_id: subject,
    is_enterprise_install: false,
  });
}
