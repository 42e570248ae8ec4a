import type { ScopeConfig } from './resource-scopes.ts';
import { usefulScopes } from './resource-scopes.ts';

/** Paths of each document, at every place that belongs to the issuer and at no other. */
export interface WellKnownPaths {
  readonly authorizationServer: readonly string[];
  readonly openidConfiguration: readonly string[];
  readonly jwks: readonly string[];
}

/**
 * Where clients look (RFC 8414 §3.1 inserts, OpenID Connect Discovery §4 appends). With an issuer path the root belongs to
 * somebody else, unless a front proxy strips the path.
 */
export function wellKnownPaths(issuer: string, options: { readonly pathStripped: boolean }): WellKnownPaths {
  const path = new URL(issuer).pathname.replace(/\/$/u, '');
  const places = (name: string): string[] => [
    ...new Set([
      `/.well-known/${name}${path}`,
      `${path}/.well-known/${name}`,
      ...(options.pathStripped ? [`/.well-known/${name}`] : []),
    ]),
  ];
  return {
    authorizationServer: places('oauth-authorization-server'),
    openidConfiguration: places('openid-configuration'),
    // Not a discovery document: without the path it can lead nobody astray.
    jwks: [...new Set([`${path}/.well-known/jwks.json`, '/.well-known/jwks.json'])],
  };
}

/** The part of the configuration that metadata tell about. */
export interface MetadataConfig extends ScopeConfig {
  readonly issuer: string;
  readonly authorizationBaseUrl: string;
  readonly registration: {
    readonly allowConfidential: boolean;
    readonly forceConfidentialRedirectUris: readonly string[];
    /** `off`: there is none. */
    readonly policy?: string;
  };
  readonly clients: readonly { readonly authMethod: string }[];
}

interface Source {
  readonly config: MetadataConfig;
  /** Algorithm that signs ID tokens. */
  readonly idTokenAlg: string;
  /** Clients may identify themselves by documents. */
  readonly clientDocuments?: boolean;
}

/** RFC 8414 §2. Tells what is served, and nothing else; not the scopes for later, since some clients ask for all they see. */
export function authorizationServerMetadata({ config, clientDocuments = false }: Source): object {
  const { issuer } = config;
  const methods = ['none', ...provingMethods(config, clientDocuments)];
  const assertions = methods.includes('private_key_jwt');
  return {
    issuer,
    authorization_endpoint: `${config.authorizationBaseUrl}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    // Left out and not `null`, which the schemas of some clients refuse.
    ...(config.registration.policy !== 'off' && { registration_endpoint: `${issuer}/oauth/register` }),
    revocation_endpoint: `${issuer}/oauth/revoke`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    ...someScopes(config.scopesSupported.filter((scope) => !config.scopesOnDemand.includes(scope))),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      ...(assertions ? ['private_key_jwt'] : []),
    ],
    ...(assertions && signingAlgorithms),
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    // Absent is false: who reads `true` tries nothing else.
    ...(clientDocuments && { client_id_metadata_document_supported: true }),
  };
}

/** OpenID Connect Discovery §3: the same server, and what OpenID clients ask for beside it. */
export function openidConfiguration(source: Source): object {
  return {
    ...authorizationServerMetadata(source),
    userinfo_endpoint: `${source.config.issuer}/oauth/userinfo`,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [source.idTokenAlg],
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'at_hash',
      'name',
      'email',
      'email_verified',
    ],
    prompt_values_supported: ['login', 'select_account', 'consent'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
  };
}

/** RFC 9728 §2. Refresh tokens are between client and authorization server, so `offline_access` is not listed. */
export function protectedResourceMetadata({
  config,
  resource,
}: {
  readonly config: MetadataConfig;
  readonly resource: string;
}): object {
  return {
    resource,
    authorization_servers: [config.issuer],
    bearer_methods_supported: ['header'],
    ...someScopes(usefulScopes(config, resource)),
  };
}

/** RFC 8414 §3.2 and RFC 9728 §3.2: a list without members is left out. */
function someScopes(scopes: readonly string[]): { readonly scopes_supported?: readonly string[] } {
  return scopes.length > 0 ? { scopes_supported: scopes } : {};
}

/** What client assertions may be signed with (RFC 7523): nothing that the verifier could make itself. */
export const assertionAlgorithms: readonly string[] = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];

/** RFC 8414 §2: told wherever `private_key_jwt` is. */
const signingAlgorithms = {
  token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
};

/**
 * Secrets are taken when registration hands them out, to all or to some, or when a static client has one; assertions when a
 * static client has keys, or one that registers or is described by a document may have some.
 */
function provingMethods({ registration, clients }: MetadataConfig, documents: boolean): readonly string[] {
  const secrets =
    registration.allowConfidential ||
    registration.forceConfidentialRedirectUris.length > 0 ||
    clients.some(({ authMethod }) => authMethod.startsWith('client_secret'));
  const registered = registration.policy !== 'off';
  const keys = documents || registered || clients.some(({ authMethod }) => authMethod === 'private_key_jwt');
  return [
    ...(secrets ? ['client_secret_basic', 'client_secret_post'] : []),
    ...(keys ? ['private_key_jwt'] : []),
  ];
}
