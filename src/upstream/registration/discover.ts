import { UpstreamError } from '../provider.ts';
import { isRecord } from '../identity.ts';
import type { UpstreamHttp } from '../upstream-http.ts';
import { endpointProblem } from '../endpoint-problem.ts';
import type { RegisteredEndpoints } from './registration.ts';

/** What we have to know of a provider before we register there. */
export interface RegistrationServer {
  readonly registrationEndpoint: string;
  /** From the metadata; `null` without metadata: the configuration then names them. */
  readonly endpoints: RegisteredEndpoints | null;
  /** Ways to authenticate at the token endpoint; `null`: it does not say. */
  readonly methods: readonly string[] | null;
  /** S256 is advertised. */
  readonly s256: boolean;
  readonly scopes: readonly string[] | null;
}

/** Whose document it is, and what the operator allows. */
export interface DiscoveryContext {
  readonly upstream: string;
  readonly http: UpstreamHttp;
  readonly insecureAllowHttp: boolean;
}

const suffix = /\/\.well-known\/(?:oauth-authorization-server|openid-configuration)/u;

/**
 * The issuer that a metadata address belongs to: the well-known part at the end (OpenID Connect Discovery §4), or between
 * host and path (RFC 8414 §3).
 */
function issuerOf(discoveryUrl: string): string {
  const url = new URL(discoveryUrl);
  const at = suffix.exec(url.pathname);
  if (!at) return url.origin;
  const [found] = at;
  const path = url.pathname.slice(0, at.index) + url.pathname.slice(at.index + found.length);
  return path === '/' ? url.origin : `${url.origin}${path}`;
}

/**
 * Reads the metadata at exactly this address; its `issuer` must be the one that the address belongs to. A document without
 * `registration_endpoint` means `{issuer}/register`: some providers serve it and do not say so. Throws {@link UpstreamError}.
 */
export async function discoverRegistration(
  discoveryUrl: string,
  context: DiscoveryContext,
): Promise<RegistrationServer> {
  const { upstream, http } = context;
  const response = await http.fetch(discoveryUrl, { headers: { accept: 'application/json' } });
  if (!response.ok) {
    const failure = response.status >= 500 || response.status === 429 ? 'unavailable' : 'invalid';
    throw new UpstreamError(failure, upstream, `registration: metadata answered ${response.status}`);
  }
  const document = await objectOf(response);
  const issuer = issuerOf(discoveryUrl);
  if (!document || (document['issuer'] !== issuer && document['issuer'] !== `${issuer}/`))
    throw new UpstreamError('invalid', upstream, `registration: the metadata is not that of ${issuer}`);
  const endpoint = (name: string): string | null => endpointOf(document, name, { ...context, discoveryUrl });
  const authorization = endpoint('authorization_endpoint');
  const token = endpoint('token_endpoint');
  return {
    registrationEndpoint: endpoint('registration_endpoint') ?? `${issuer}/register`,
    endpoints:
      authorization !== null && token !== null
        ? { authorization, token, revocation: endpoint('revocation_endpoint') }
        : null,
    methods: textsOf(document['token_endpoint_auth_methods_supported']),
    s256: textsOf(document['code_challenge_methods_supported'])?.includes('S256') ?? false,
    scopes: textsOf(document['scopes_supported']),
  };
}

function endpointOf(
  document: Readonly<Record<string, unknown>>,
  name: string,
  { upstream, insecureAllowHttp, discoveryUrl }: DiscoveryContext & { readonly discoveryUrl: string },
): string | null {
  const value = document[name];
  if (value === undefined || value === null) return null;
  const url = typeof value === 'string' ? value : '';
  const problem = endpointProblem(url, { namedBy: discoveryUrl, insecureAllowHttp });
  if (problem === null) return url;
  throw new UpstreamError('invalid', upstream, `registration: ${name} ${problem}`);
}

/** A JSON object, or `null` for anything else. */
export async function objectOf(response: Response): Promise<Record<string, unknown> | null> {
  try {
    const value: unknown = await response.json();
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function textsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}
