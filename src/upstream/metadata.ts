import * as oauth from 'oauth4webapi';
import type { OidcUpstreamConfig } from '../config/config.ts';
import { SallyportError } from '../types/error.ts';
import { endpointProblem } from './endpoint-problem.ts';
import { step } from './failures.ts';
import { isRecord } from './identity.ts';
import { admitsDocument } from './issuer-rule.ts';
import { UpstreamError } from './provider.ts';
import type { UpstreamHttp } from './upstream-http.ts';

/** Asymmetric signatures only: `none` proves nothing, and with HS* whoever holds the public key could sign. */
const idTokenAlgorithm = /^(?:(?:RS|PS|ES)(?:256|384|512)|EdDSA|Ed25519)$/;

const endpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint'] as const;

/**
 * Fetches and checks a provider's metadata: OpenID Connect Discovery 1.0, else RFC 8414. Its `issuer` must equal the
 * configured one byte for byte, or be one that the upstream's issuer rule admits. Throws {@link UpstreamError}.
 */
export async function loadMetadata(
  config: OidcUpstreamConfig,
  http: UpstreamHttp,
): Promise<oauth.AuthorizationServer> {
  const at = { upstream: config.name, step: 'discovery' };
  const document = await step(at, async () => {
    try {
      return await request('oidc', config, http);
    } catch (error) {
      // A provider that cannot be reached is not asked again at another path.
      if (error instanceof SallyportError) throw error;
      return await request('oauth2', config, http).catch(() => {
        throw error;
      });
    }
  });
  checkDocument(document, config);
  const kept = withoutUnusable(document, config);
  const algorithms = document.id_token_signing_alg_values_supported;
  if (!Array.isArray(algorithms)) return kept;
  return { ...kept, id_token_signing_alg_values_supported: algorithms.filter(isSafeAlgorithm) };
}

/** Endpoints that nobody signs in by may be wrong; then they are as if nobody had named them. */
function withoutUnusable(
  document: oauth.AuthorizationServer,
  config: OidcUpstreamConfig,
): oauth.AuthorizationServer {
  const { revocation_endpoint: revocation, mtls_endpoint_aliases: aliases, ...rest } = document;
  const usable = (endpoint: unknown): boolean =>
    typeof endpoint === 'string' && endpointProblem(endpoint, placeOf(config)) === null;
  return {
    ...rest,
    ...(revocation !== undefined && usable(revocation) && { revocation_endpoint: revocation }),
    ...(isRecord(aliases) && Object.values(aliases).every(usable) && { mtls_endpoint_aliases: aliases }),
  };
}

function isSafeAlgorithm(algorithm: unknown): algorithm is string {
  return typeof algorithm === 'string' && idTokenAlgorithm.test(algorithm);
}

async function request(
  algorithm: 'oidc' | 'oauth2',
  config: OidcUpstreamConfig,
  http: UpstreamHttp,
): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(config.issuer);
  const response = await oauth.discoveryRequest(issuer, { ...http.options(), algorithm });
  const named = await issuerIn(response.clone());
  // The library wants to know the issuer beforehand; where several will do, it hears the one that the document has.
  const expected = named !== null && admitsDocument(named, config) ? new URL(named) : issuer;
  return await oauth.processDiscoveryResponse(expected, response);
}

async function issuerIn(response: Response): Promise<string | null> {
  const document: unknown = await response.json().catch(() => null);
  const issuer = isRecord(document) ? document['issuer'] : null;
  return typeof issuer === 'string' && URL.canParse(issuer) ? issuer : null;
}

function checkDocument(document: oauth.AuthorizationServer, config: OidcUpstreamConfig): void {
  const fail = (problem: string): never => {
    throw new UpstreamError('invalid', config.name, `discovery: ${problem}`);
  };
  // The library compares parsed URLs; OpenID Connect Discovery §4.3 wants the very same string.
  if (!admitsDocument(document.issuer, config))
    fail(`the document's issuer is not exactly ${config.issuer}; mind a slash at the end`);
  for (const name of endpoints) {
    const value = document[name];
    if (value === undefined && name === 'userinfo_endpoint') continue;
    if (typeof value !== 'string') fail(`${name} is missing`);
    const problem = endpointProblem(String(value), placeOf(config));
    if (problem !== null) fail(`${name} ${problem}`);
  }
}

function placeOf({ issuer, insecureAllowHttp }: OidcUpstreamConfig): Parameters<typeof endpointProblem>[1] {
  return { namedBy: issuer, insecureAllowHttp };
}
