import type { RegistrationConfig } from '../config/config.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { randomToken } from '../crypto/random.ts';
import { toleratedAt } from '../known-clients/recognise.ts';
import { isLoopbackHost } from '../net/addresses.ts';
import { OAuthError } from '../oauth/errors.ts';
import { checkRedirectUri } from '../oauth/redirect-uri.ts';
import { formatScope, parseScope } from '../oauth/scope.ts';
import type { Clock, Seconds } from '../types/time.ts';
import { invalidInitialToken } from './initial-access-token.ts';
import { checkPolicy, wantedRedirectUris } from './registration-policy.ts';
import type { Judged } from './registration-policy.ts';
import { RegistrationRefused } from './registration-refusal.ts';
import { cleanName } from './clean-name.ts';
import type { Registration } from './client-id.ts';
import type { ClientMetadata } from './client-metadata.ts';
import { readClientMetadata } from './client-metadata.ts';
import { deriveClientSecret } from './registered-client.ts';

/** The answer to a registration (RFC 7591 §3.2.1): what is in force, not what was asked. */
export type RegistrationResponse = Readonly<Record<string, unknown>> & { readonly client_id: string };

/** What a registration depends on, beside what the client says. */
export interface RegistrationRules {
  readonly registration: RegistrationConfig;
  readonly scopesSupported: readonly string[];
  readonly baselineScopes: readonly string[];
  readonly secretKeys: readonly MacKey[];
  readonly idTokenAlg: string;
  readonly clock: Clock;
}

/** Who stood up for a registration. */
export interface Vouching {
  /** It came with an initial access token. */
  readonly vouched: boolean;
  /** The issuer of a statement that was proven, and that names its redirect URIs. */
  readonly voucher?: string | undefined;
}

/** How long a confidential client's secret lasts: 90 days. */
const secretLifetime: Seconds = 90 * 86_400;

/**
 * Judges what a client says about itself (RFC 7591 §2).
 * @throws {OAuthError} `invalid_redirect_uri`, `invalid_client_metadata`
 */
export function checkRegistration(
  body: unknown,
  { vouched, voucher, ...rules }: RegistrationRules & Vouching,
): Registration {
  const metadata = readClientMetadata(body);
  const { softwareId } = metadata;
  const asked = checkRedirectUris(metadata.redirectUris);
  const judged = { redirectUris: asked, softwareId, vouched, ...(voucher !== undefined && { voucher }) };
  const redirectUris = checkWanted(judged, rules.registration);
  const { authMethod, anySecretMethod } = checkAuthMethod(metadata, rules.registration);
  const confidential = hasSecret({ authMethod });
  if (confidential) checkConfidentialUris(redirectUris);
  return {
    redirectUris,
    name: cleanName(metadata.name),
    grantTypes: checkGrantTypes(metadata),
    authMethod,
    anySecretMethod,
    scopes: checkScopes(metadata, rules),
    applicationType: checkApplicationType(metadata),
    softwareId,
    vouched,
    nonce: confidential ? randomToken(16) : null,
    secretExpiresAt: confidential ? Math.floor(rules.clock() / 1000) + secretLifetime : 0,
    ...(metadata.keys && { keys: metadata.keys }),
    ...(voucher !== undefined && { voucher }),
  };
}

/** The wire form of a registration in force. */
export function registrationResponse(
  clientId: string,
  registration: Registration,
  { secretKeys, scopesSupported, idTokenAlg, clock }: RegistrationRules,
): RegistrationResponse {
  const scope = formatScope(registration.scopes ?? scopesSupported);
  return {
    client_id: clientId,
    client_id_issued_at: Math.floor(clock() / 1000),
    ...(hasSecret(registration) && {
      client_secret: deriveClientSecret(clientId, secretKeys),
      client_secret_expires_at: registration.secretExpiresAt,
    }),
    redirect_uris: registration.redirectUris,
    token_endpoint_auth_method: registration.authMethod,
    grant_types: registration.grantTypes,
    response_types: ['code'],
    ...(scope !== '' && { scope }),
    id_token_signed_response_alg: idTokenAlg,
    ...(registration.name !== null && { client_name: registration.name }),
    ...(registration.softwareId !== null && { software_id: registration.softwareId }),
    ...(registration.applicationType !== null && { application_type: registration.applicationType }),
    ...keysResponse(registration.keys),
  };
}

function keysResponse(keys: Registration['keys']): object {
  if (!keys) return {};
  return 'jwks' in keys ? { jwks: keys.jwks } : { jwks_uri: keys.jwksUri };
}

/** A key of its own is no secret of ours: whoever has one proves itself by it, also on somebody's computer. */
function hasSecret({ authMethod }: Pick<Registration, 'authMethod'>): boolean {
  return authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
}

function checkRedirectUris(uris: readonly string[]): readonly string[] {
  for (const uri of uris) {
    const problem = checkRedirectUri(uri);
    if (problem !== null) throw badRedirectUri(uri, problem);
  }
  return [...new Set(uris)];
}

/**
 * What is left of the redirect URIs by today's policy.
 * @throws {OAuthError} `invalid_token` with status 401, `invalid_redirect_uri`, `invalid_client_metadata`
 */
function checkWanted(asked: Judged, config: RegistrationConfig): readonly string[] {
  const redirectUris = wantedRedirectUris(asked, config);
  const refusal = checkPolicy({ ...asked, redirectUris }, config);
  if (!refusal) return redirectUris;
  switch (refusal.by) {
    case 'off':
    case 'token':
      throw invalidInitialToken('registering here needs an initial access token');
    case 'redirect_uris':
      throw new RegistrationRefused('redirect_uris', 'invalid_redirect_uri', {
        description: aboutUri(
          asked.redirectUris[0] ?? '',
          'is not allowed here; ask whoever runs this server',
        ),
      });
    case 'software_id':
      throw new RegistrationRefused('software_id', 'invalid_client_metadata', {
        description: 'software_id is none that is allowed here',
      });
    case 'statement':
      throw new RegistrationRefused('statement', 'unapproved_software_statement', {
        description:
          'registering here needs a software_statement that names the redirect_uris, of an issuer that is believed here',
      });
  }
}

/** The default is `none`, not RFC 7591's `client_secret_basic`: MCP clients are public, and a secret would strand them. */
function checkAuthMethod(
  { authMethod: wanted, redirectUris }: ClientMetadata,
  { allowConfidential, forceConfidentialRedirectUris }: RegistrationConfig,
): Pick<Registration, 'authMethod' | 'anySecretMethod'> {
  const method = wanted ?? 'none';
  if (method === 'none') {
    // Some hosted clients register as public and then refuse to go on without a secret; the operator names them, or their row does.
    const forced = redirectUris.some(
      (uri) => forceConfidentialRedirectUris.includes(uri) || toleratedAt(uri, 'secret_with_none'),
    );
    return { authMethod: forced ? 'client_secret_post' : 'none', anySecretMethod: forced };
  }
  // That there are keys has been looked at with them.
  if (method === 'private_key_jwt') return { authMethod: method, anySecretMethod: false };
  const secret = method === 'client_secret_basic' || method === 'client_secret_post';
  if (secret && allowConfidential) return { authMethod: method, anySecretMethod: false };
  const secrets = allowConfidential ? 'client_secret_basic, client_secret_post, ' : '';
  const supported = `none, ${secrets}private_key_jwt`;
  throw new OAuthError('invalid_client_metadata', `token_endpoint_auth_method must be one of: ${supported}`);
}

/** A secret in an app on somebody's computer is none (RFC 8252 §8.5). */
function checkConfidentialUris(uris: readonly string[]): void {
  for (const uri of uris) {
    const { protocol, hostname } = new URL(uri);
    if (protocol !== 'https:' || isLoopbackHost(hostname)) {
      throw badRedirectUri(uri, 'must use https and no loopback host, because the client has a secret');
    }
  }
}

/** Grants that we do not serve are left out: VS Code registers `device_code` with every server. */
function checkGrantTypes({ grantTypes, responseTypes }: ClientMetadata): readonly string[] {
  const served = ['authorization_code', 'refresh_token'];
  const granted = served.filter((type) => grantTypes?.includes(type) ?? true);
  if (!granted.includes('authorization_code')) {
    throw new OAuthError('invalid_client_metadata', 'grant_types must contain authorization_code');
  }
  if (responseTypes && !responseTypes.includes('code')) {
    throw new OAuthError('invalid_client_metadata', 'response_types must contain code');
  }
  return granted;
}

/**
 * Unknown scopes are dropped: clients repeat whatever some metadata said. Naming none of ours means all of them. The baseline
 * is added to whatever is named, since clients register for fewer scopes than they ask for later.
 */
function checkScopes({ scope }: ClientMetadata, rules: RegistrationRules): readonly string[] | null {
  const isKnown = (name: string): boolean => rules.scopesSupported.includes(name);
  const known = parseScope(scope ?? undefined).filter(isKnown);
  return known.length === 0 ? null : [...new Set([...known, ...rules.baselineScopes.filter(isKnown)])];
}

/** OpenID Connect Registration §2; it changes nothing here, because redirect URIs say it themselves. */
function checkApplicationType({ applicationType: type }: ClientMetadata): 'native' | 'web' | null {
  if (type === null || type === 'native' || type === 'web') return type;
  throw new OAuthError('invalid_client_metadata', 'application_type must be native or web');
}

function badRedirectUri(uri: string, problem: string): OAuthError {
  return new OAuthError('invalid_redirect_uri', aboutUri(uri, problem));
}

function aboutUri(uri: string, problem: string): string {
  return `redirect_uri ${uri.slice(0, 200)} ${problem}`;
}
