import { z } from 'zod';
import type { ClientAuthMethod } from './config.ts';
import type { IdentityFromToken, TokenResponseMapping, Userinfo } from '../profiles/settings.ts';
import type { DurationText } from './schema-fields.ts';
import {
  duration,
  flag,
  oneOf,
  optional,
  requiredText,
  section,
  text,
  textMap,
  texts,
} from './schema-fields.ts';
import { tokenIdentitySchema, tokenMappingSchema, userinfoSchema } from './schema-identity.ts';
import { profileShape } from './schema-profile.ts';
import type { ProfileFields } from './schema-profile.ts';
import { dcrSchema } from './schema-upstream-registration.ts';
import type { DcrSection } from './schema-upstream-registration.ts';

/** What both types of upstream have. */
export interface UpstreamClientSection {
  client_secret_file?: string | undefined;
  client_secret_env_var?: string | undefined;
  token_endpoint_auth_method?: ClientAuthMethod | undefined;
  redirect_uri?: string | undefined;
  additional_authorization_params?: Record<string, string> | undefined;
  allow_private_ips?: boolean | undefined;
  insecure_allow_http?: boolean | undefined;
}

/** The same fields with the same words in both types. */
const clientFields: {
  readonly [K in keyof Required<UpstreamClientSection>]: z.ZodType<UpstreamClientSection[K]>;
} = {
  client_secret_file: text(
    'File with the client secret; white space around it does not count. Not beside client_secret_env_var.',
    '/run/secrets/upstream-client-secret',
  ),
  client_secret_env_var: text(
    'Name of the environment variable with the client secret. Not beside client_secret_file.',
    'UPSTREAM_CLIENT_SECRET',
  ),
  token_endpoint_auth_method: oneOf(
    ['none', 'client_secret_basic', 'client_secret_post'],
    'How the secret is sent. Default: none without a secret; with one, client_secret_basic for the type oidc (OpenID ' +
      'Connect Core §9), and client_secret_post for the type oauth2.',
  ),
  redirect_uri: text(
    'Where the upstream sends people back to. Default: {issuer}/oauth/callback; with several upstreams {issuer}/oauth/callback/{name}.',
    'https://mcp.example.com/oauth/callback',
  ),
  additional_authorization_params: textMap(
    'Parameters to add to the authorization request. Those that we set ourselves are refused.',
    { access_type: 'offline', prompt: 'consent' },
  ),
  allow_private_ips: flag(
    'Hosts written here may be on a private address, others that its metadata names may not. Does not allow http.',
  ),
  insecure_allow_http: flag('The upstream may be reached over http. Does not allow private addresses.'),
};

/** An OpenID Connect provider. */
export interface OidcSection extends UpstreamClientSection {
  issuer_url: string;
  client_id?: string | undefined;
  dcr_config?: DcrSection | undefined;
  scopes?: string[] | undefined;
  userinfo_override?: Userinfo | undefined;
  subject_claim?: string | undefined;
}

const oidcSchema: z.ZodType<OidcSection> = section<OidcSection>({
  issuer_url: requiredText(
    'The issuer, letter by letter as the provider writes it; its metadata is discovered.',
    'https://example.okta.com',
  ),
  client_id: text('Our client id at the provider. Required, unless dcr_config is there.', '0oa1b2c3d4'),
  dcr_config: optional(dcrSchema, 'Register at the provider by ourselves (RFC 7591), in place of client_id.'),
  ...clientFields,
  scopes: texts(
    'What to ask for; must contain openid. Default: openid profile email, and offline_access where the provider lists it.',
    ['openid', 'profile', 'email'],
  ),
  userinfo_override: optional(
    userinfoSchema,
    'Ask this userinfo endpoint too; its subject must be that of the ID token.',
  ),
  subject_claim: text(
    'Claim with the stable id (Entra ID: oid). Never change it on a live system: everybody becomes somebody else. Default: sub.',
    'oid',
  ),
});

/** A provider of plain OAuth 2.0. */
export interface OAuth2Section extends UpstreamClientSection {
  authorization_endpoint?: string | undefined;
  token_endpoint?: string | undefined;
  client_id?: string | undefined;
  scopes?: string[] | undefined;
  userinfo?: Userinfo | undefined;
  github_api_url?: string | undefined;
  token_response_mapping?: TokenResponseMapping | undefined;
  identity_from_token?: IdentityFromToken | undefined;
  dcr_config?: DcrSection | undefined;
  protected_resource?: string | undefined;
  authorization_server?: string | undefined;
}

const oauth2Schema: z.ZodType<OAuth2Section> = section<OAuth2Section>({
  authorization_endpoint: text(
    'Where people sign in. Required, unless the metadata of dcr_config tell or protected_resource is there.',
    'https://github.com/login/oauth/authorize',
  ),
  token_endpoint: text(
    'Where codes are redeemed. Required, unless the metadata of dcr_config tell or protected_resource is there.',
    'https://github.com/login/oauth/access_token',
  ),
  client_id: text(
    'Our client id at the provider. Required, unless dcr_config or protected_resource is there.',
    'Iv1.0123456789abcdef',
  ),
  ...clientFields,
  scopes: texts('What to ask for. Default: nothing, and no scope parameter is sent.', ['read:user']),
  userinfo: optional(
    userinfoSchema,
    'Where the provider tells who somebody is. Without it everybody gets a made-up identity at every sign-in.',
  ),
  github_api_url: text(
    'Base of the API that access rules about GitHub organizations and teams are asked at, for GitHub Enterprise Server. ' +
      'Default: https://api.github.com for github.com.',
    'https://github.example.com/api/v3',
  ),
  token_response_mapping: optional(
    tokenMappingSchema,
    'Tokens in unusual places of the answer; where they are not, the usual ones count.',
  ),
  identity_from_token: optional(
    tokenIdentitySchema,
    'Identity from the first token answer, in place of userinfo.',
  ),
  dcr_config: optional(dcrSchema, 'Register at the provider by ourselves (RFC 7591), in place of client_id.'),
  protected_resource: text(
    'Address of an MCP server: its authorization server is found from what it says (RFC 9728), and we register there unless ' +
      'client_id is given. In place of the endpoints.',
    'https://files.example.com/mcp',
  ),
  authorization_server: text(
    'Beside protected_resource: the only issuer that may be asked there. Required with a client secret.',
    'https://auth.example.com',
  ),
});

/** Somewhere people have accounts. */
export interface UpstreamSection
  extends
    ProfileFields,
    Omit<UpstreamClientSection, 'token_endpoint_auth_method' | 'additional_authorization_params'> {
  name?: string | undefined;
  display_name?: string | undefined;
  when?: 'sign_in' | 'later' | undefined;
  icon?: string | undefined;
  keep_alive?: DurationText | undefined;
  type?: 'oidc' | 'oauth2' | undefined;
  client_id?: string | undefined;
  dcr_config?: DcrSection | undefined;
  oidc_config?: OidcSection | undefined;
  oauth2_config?: OAuth2Section | undefined;
}

const { profile, ...profileFields } = profileShape;

export const upstreamsSchema: z.ZodType<UpstreamSection[]> = z
  .array(
    section<UpstreamSection>({
      name: text(
        'Name in this file and in the store: lower-case letters, digits and inner hyphens. Default: default.',
        'okta',
      ),
      display_name: text(
        'What pages call it. Default: the name, and without one what the profile’s provider is called.',
        'Example Corp sign-in',
      ),
      when: oneOf(
        ['sign_in', 'later'],
        'Part of signing in, or only connected afterwards by people who are signed in. Default: sign_in.',
      ),
      icon: text(
        'Picture beside its name: an https URL, or an image as a data URL.',
        'https://okta.example.com/icon.svg',
      ),
      profile,
      client_id: text(
        'With a profile: our client id at the provider. Required, unless dcr_config is there.',
        '0oa1b2c3d4',
      ),
      keep_alive: duration(
        'Refresh connections that nobody used for so long, for providers whose refresh tokens end when they lie idle. Default: never.',
        '24h',
      ),
      type: oneOf(
        ['oidc', 'oauth2'],
        'OpenID Connect, or plain OAuth 2.0 with configured endpoints. Default: the profile’s; required without a profile.',
      ),
      oidc_config: optional(
        oidcSchema,
        'Required for the type oidc without a profile, and not allowed for another.',
      ),
      oauth2_config: optional(
        oauth2Schema,
        'Required for the type oauth2 without a profile, and not allowed for another.',
      ),
      ...clientFields,
      dcr_config: optional(
        dcrSchema,
        'With a profile: register at the provider by ourselves (RFC 7591), in place of client_id.',
      ),
      ...profileFields,
    }),
  )
  .min(1)
  .meta({ description: 'Where people sign in and have accounts. Several need names of their own.' });
