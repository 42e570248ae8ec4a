import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

const refreshQuirks: Preset['quirks'] = {
  refreshTokenWhen: docs('scope'),
  // A refresh gives a new token and leaves the old one alone.
  rotation: docs('overlap'),
  refreshOverlap: docs(90 * 86_400),
  refreshTokenLifetime: docs(90 * 86_400),
  scopeOnRefresh: reports('narrowed-without'),
  nonceOnRefresh: assumed(false),
};

const identityQuirks: Preset['quirks'] = {
  subject: docs('{pairwise}'),
  emailVerified: docs('absent'),
  jwksWithAlg: reports(false),
  idTokenOmits: docs(['at_hash', 'auth_time']),
  idTokenFields: docs({
    openid: {
      ver: '2.0',
      uti: 'placeholder',
      rh: 'placeholder',
      tid: '{tid}',
      groups: '{groups}',
      roles: '{roles}',
    },
    profile: {
      name: '{name}',
      preferred_username: '{email}',
      oid: '{oid}',
    },
    email: { email: '{email}' },
  }),
  userinfoFields: docs({
    sub: '{subject}',
    name: '{name}',
    family_name: '{family_name}',
    given_name: '{given_name}',
    picture: 'https://graph.microsoft.com/v1.0/me/photo/$value',
    email: '{email}',
  }),
  accessToken: docs('jwt'),
  accessTokenAudience: assumed('{client_id}'),
  accessTokenFields: assumed({ azp: '{client_id}', oid: '{oid}', tid: '{tid}', ver: '2.0' }),
  scopeClaim: reports({ name: 'scp', list: false }),
  scopePrefix: reports('api://{client_id}/'),
  revocation: docs('absent'),
};

/** What all of Entra ID shares, seen from its second endpoint version. */
export function entraQuirks(path: string): Preset['quirks'] {
  return {
    issuerPath: docs(`/${path}/v2.0`),
    paths: docs({
      authorize: `/${path}/oauth2/v2.0/authorize`,
      token: `/${path}/oauth2/v2.0/token`,
      jwks: `/${path}/discovery/v2.0/keys`,
      userinfo: '/oidc/userinfo',
      revoke: '/revoke',
      register: '/register',
    }),
    foreignHost: docs(['userinfo']),
    metadataOmits: reports(['grant_types_supported', 'token_endpoint_auth_signing_alg_values_supported']),
    pkceAdvertised: reports(false),
    clientAuthentication: docs(['client_secret_post', 'private_key_jwt', 'client_secret_basic', 'none']),
    scopeRequired: assumed(true),
    resourceAtAuthorize: reports('refused'),
    codeLength: reports(900),
    accessTokenLifetime: assumed(3599),
    errorFields: assumed({
      error_codes: [70011],
      timestamp: '{now}',
      trace_id: '255d1aef-8c98-452f-ac51-23d051240864',
      correlation_id: 'fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7',
    }),
    ...refreshQuirks,
    ...identityQuirks,
  };
}

/** The public pages about the second endpoint version. */
export const entraDocumentation: Preset['documentation'] = [
  'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
  'https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc',
  'https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference',
  'https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens',
];
