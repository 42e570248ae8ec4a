import { json, readBearer } from '../exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import { isLive } from '../ledger.ts';
import type { TokenRecord } from '../ledger.ts';
import type { Simulation } from '../simulation.ts';
import { fillFields } from '../template.ts';
import { attributesOf } from '../users.ts';

/** The access token of a request, or the answer that refuses it (RFC 6750 §3). */
export function readAccess(
  { ledger, clock, quirks }: Simulation,
  request: SimulatedRequest,
): TokenRecord | SimulatedAnswer {
  const missing = quirks.requiredApiHeaders.find(
    (name) => (request.headers[name.toLowerCase()] ?? '') === '',
  );
  if (missing !== undefined) return json(403, { message: `Request forbidden: ${missing} is missing` });
  const record = ledger.accessTokens.get(readBearer(request) ?? '');
  if (record && isLive(record, clock())) return record;
  return json(
    401,
    { error: 'invalid_token', error_description: 'the access token is not good' },
    { 'www-authenticate': 'Bearer error="invalid_token"' },
  );
}

/** Userinfo (OpenID Connect Core §5.3), or what the provider has in its place. */
export function answerUserinfo(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  const { quirks, users, addresses } = simulation;
  if (quirks.userinfo === 'absent') return json(404, { error: 'not_found' });
  const wrongMethod =
    quirks.userinfo === 'post-only' ? request.method !== 'POST' : request.method === 'DELETE';
  if (wrongMethod) return json(405, { error: 'method_not_allowed' });
  const access = readAccess(simulation, request);
  if (!('grant' in access)) return access;
  const { user, clientId } = access.grant;
  const other = users.find((candidate) => candidate.login !== user.login) ?? user;
  const told = quirks.userinfoSubject === 'same' ? user : other;
  const more = {
    ...addresses.attributes,
    api: addresses.api,
    ...(quirks.emailVerified === 'string-in-userinfo' && {
      email_verified: String(told['email_verified'] === true),
    }),
  };
  return json(200, fillFields(quirks.userinfoFields, attributesOf(told, { quirks, clientId, more })));
}
