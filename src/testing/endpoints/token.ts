import { createHash } from 'node:crypto';
import type { SimulatedClient } from '../clients.ts';
import { ProtocolError } from '../exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import { isLive, noteReuse } from '../ledger.ts';
import type { CodeRecord, TokenRecord } from '../ledger.ts';
import type { Simulation } from '../simulation.ts';
import { checkParameter } from './authorize.ts';
import { authenticateClient } from './client-authentication.ts';
import { answerTokens } from './token-answer.ts';
import { tokenError } from './token-error.ts';

/** The token endpoint (RFC 6749 §3.2). */
export async function answerToken(
  simulation: Simulation,
  request: SimulatedRequest,
): Promise<SimulatedAnswer> {
  try {
    if (request.method !== 'POST') throw new ProtocolError('invalid_request', 'POST is needed', 405);
    checkEncoding(simulation, request);
    const client = await authenticateClient(simulation, request);
    const type = request.parameters['grant_type'];
    if (type === 'authorization_code') return await redeemCode(simulation, request, client);
    if (type === 'refresh_token') return await refresh(simulation, request, client);
    throw new ProtocolError('unsupported_grant_type', 'the grant type is not supported');
  } catch (error) {
    if (error instanceof ProtocolError) return tokenError(simulation, request, error);
    throw error;
  }
}

function checkEncoding({ quirks }: Simulation, { headers }: SimulatedRequest): void {
  const type = headers['content-type'] ?? '';
  const isForm = type.startsWith('application/x-www-form-urlencoded');
  const isJson = type.startsWith('application/json');
  const accepted = { form: isForm, json: isJson, either: isForm || isJson }[quirks.requestEncoding];
  if (!accepted) throw new ProtocolError('invalid_request', `content type ${type} is not accepted`);
}

async function redeemCode(
  simulation: Simulation,
  request: SimulatedRequest,
  client: SimulatedClient,
): Promise<SimulatedAnswer> {
  const { parameters } = request;
  const { ledger, quirks } = simulation;
  const record = ledger.codes.get(parameters['code'] ?? '');
  if (!record || record.grant.clientId !== client.client_id)
    throw new ProtocolError('invalid_grant', 'the code is unknown');
  // A code that comes twice may have been stolen: what it gave ends (RFC 6749 §4.1.2).
  if (record.used) record.grant.revoked = true;
  if (record.used || record.grant.revoked || simulation.clock() >= record.expiresAt)
    throw new ProtocolError('invalid_grant', 'the code was used or has expired');
  if (record.redirectUri !== parameters['redirect_uri'])
    throw new ProtocolError('invalid_grant', 'redirect_uri is not the one of the authorization request');
  checkVerifier(record, parameters);
  checkParameter('resource', quirks.resourceAtToken, parameters);
  record.used = true;
  const { grant } = record;
  return await answerTokens(simulation, request, { grant, scopes: grant.scopes, refreshed: null });
}

/** RFC 7636 §4.6; a verifier without a challenge is refused as well (RFC 9700 §2.1.1). */
function checkVerifier({ challenge }: CodeRecord, parameters: SimulatedRequest['parameters']): void {
  const verifier = parameters['code_verifier'];
  if (challenge === null) return;
  const made = createHash('sha256')
    .update(verifier ?? '')
    .digest('base64url');
  if (made !== challenge) throw new ProtocolError('invalid_grant', 'code_verifier does not fit');
}

async function refresh(
  simulation: Simulation,
  request: SimulatedRequest,
  client: SimulatedClient,
): Promise<SimulatedAnswer> {
  const { ledger, quirks } = simulation;
  const { parameters } = request;
  const token = parameters['refresh_token'] ?? '';
  const record = ledger.refreshTokens.get(token);
  if (!record || record.grant.clientId !== client.client_id)
    throw new ProtocolError('invalid_grant', 'the refresh token is unknown');
  checkReuse(simulation, token, record);
  if (!isLive(record, simulation.clock()))
    throw new ProtocolError('invalid_grant', 'the refresh token has expired or was revoked');
  checkParameter('audience', quirks.audienceOnRefresh, parameters);
  checkParameter('resource', quirks.resourceOnRefresh, parameters);
  const scopes = scopesOfRefresh(simulation, parameters, record);
  record.usedAt ??= simulation.clock();
  if (quirks.refreshEndsAccessTokens) endAccessTokens(simulation, record);
  return await answerTokens(simulation, request, { grant: record.grant, scopes, refreshed: token });
}

function endAccessTokens({ ledger }: Simulation, { grant }: TokenRecord): void {
  for (const access of ledger.accessTokens.values()) if (access.grant === grant) access.revoked = true;
}

function checkReuse({ quirks, ledger, clock }: Simulation, token: string, record: TokenRecord): void {
  if (record.usedAt === null) return;
  const overlap = quirks.rotation === 'overlap' && clock() < record.usedAt + quirks.refreshOverlap * 1000;
  if (overlap || quirks.rotation === 'same' || quirks.rotation === 'not-returned') return;
  noteReuse(ledger, token, record.grant);
  if (quirks.reuseRevokesGrant) record.grant.revoked = true;
  throw new ProtocolError('invalid_grant', 'the refresh token was used before');
}

const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

function scopesOfRefresh(
  { quirks }: Simulation,
  parameters: SimulatedRequest['parameters'],
  record: TokenRecord,
): readonly string[] {
  const asked = parameters['scope'];
  if (asked === undefined || asked === '') {
    if (quirks.scopeOnRefresh === 'required') throw new ProtocolError('invalid_request', 'scope is required');
    if (quirks.scopeOnRefresh !== 'narrowed-without') return record.scopes;
    return record.scopes.filter((scope) => openIdScopes.has(scope));
  }
  if (quirks.scopeOnRefresh === 'refused')
    throw new ProtocolError('invalid_request', 'scope parameter not supported');
  const scopes = asked.split(/[ ,]+/);
  if (scopes.every((scope) => record.scopes.includes(scope))) return scopes;
  throw new ProtocolError('invalid_scope', 'more scopes than were granted');
}
