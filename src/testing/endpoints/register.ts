import type { SimulatedClient } from '../clients.ts';
import { json, ProtocolError, readBearer } from '../exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import { randomText } from '../ledger.ts';
import type { ClientAuthentication } from '../quirks/tokens.ts';
import type { Simulation } from '../simulation.ts';

/** Dynamic client registration (RFC 7591), and reading and deleting what was registered (RFC 7592). */
export function answerRegister(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  const { quirks } = simulation;
  if (quirks.registration === 'absent') return json(404, { error: 'not_found' });
  if (request.url.pathname !== quirks.paths.register) return manage(simulation, request);
  if (request.method !== 'POST') return json(405, { error: 'method_not_allowed' });
  try {
    return register(simulation, request);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return json(error.status, { error: error.code, error_description: error.message });
  }
}

interface Metadata {
  readonly redirectUris: readonly string[];
  readonly method: ClientAuthentication;
  readonly told: Readonly<Record<string, unknown>>;
}

function register(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  const { quirks, clients, addresses, clock } = simulation;
  if (quirks.registration === 'initial-access-token' && readBearer(request) !== quirks.initialAccessToken)
    throw new ProtocolError('invalid_token', 'an initial access token is needed', 401);
  const { redirectUris, method, told } = readMetadata(simulation, request.body);
  const clientId = randomText(20, 'dcr-');
  const secret = method === 'none' || method === 'private_key_jwt' ? null : randomText(32);
  const client: SimulatedClient = {
    client_id: clientId,
    redirect_uris: redirectUris,
    token_endpoint_auth_method: method,
    ...(secret !== null && { client_secret: secret }),
    ...(secret !== null && secretEnd(simulation)),
    ...(isKeySet(told['jwks']) && { jwks: told['jwks'] }),
    ...(quirks.registrationManagement && { registrationAccessToken: randomText(32, 'rat-') }),
  };
  clients.set(clientId, client);
  const answer = {
    ...told,
    client_id: clientId,
    client_id_issued_at: Math.floor(clock() / 1000),
    token_endpoint_auth_method: method,
    ...(secret !== null && { client_secret: secret, ...toldSecretEnd(simulation, client) }),
    ...(client.registrationAccessToken !== undefined && {
      registration_access_token: client.registrationAccessToken,
      registration_client_uri: `${addresses.endpoints.register}/${clientId}`,
    }),
  };
  return {
    status: quirks.registrationStatus,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(answer),
  };
}

function readMetadata({ quirks }: Simulation, body: string): Metadata {
  const told = readObject(body);
  const redirectUris = told['redirect_uris'];
  if (!Array.isArray(redirectUris) || redirectUris.length === 0)
    throw new ProtocolError('invalid_redirect_uri', 'redirect_uris is missing');
  const allowed = quirks.registrationRedirectUris;
  const foreign = redirectUris.find((uri) => allowed !== null && !allowed.includes(String(uri)));
  if (foreign !== undefined)
    throw new ProtocolError('invalid_redirect_uri', `redirect URI is not allowed: ${String(foreign)}`);
  const asked = told['token_endpoint_auth_method'] ?? 'client_secret_basic';
  const accepted = quirks.clientAuthentication.find((method) => method === asked);
  const method = quirks.registrationAuthentication ?? accepted;
  if (!method)
    throw new ProtocolError('invalid_client_metadata', `that way of client authentication is not supported`);
  return { redirectUris: redirectUris.map(String), method, told };
}

function readObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Answered below.
  }
  throw new ProtocolError('invalid_client_metadata', 'the body is no JSON object');
}

function isKeySet(value: unknown): value is NonNullable<SimulatedClient['jwks']> {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
}

/** When the secret really ends; one that is told to have ended an hour ago has. */
function secretEnd({ quirks, clock }: Simulation): { secretExpiresAt?: number } {
  switch (quirks.registrationSecretExpires) {
    case 'never':
    case 'absent':
      return {};
    case 'past':
      return { secretExpiresAt: clock() - 3_600_000 };
    case 'soon':
      return { secretExpiresAt: clock() + quirks.registrationSecretLifetime * 1000 };
  }
}

function toldSecretEnd(
  { quirks }: Simulation,
  client: SimulatedClient,
): { client_secret_expires_at?: number } {
  if (quirks.registrationSecretExpires === 'absent') return {};
  return { client_secret_expires_at: Math.floor((client.secretExpiresAt ?? 0) / 1000) };
}

function manage(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  const clientId = decodeURIComponent(request.url.pathname.split('/').at(-1) ?? '');
  const client = simulation.clients.get(clientId);
  if (!simulation.quirks.registrationManagement) return json(404, { error: 'not_found' });
  // RFC 7592 §2.1: a client that is gone is answered like a token that is wrong.
  if (!client || readBearer(request) !== (client.registrationAccessToken ?? '')) {
    return json(401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' });
  }
  if (request.method === 'DELETE') {
    simulation.clients.delete(clientId);
    return { status: 204, headers: {}, body: '' };
  }
  if (request.method !== 'GET') return json(405, { error: 'method_not_allowed' });
  return json(200, {
    client_id: client.client_id,
    redirect_uris: client.redirect_uris,
    ...(client.client_secret !== undefined && {
      client_secret: client.client_secret,
      ...toldSecretEnd(simulation, client),
    }),
    ...(client.token_endpoint_auth_method && {
      token_endpoint_auth_method: client.token_endpoint_auth_method,
    }),
    registration_access_token: client.registrationAccessToken ?? '',
    registration_client_uri: `${simulation.addresses.endpoints.register}/${clientId}`,
  });
}
