/** Fields of an upstream with a `profile`: where a provider departs from the specifications, and how we reach it. */
import { z } from 'zod';
import { profiles } from '../profiles/profiles.ts';
import type { ProviderSettings, Revocation } from '../profiles/settings.ts';
import { variableNames } from '../profiles/variables.ts';
import type { VariableName } from '../profiles/variables.ts';
import { durationPattern } from './duration.ts';
import { flag, oneOf, optional, section, text, textMap, texts } from './schema-fields.ts';
import { tokenIdentitySchema, tokenMappingSchema, userinfoSchema } from './schema-identity.ts';

/** How we get to an upstream, and with which key. */
interface TransportFields {
  client_key_file?: string | undefined;
  client_key_id?: string | undefined;
  client_key_certificate_file?: string | undefined;
  ca_file?: string | undefined;
  client_certificate_file?: string | undefined;
  client_certificate_key_file?: string | undefined;
  outbound_proxy?: string | undefined;
  outbound_proxy_credentials_file?: string | undefined;
  outbound_proxy_credentials_env_var?: string | undefined;
}

type VariableFields = { readonly [Name in VariableName]?: string | undefined };

/** What an upstream with a profile can say beside its client. */
export interface ProfileFields extends Omit<ProviderSettings, 'type'>, TransportFields, VariableFields {
  profile?: string | undefined;
}

type Shape<T> = { readonly [K in keyof Required<T>]: z.ZodType<T[K]> };

const requestShape: Shape<
  Pick<
    ProfileFields,
    | 'issuer_url'
    | 'authorization_endpoint'
    | 'token_endpoint'
    | 'scopes'
    | 'scope_parameter'
    | 'scope_separator'
    | 'additional_authorization_params'
    | 'token_params'
    | 'refresh_params'
    | 'resource'
    | 'refresh_scope'
    | 'pkce'
    | 'token_endpoint_auth_method'
    | 'client_assertion_audience'
  >
> = {
  issuer_url: text(
    'The issuer, letter by letter as the provider writes it; for the type oidc. Default: what the profile makes of its variables.',
    'https://idp.example.com',
  ),
  authorization_endpoint: text(
    'Where people sign in; for the type oauth2.',
    'https://idp.example.com/authorize',
  ),
  token_endpoint: text('Where codes are redeemed; for the type oauth2.', 'https://idp.example.com/token'),
  scopes: texts('What to ask for, in place of the profile’s scopes.', ['openid', 'profile', 'email']),
  scope_parameter: text('Name of the parameter with the scopes. Default: scope.', 'user_scope'),
  scope_separator: oneOf(['space', 'comma'], 'What stands between scopes. Default: space.'),
  additional_authorization_params: textMap(
    'Parameters to add to the authorization request, beside the profile’s; an empty text takes one of those away.',
    { access_type: 'offline', prompt: 'consent' },
  ),
  token_params: textMap('Parameters to add to the code exchange, likewise.', {
    audience: 'https://api.example.com',
  }),
  refresh_params: textMap('Parameters to add to every refresh, likewise.', {
    audience: 'https://api.example.com',
  }),
  resource: text(
    'The resource (RFC 8707) to ask this provider for, at all three. What clients ask us for never gets there. Default: none.',
    'https://api.example.com',
  ),
  refresh_scope: oneOf(
    ['auto', 'send', 'omit'],
    'Whether a refresh repeats the scopes; auto tries once more without when the answer speaks of them. Default: auto.',
  ),
  pkce: oneOf(
    ['always', 'never'],
    'never only for a provider that refuses parameters it does not know. Default: always.',
  ),
  token_endpoint_auth_method: oneOf(
    ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    'How we prove who we are. Default: private_key_jwt with client_key_file, none without a secret, else the profile’s.',
  ),
  client_assertion_audience: oneOf(
    ['issuer', 'token_endpoint'],
    'Whom an assertion of private_key_jwt names as its audience. Default: issuer.',
  ),
};

const revocationSchema: z.ZodType<Revocation> = section<Revocation>({
  style: z.enum(['rfc7009', 'token_only', 'github_grant', 'bearer', 'none']).meta({
    description:
      'rfc7009: the standard; token_only: a form with nothing but the token (Google); github_grant: GitHub’s DELETE; ' +
      'bearer: the token authorizes its own end (Slack); none: the provider cannot.',
  }),
  endpoint: text('Where. Default: where the metadata says.', 'https://idp.example.com/revoke'),
});

const answerShape: Shape<
  Pick<
    ProfileFields,
    | 'missing_expires_in'
    | 'token_type'
    | 'token_response_mapping'
    | 'identity_from_token'
    | 'userinfo'
    | 'github_api_url'
    | 'issuer_aliases'
    | 'issuer_template'
    | 'tenants'
    | 'subject_claim'
    | 'subject_claims'
    | 'email_verified_when_absent'
    | 'email_verified_as_text'
    | 'revocation'
  >
> = {
  missing_expires_in: z
    .union([z.enum(['never', 'unknown']), z.string().regex(durationPattern)], {
      error: 'is not never, unknown or a duration',
    })
    .meta({
      description:
        'When a token ends whose answer does not say: never, unknown, or after this long. Default: unknown.',
      examples: ['1h'],
    })
    .optional(),
  token_type: oneOf(
    ['bearer', 'any'],
    'any for a provider that says something else than Bearer, or nothing. Default: bearer.',
  ),
  token_response_mapping: optional(
    tokenMappingSchema,
    'Tokens in unusual places of the answer; where they are not, the usual ones count.',
  ),
  identity_from_token: optional(
    tokenIdentitySchema,
    'Identity from the first token answer, in place of userinfo; for the type oauth2.',
  ),
  userinfo: optional(
    userinfoSchema,
    'Who somebody is. For the type oidc beside the ID token, and about the same subject.',
  ),
  github_api_url: text(
    'Base of the API that access rules about GitHub organizations and teams are asked at, for GitHub Enterprise Server.',
    'https://github.example.com/api/v3',
  ),
  issuer_aliases: texts('Other spellings of the issuer that metadata and ID tokens may have.', [
    'accounts.google.com',
  ]),
  issuer_template: text(
    'The issuer where {tenantid} is the tenant of the token (claim tid); for providers with many tenants.',
    'https://login.microsoftonline.com/{tenantid}/v2.0',
  ),
  tenants: texts('Ids of the tenants that are admitted, with issuer_template. Default: all.', [
    '11111111-2222-4333-8444-555555555555',
  ]),
  subject_claim: text(
    'Claim with the stable id. Never change it on a live system: everybody becomes somebody else. Default: sub.',
    'oid',
  ),
  subject_claims: texts(
    'Claims that together are the stable id, in place of subject_claim. Never change them either.',
    ['tid', 'oid'],
  ),
  email_verified_when_absent: flag(
    'An e-mail counts as verified when nothing is said about it. Only for a provider that verifies every one.',
  ),
  email_verified_as_text: flag('The text "true" verifies an e-mail as the boolean does.'),
  revocation: optional(revocationSchema, 'How tokens are ended at the provider.'),
};

const transportShape: Shape<TransportFields> = {
  client_key_file: text(
    'PEM file with the private key of private_key_jwt, in place of a client secret.',
    '/run/secrets/client-key.pem',
  ),
  client_key_id: text('kid of that key in assertions. Default: its thumbprint (RFC 7638).', 'sallyport-2026'),
  client_key_certificate_file: text(
    'PEM file with the certificate of that key, whose thumbprint assertions then carry (Entra ID).',
    '/run/secrets/client-key.crt',
  ),
  ca_file: text(
    'PEM file with certificate authorities to trust beside the system’s, for this upstream.',
    '/etc/ssl/corp-ca.pem',
  ),
  client_certificate_file: text(
    'PEM file with our TLS certificate towards this upstream (RFC 8705, or a gate before it).',
    '/run/secrets/tls.crt',
  ),
  client_certificate_key_file: text(
    'PEM file with the key of client_certificate_file.',
    '/run/secrets/tls.key',
  ),
  outbound_proxy: text(
    'Proxy that connects us to this upstream (CONNECT); it then resolves names.',
    'http://proxy.example.com:3128',
  ),
  outbound_proxy_credentials_file: text('File with user:password for outbound_proxy.', '/run/secrets/proxy'),
  outbound_proxy_credentials_env_var: text(
    'Variable with user:password for outbound_proxy.',
    'PROXY_CREDENTIALS',
  ),
};

/** Every variable of every profile; which of them a profile takes is looked at later. */
function variableShape(): Shape<VariableFields> {
  const all = [...profiles.values()].flatMap(({ name, variables }) =>
    Object.entries(variables).map(([variable, { example }]) => ({ profile: name, variable, example })),
  );
  const entries = Object.entries(variableNames).map(([variable, about]) => {
    const users = all.filter((one) => one.variable === variable);
    const description = `Variable of profiles. ${about} For: ${users.map(({ profile }) => profile).join(', ')}.`;
    return [variable, text(description, users[0]?.example ?? '')];
  });
  // `variableNames` has exactly the names of `VariableName`.
  return Object.fromEntries(entries) as Shape<VariableFields>;
}

/** The fields of an upstream that belong to its profile. */
export const profileShape: Shape<ProfileFields> = {
  profile: z
    .enum([...profiles.keys()])
    .meta({
      description:
        'Knows where the provider is and how it wants to be spoken to; everything it says can be written beside it. ' +
        'In place of type, oidc_config and oauth2_config. See docs/providers/.',
    })
    .optional(),
  ...variableShape(),
  ...requestShape,
  ...answerShape,
  ...transportShape,
};
