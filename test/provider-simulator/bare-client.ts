/** A client of nothing but `fetch`, so that each habit of the simulator is seen without a library's help. */
import { createHash } from 'node:crypto';
import { createProviderSimulator, defaultClient } from '../../src/testing/index.ts';
import type { ProviderSimulator, SimulatorOptions } from '../../src/testing/index.ts';

const callback = defaultClient.redirect_uris[0] ?? '';
const verifier = 'a-verifier-that-has-more-than-forty-three-characters';

type Parameters = Readonly<Record<string, string | undefined>>;

/** Keys are ES256 unless asked otherwise: making them takes a fraction of the time. */
export async function start(options: SimulatorOptions = {}): Promise<ProviderSimulator> {
  const quirks: SimulatorOptions['quirks'] = { signingAlg: 'ES256', ...options.quirks };
  return await createProviderSimulator({ ...options, quirks }).start();
}

/** Parameters given as `undefined` are left out. */
function encode(parameters: Parameters): URLSearchParams {
  return new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

export function authorizationUrl(simulator: ProviderSimulator, parameters: Parameters = {}): string {
  const url = new URL(simulator.endpoints.authorize);
  url.search = encode({
    response_type: 'code',
    client_id: defaultClient.client_id,
    redirect_uri: callback,
    scope: 'openid profile email',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  }).toString();
  return url.href;
}

/** Parameters of the redirect that ends a sign-in. */
export async function authorize(
  simulator: ProviderSimulator,
  parameters: Parameters = {},
  login = 'alice',
): Promise<Record<string, string>> {
  const location = await simulator.signIn(authorizationUrl(simulator, parameters), login);
  return Object.fromEntries(new URL(location).searchParams);
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `null` for an answer that is no JSON object. */
  readonly body: Record<string, unknown>;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Told> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: readObject(text) };
}

function readObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** POSTs a form to the token endpoint, with the secret in the body unless told otherwise. */
export async function askToken(
  simulator: ProviderSimulator,
  parameters: Parameters,
  headers: Readonly<Record<string, string>> = { accept: 'application/json' },
): Promise<Told> {
  const credentials = {
    client_id: defaultClient.client_id,
    client_secret: defaultClient.client_secret,
  };
  return await ask(simulator.endpoints.token, {
    method: 'POST',
    headers,
    body: encode({ ...credentials, ...parameters }),
  });
}

export async function redeem(
  simulator: ProviderSimulator,
  code: string | undefined,
  parameters: Parameters = {},
): Promise<Told> {
  return await askToken(simulator, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    code_verifier: verifier,
    ...parameters,
  });
}

/** Signs in and redeems the code. */
export async function login(
  simulator: ProviderSimulator,
  parameters: Parameters = {},
  user = 'alice',
): Promise<Told> {
  const { code } = await authorize(simulator, parameters, user);
  return await redeem(simulator, code);
}

export async function refresh(
  simulator: ProviderSimulator,
  token: unknown,
  parameters: Parameters = {},
): Promise<Told> {
  return await askToken(simulator, {
    grant_type: 'refresh_token',
    refresh_token: String(token),
    ...parameters,
  });
}

export async function userinfo(
  simulator: ProviderSimulator,
  token: unknown,
  init: { method?: string; headers?: Record<string, string> } = {},
): Promise<Told> {
  return await ask(simulator.endpoints.userinfo, {
    ...init,
    headers: { authorization: `Bearer ${String(token)}`, ...init.headers },
  });
}

/** Header and claims of a JWT, unverified. */
export function readJwt(token: unknown): {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
} {
  const [header = '', claims = ''] = String(token).split('.');
  const read = (part: string): Record<string, unknown> =>
    readObject(Buffer.from(part, 'base64url').toString());
  return { header: read(header), claims: read(claims) };
}

/** The header of `client_secret_basic`, encoded as RFC 6749 §2.3.1 has it. */
export function basic(id: string, secret: string): Record<string, string> {
  const pair = [id, secret].map((part) => encodeURIComponent(part)).join(':');
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
