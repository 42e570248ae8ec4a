import { createLocalJWKSet, jwtVerify } from 'jose';
import type { SimulatedClient } from '../clients.ts';
import { ProtocolError, readBasic } from '../exchange.ts';
import type { SimulatedRequest } from '../exchange.ts';
import type { ClientAuthentication } from '../quirks/tokens.ts';
import type { Simulation } from '../simulation.ts';

/** Who a request says it is from, and how it proves that; `several` is not allowed (RFC 6749 §2.3). */
export interface Credentials {
  readonly clientId: string | null;
  readonly method: ClientAuthentication | 'several' | null;
}

/** Reads which client authentication a request uses, without checking it. */
export function readCredentials(request: SimulatedRequest): Credentials {
  const { parameters } = request;
  const basic = readBasic(request);
  const methods: ClientAuthentication[] = [
    ...(basic ? ['client_secret_basic' as const] : []),
    ...(parameters['client_secret'] === undefined ? [] : ['client_secret_post' as const]),
    ...(parameters['client_assertion'] === undefined ? [] : ['private_key_jwt' as const]),
  ];
  const clientId = basic?.id ?? parameters['client_id'] ?? assertionSubject(parameters['client_assertion']);
  const [first = clientId === null ? null : 'none', ...more] = methods;
  return { clientId, method: more.length > 0 ? 'several' : first };
}

function assertionSubject(assertion: string | undefined): string | null {
  if (assertion === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null && 'sub' in claims ? String(claims.sub) : null;
  } catch {
    return null;
  }
}

/** Finds the client of a request and checks its credentials. Throws `invalid_client`. */
export async function authenticateClient(
  simulation: Simulation,
  request: SimulatedRequest,
): Promise<SimulatedClient> {
  const { clientId, method } = readCredentials(request);
  const client = simulation.clients.get(clientId ?? '');
  if (!client) throw new ProtocolError('invalid_client', 'unknown client', 401);
  if (method === null || method === 'several')
    throw new ProtocolError('invalid_request', 'exactly one way of client authentication is needed');
  const accepted = simulation.quirks.clientAuthentication.includes(method);
  const wanted = client.token_endpoint_auth_method ?? method;
  if (!accepted || wanted !== method)
    throw new ProtocolError('invalid_client', `${method} is not accepted`, 401);
  await checkCredentials(simulation, request, { client, method });
  return client;
}

async function checkCredentials(
  simulation: Simulation,
  request: SimulatedRequest,
  { client, method }: { client: SimulatedClient; method: ClientAuthentication },
): Promise<void> {
  if (method === 'private_key_jwt') return await checkAssertion(simulation, request, client);
  if (method === 'none') {
    if (client.client_secret !== undefined || client.jwks)
      throw new ProtocolError('invalid_client', 'the client has to authenticate', 401);
    return;
  }
  const secret =
    method === 'client_secret_basic' ? readBasic(request)?.secret : request.parameters['client_secret'];
  const expired = client.secretExpiresAt !== undefined && simulation.clock() >= client.secretExpiresAt;
  if (client.client_secret === undefined || secret !== client.client_secret || expired)
    throw new ProtocolError('invalid_client', 'the client secret is wrong', 401);
}

/** RFC 7523 §3: signature, issuer and subject, audience, expiry, and an id that was never seen. */
async function checkAssertion(
  simulation: Simulation,
  { parameters }: SimulatedRequest,
  client: SimulatedClient,
): Promise<void> {
  const { issuer, documentIssuer, endpoints } = simulation.addresses;
  if (parameters['client_assertion_type'] !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    throw new ProtocolError('invalid_client', 'client_assertion_type is wrong', 401);
  if (!client.jwks) throw new ProtocolError('invalid_client', 'the client has no keys', 401);
  const verified = await jwtVerify(
    parameters['client_assertion'] ?? '',
    createLocalJWKSet({ keys: [...client.jwks.keys] }),
    {
      issuer: client.client_id,
      subject: client.client_id,
      audience: [issuer, documentIssuer, endpoints.token],
      requiredClaims: ['exp', 'jti'],
      currentDate: new Date(simulation.clock()),
    },
  ).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProtocolError('invalid_client', `the client assertion is not good: ${reason}`, 401);
  });
  const id = String(verified.payload.jti);
  if (simulation.assertionIds.has(id))
    throw new ProtocolError('invalid_client', 'the client assertion was used before', 401);
  simulation.assertionIds.add(id);
}
