import type { UpstreamAuthMethod, UpstreamRegistrationConfig } from '../../config/config.ts';
import type { Clock } from '../../types/time.ts';
import { isPassingStatus, printableCode } from '../failures.ts';
import { UpstreamError } from '../provider.ts';
import { isLoopbackUrl } from '../upstream-http.ts';
import type { UpstreamHttp } from '../upstream-http.ts';
import type { RegistrationServer } from './discover.ts';
import { objectOf } from './discover.ts';
import type { RegisteredEndpoints, Registration } from './registration.ts';

/** What we say about ourselves, and with what authority. */
export interface RegistrationRequest {
  readonly upstream: string;
  readonly http: UpstreamHttp;
  readonly clock: Clock;
  readonly config: UpstreamRegistrationConfig;
  readonly redirectUri: string;
  /** `null`: what the provider lists. */
  readonly scopes: readonly string[] | null;
  /** Asked for by the operator; `null`: the best that both know. */
  readonly method: UpstreamAuthMethod | null;
  /** The public part of the key of `private_key_jwt` (RFC 7517); `null`: there is none. */
  readonly jwk: Readonly<Record<string, unknown>> | null;
  /** Named by the operator; they come before those of the metadata. */
  readonly endpoints: Partial<RegisteredEndpoints>;
}

/** Longest text that is taken for a client id or a secret, in characters. */
const longest = 8192;

/** Best first. */
const methods: readonly UpstreamAuthMethod[] = [
  'private_key_jwt',
  'client_secret_basic',
  'client_secret_post',
  'none',
];

/** Registers (RFC 7591 §3.1). Throws {@link UpstreamError}; its message never holds what the provider wrote. */
export async function register(
  server: RegistrationServer,
  request: RegistrationRequest,
): Promise<Registration> {
  const { http, config, upstream } = request;
  const method = chooseMethod(server, request);
  const token = config.initialAccessToken;
  const response = await http.fetch(server.registrationEndpoint, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token.reveal()}` }),
    },
    body: JSON.stringify(metadataOf(server, request, method)),
  });
  const answer = await objectOf(response);
  if (!response.ok || !answer) throw refused(response, answer, upstream);
  return readRegistration(answer, { server, request, method });
}

/** Reads what the provider knows of us (RFC 7592 §2.1); `gone` when it does not know us any more. */
export async function readBack(
  { http, upstream }: Pick<RegistrationRequest, 'http' | 'upstream'>,
  registration: Registration,
): Promise<Registration | 'gone' | 'unmanaged'> {
  const { management } = registration;
  if (!management) return 'unmanaged';
  const response = await http.fetch(management.uri, {
    headers: { accept: 'application/json', authorization: `Bearer ${management.token}` },
  });
  // RFC 7592 §2.1: an unknown client and a token that is not its own any more are both 401.
  if ([401, 403, 404].includes(response.status)) return 'gone';
  const answer = response.ok ? await objectOf(response) : null;
  if (!answer)
    throw new UpstreamError(
      'unavailable',
      upstream,
      `registration: looking it up answered ${response.status}`,
    );
  if (answer['client_id'] !== registration.clientId) return 'gone';
  return { ...registration, ...secretOf(answer, registration), ...managementOf(answer, registration) };
}

/** Deletes a registration (RFC 7592 §2.3). True when the provider says that it is gone. */
export async function unregister(http: UpstreamHttp, { management }: Registration): Promise<boolean> {
  if (!management) return false;
  const response = await http.fetch(management.uri, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${management.token}` },
  });
  return response.ok || [401, 404].includes(response.status);
}

/** Intersects what we can with what is advertised; nothing advertised means Basic (RFC 8414 §2). */
function chooseMethod(
  { methods: advertised, s256 }: RegistrationServer,
  { method, upstream, jwk }: RegistrationRequest,
): UpstreamAuthMethod {
  if (method !== null) return method;
  const chosen = methods.find((one) => {
    if (one === 'private_key_jwt' && jwk === null) return false;
    if (advertised === null) return one === 'client_secret_basic';
    // Without a secret PKCE is all that ties a code to us.
    return advertised.includes(one) && (one !== 'none' || s256);
  });
  if (chosen) return chosen;
  throw new UpstreamError(
    'invalid',
    upstream,
    'registration: the provider lists no way to authenticate that we know; set token_endpoint_auth_method',
  );
}

function metadataOf(
  { scopes: listed }: RegistrationServer,
  { config, redirectUri, scopes, jwk }: RegistrationRequest,
  method: UpstreamAuthMethod,
): Record<string, unknown> {
  const asked = scopes ?? listed ?? [];
  return {
    client_name: config.clientName,
    // Only this one: some providers refuse a registration for a single address that they do not like.
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    // MCP 2026-07-28 wants it said; web clients have no loopback addresses (OpenID Connect Registration §2).
    ...(config.issuer !== undefined && { application_type: isLoopbackUrl(redirectUri) ? 'native' : 'web' }),
    token_endpoint_auth_method: method,
    ...(method === 'private_key_jwt' && { jwks: { keys: [jwk] } }),
    ...(asked.length > 0 && { scope: asked.join(' ') }),
    ...(config.softwareId !== null && { software_id: config.softwareId }),
    ...(config.softwareStatement !== null && { software_statement: config.softwareStatement }),
  };
}

interface Reading {
  readonly server: RegistrationServer;
  readonly request: RegistrationRequest;
  readonly method: UpstreamAuthMethod;
}

function readRegistration(
  answer: Readonly<Record<string, unknown>>,
  { server, request, method: asked }: Reading,
): Registration {
  const { clock, upstream, endpoints: named } = request;
  const invalid = (problem: string): UpstreamError =>
    new UpstreamError('invalid', upstream, `registration: ${problem}`);
  const clientId = textOf(answer['client_id']);
  if (clientId === null) throw invalid('the answer has no usable client_id');
  const method = methods.find((one) => one === (answer['token_endpoint_auth_method'] ?? asked));
  if (!method || (method === 'private_key_jwt' && request.jwk === null))
    throw invalid(
      'the provider gave us a way to authenticate that we do not know; set token_endpoint_auth_method',
    );
  const now = clock();
  const secret = secretOf(answer, { clientSecret: null, secretExpiresAt: null });
  if (method.startsWith('client_secret') && secret.clientSecret === null)
    throw invalid(`the answer has no client_secret, and ${method} needs one`);
  if (secret.secretExpiresAt !== null && secret.secretExpiresAt <= now)
    throw invalid('the client_secret had ended when it came');
  const authorization = named.authorization ?? server.endpoints?.authorization;
  const token = named.token ?? server.endpoints?.token;
  if (authorization === undefined || token === undefined)
    throw invalid(
      'the metadata lacks authorization_endpoint or token_endpoint; write them in the configuration',
    );
  return {
    clientId,
    method,
    ...secret,
    registeredAt: now,
    ...managementOf(answer, { management: null }, server.registrationEndpoint),
    endpoints: { authorization, token, revocation: named.revocation ?? server.endpoints?.revocation ?? null },
  };
}

/** `client_secret_expires_at`: seconds, 0 for never (RFC 7591 §3.2.1). Absent means never too, with a secret or without. */
function secretOf(
  answer: Readonly<Record<string, unknown>>,
  before: Pick<Registration, 'clientSecret' | 'secretExpiresAt'>,
): Pick<Registration, 'clientSecret' | 'secretExpiresAt'> {
  const clientSecret = textOf(answer['client_secret']);
  if (clientSecret === null) return before;
  const end = answer['client_secret_expires_at'];
  const ends = typeof end === 'number' && Number.isSafeInteger(end) && end > 0;
  return { clientSecret, secretExpiresAt: ends ? end * 1000 : null };
}

/** The address must be one that the operator's own words lead to: it gets a bearer token. */
function managementOf(
  answer: Readonly<Record<string, unknown>>,
  before: Pick<Registration, 'management'>,
  registrationEndpoint?: string,
): Pick<Registration, 'management'> {
  const uri = textOf(answer['registration_client_uri']) ?? before.management?.uri;
  const token = textOf(answer['registration_access_token']) ?? before.management?.token;
  if (uri === undefined || token === undefined) return before;
  const origin = URL.parse(before.management?.uri ?? registrationEndpoint ?? '')?.origin;
  return URL.parse(uri)?.origin === origin ? { management: { uri, token } } : before;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : null;
}

function refused(
  { status }: Response,
  answer: Readonly<Record<string, unknown>> | null,
  upstream: string,
): UpstreamError {
  const code = typeof answer?.['error'] === 'string' ? ` (${printableCode(answer['error'])})` : '';
  if (isPassingStatus(status) && status !== 501)
    return new UpstreamError('unavailable', upstream, `registration: status ${status}${code}`);
  const unknown = [404, 405, 501].includes(status);
  const reason = unknown
    ? 'the provider takes no registrations there; register by hand, and write client_id'
    : `the provider refused with status ${status}${code}`;
  return new UpstreamError('invalid', upstream, `registration: ${reason}`);
}
