import { oktaOrg } from './okta-org.ts';
import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Okta, custom authorization server: the issuer has a path, and the subject is the login, which can change. */
export const oktaCustom: Preset = {
  documentation: [
    'https://developer.okta.com/docs/concepts/auth-servers/',
    'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/',
  ],
  quirks: {
    ...oktaOrg.quirks,
    issuerPath: docs('/oauth2/default'),
    metadataNames: docs(['openid-configuration', 'oauth-authorization-server']),
    paths: docs({
      authorize: '/oauth2/default/v1/authorize',
      token: '/oauth2/default/v1/token',
      userinfo: '/oauth2/default/v1/userinfo',
      jwks: '/oauth2/default/v1/keys',
      revoke: '/oauth2/default/v1/revoke',
      register: '/oauth2/v1/clients',
    }),
    subject: reports('{email}'),
    accessTokenAudience: assumed('api://default'),
    accessTokenFields: reports({ ver: 1, cid: '{client_id}', uid: '00u{id}' }),
  },
};
