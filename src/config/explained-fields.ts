import type { UpstreamConfig, UserinfoConfig } from './config.ts';
import { formatDuration } from './duration.ts';
import type { UpstreamSettings } from './upstream-settings.ts';

/** A value as people and programs see it. */
export type ShownValue = string | boolean | null | readonly string[];

/** A setting by the name that the file has for it. */
export type ShownField = readonly [setting: string, value: ShownValue];

/** Fields that name where a secret is, or a file that is read. */
export const secretFields: readonly string[] = [
  'client_secret_file',
  'client_secret_env_var',
  'client_key_file',
  'client_key_certificate_file',
  'ca_file',
  'client_certificate_file',
  'client_certificate_key_file',
  'outbound_proxy_credentials_file',
  'outbound_proxy_credentials_env_var',
];

/** People put secrets there, whatever we advise: what the file says is not repeated. */
export const unshownFields: RegExp =
  /^(?:additional_authorization_params|token_params|refresh_params|userinfo\.(?:additional_headers|body))(?:\.|$)/u;

/** What is in force for an upstream, by the names of the file. */
export function explainedFields(config: UpstreamConfig): readonly ShownField[] {
  const { settings } = config;
  return [
    ['type', config.type],
    ...addresses(config),
    ['client_id', config.clientId === '' ? null : config.clientId],
    ['token_endpoint_auth_method', config.authMethod],
    ...(settings.clientKey
      ? ([
          ['client_assertion_audience', settings.clientKey.audience],
          ['client_key_id', settings.clientKey.keyId ?? 'its thumbprint'],
        ] as const)
      : []),
    ['redirect_uri', config.redirectUri],
    ...requests(config),
    ...answers(config),
    ['allow_private_ips', config.allowPrivateIps],
    ['insecure_allow_http', config.insecureAllowHttp],
    ['outbound_proxy', settings.transport.proxy?.url ?? null],
  ];
}

function addresses(config: UpstreamConfig): readonly ShownField[] {
  if (config.type === 'oidc') return [['issuer_url', config.issuer], ...issuers(config.settings)];
  return [
    ['authorization_endpoint', config.authorizationEndpoint],
    ['token_endpoint', config.tokenEndpoint],
    ...(config.githubApiUrl === undefined ? [] : [['github_api_url', config.githubApiUrl] as const]),
  ];
}

function issuers({ issuerRule }: UpstreamSettings): readonly ShownField[] {
  switch (issuerRule.kind) {
    case 'exact':
      return [];
    case 'also':
      return [['issuer_aliases', issuerRule.issuers]];
    case 'tenant':
      return [
        ['issuer_template', issuerRule.template],
        ['tenants', issuerRule.tenants ?? 'all'],
      ];
  }
}

function requests({ type, scopes, settings, ...config }: UpstreamConfig): readonly ShownField[] {
  const usual = type === 'oidc' ? 'openid profile email, and offline_access where it is listed' : null;
  const { resource = null, ...params } = config.additionalAuthorizationParams;
  return [
    ['scopes', scopes ?? usual],
    ['scope_parameter', settings.scopeParameter],
    ['scope_separator', settings.scopeSeparator === ',' ? 'comma' : 'space'],
    ...below('additional_authorization_params', params),
    ...below('token_params', withoutResource(settings.tokenParams)),
    ...below('refresh_params', withoutResource(settings.refreshParams)),
    ['resource', resource],
    ['refresh_scope', settings.refreshScope],
    ['pkce', settings.pkce],
  ];
}

function withoutResource({
  resource: _shown,
  ...params
}: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return params;
}

function answers(config: UpstreamConfig): readonly ShownField[] {
  const { settings } = config;
  const { tokenMapping: mapping, identityFromToken: identity, revocation } = settings;
  const ends =
    settings.assumedLifetime === null
      ? settings.expiryUntold
      : formatDuration(settings.assumedLifetime * 1000);
  return [
    ['missing_expires_in', ends],
    ['token_type', settings.tokenType],
    ...below('token_response_mapping', {
      access_token_path: mapping?.accessToken,
      refresh_token_path: mapping?.refreshToken,
      expires_in_path: mapping?.expiresIn,
      scope_path: mapping?.scope,
    }),
    ...below('identity_from_token', {
      subject_path: identity?.subject,
      name_path: identity?.name,
      email_path: identity?.email,
    }),
    ...userinfo(config.userinfo),
    ...subject(config),
    ['email_verified_when_absent', settings.emailVerifiedUntold],
    ['email_verified_as_text', settings.emailVerifiedText],
    ['revocation.style', revocation?.style ?? 'none'],
    ...(revocation ? [['revocation.endpoint', revocation.endpoint ?? 'as the metadata say'] as const] : []),
  ];
}

function subject(config: UpstreamConfig): readonly ShownField[] {
  if (config.type === 'oauth2') return [];
  const { subjectClaims } = config.settings;
  return [subjectClaims ? ['subject_claims', subjectClaims] : ['subject_claim', config.subjectClaim]];
}

function userinfo(config: UserinfoConfig | null): readonly ShownField[] {
  if (!config) return [];
  return [
    ['userinfo.endpoint_url', config.endpoint],
    ['userinfo.http_method', config.method],
    ...below('userinfo.additional_headers', config.additionalHeaders),
    ...below('userinfo', { body: config.body }),
    ['userinfo.field_mapping.subject_fields', config.subjectFields],
    ['userinfo.field_mapping.name_fields', config.nameFields],
    ['userinfo.field_mapping.email_fields', config.emailFields],
    ...(config.emailVerifiedFields
      ? [['userinfo.field_mapping.email_verified_fields', config.emailVerifiedFields] as const]
      : []),
  ];
}

function below(
  name: string,
  values: Readonly<Record<string, string | null | undefined>>,
): readonly ShownField[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [[`${name}.${key}`, value] as const],
  );
}
