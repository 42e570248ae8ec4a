/** The authorization server that protects an MCP server, by its own metadata (RFC 8414, OpenID Connect Discovery 1.0). */
import type { AuthorizationServer } from 'oauth4webapi';
import { endpointProblem } from '../endpoint-problem.ts';
import type { RegistrationServer } from '../registration/discover.ts';
import type { Asking, ProtectedResource } from './resource-metadata.ts';
import { documentAt, invalid, readProtectedResource, textsOf } from './resource-metadata.ts';

/** Who protects the MCP server, and how one becomes its client. */
export interface Protector {
  readonly resource: string;
  readonly server: AuthorizationServer & {
    readonly authorization_endpoint: string;
    readonly token_endpoint: string;
  };
  /** What to ask for; empty: nothing in particular. */
  readonly scopes: readonly string[];
  /** `null`: it takes no registrations. */
  readonly registration: RegistrationServer | null;
  readonly methods: readonly string[] | null;
}

/**
 * From the MCP server to its authorization server.
 * @param issuer the one that the operator trusts with our credentials; `null`: the first that the MCP server names
 */
export async function findProtector(asking: Asking, issuer: string | null): Promise<Protector> {
  const found = await readProtectedResource(asking);
  const chosen =
    issuer === null
      ? found.authorizationServers[0]
      : found.authorizationServers.find((one) => one === issuer);
  if (chosen === undefined)
    throw invalid(
      asking,
      'the MCP server is protected by another authorization server than authorization_server says',
    );
  for (const place of placesOf(chosen, asking)) {
    const document = await documentAt(place, asking);
    if (document !== null) return readServer(document, { asking, found, issuer: chosen });
  }
  throw invalid(asking, 'the authorization server has no metadata');
}

/** In the order of the MCP specification. */
function placesOf(issuer: string, asking: Asking): readonly string[] {
  const problem = endpointProblem(issuer, {
    namedBy: asking.resource,
    insecureAllowHttp: asking.insecureAllowHttp,
  });
  if (problem !== null) throw invalid(asking, `the authorization server ${problem}`);
  const { origin, pathname, search, hash } = new URL(issuer);
  if (search !== '' || hash !== '')
    throw invalid(asking, 'the authorization server is named by no issuer (RFC 8414 §2)');
  const path = pathname.replace(/\/$/u, '');
  const [oauth, oidc] = [
    `${origin}/.well-known/oauth-authorization-server`,
    `${origin}/.well-known/openid-configuration`,
  ];
  return path === ''
    ? [oauth, oidc]
    : [`${oauth}${path}`, `${oidc}${path}`, `${origin}${path}/.well-known/openid-configuration`];
}

interface Reading {
  readonly asking: Asking;
  readonly found: ProtectedResource;
  readonly issuer: string;
}

function readServer(
  document: Readonly<Record<string, unknown>>,
  { asking, found, issuer }: Reading,
): Protector {
  // RFC 8414 §3.3: the very same string. Whoever answers for another issuer may want its codes.
  if (document['issuer'] !== issuer)
    throw invalid(asking, 'the metadata of the authorization server are those of another issuer');
  if (textsOf(document['code_challenge_methods_supported'])?.includes('S256') !== true)
    throw invalid(
      asking,
      'the authorization server does not say that it takes PKCE with S256, which MCP demands',
    );
  const optional = (name: string): string | null => endpointOf(document, name, asking);
  const needed = (name: string): string => {
    const endpoint = optional(name);
    if (endpoint === null) throw invalid(asking, `${name} is missing`);
    return endpoint;
  };
  const [authorization, token] = [needed('authorization_endpoint'), needed('token_endpoint')];
  const [registration, revocation] = [optional('registration_endpoint'), optional('revocation_endpoint')];
  const methods = textsOf(document['token_endpoint_auth_methods_supported']);
  const scopes = scopesFor(found.scopes, textsOf(document['scopes_supported']));
  return {
    resource: found.resource,
    server: {
      issuer,
      authorization_endpoint: authorization,
      token_endpoint: token,
      ...(revocation !== null && { revocation_endpoint: revocation }),
      authorization_response_iss_parameter_supported:
        document['authorization_response_iss_parameter_supported'] === true,
    },
    scopes,
    methods,
    registration:
      registration === null
        ? null
        : {
            registrationEndpoint: registration,
            endpoints: { authorization, token, revocation },
            methods,
            s256: true,
            scopes,
          },
  };
}

/** `offline_access` brings a refresh token where the server lists it; where nothing is asked for it would narrow what comes. */
function scopesFor(wanted: readonly string[] | null, listed: readonly string[] | null): readonly string[] {
  const scopes = wanted ?? [];
  return scopes.length > 0 && listed?.includes('offline_access')
    ? [...new Set([...scopes, 'offline_access'])]
    : scopes;
}

function endpointOf(
  document: Readonly<Record<string, unknown>>,
  name: string,
  asking: Asking,
): string | null {
  const value = document[name];
  if (value === undefined || value === null) return null;
  const { resource: namedBy, insecureAllowHttp } = asking;
  const url = typeof value === 'string' ? value : '';
  const problem = endpointProblem(url, { namedBy, insecureAllowHttp });
  if (problem !== null) throw invalid(asking, `${name} ${problem}`);
  return url;
}
