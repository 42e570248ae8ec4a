import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Okta, org authorization server: its access tokens are for Okta's own API. */
export const oktaOrg: Preset = {
  documentation: [
    'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/',
    'https://developer.okta.com/docs/guides/refresh-tokens/main/',
  ],
  quirks: {
    paths: docs({
      authorize: '/oauth2/v1/authorize',
      token: '/oauth2/v1/token',
      userinfo: '/oauth2/v1/userinfo',
      jwks: '/oauth2/v1/keys',
      revoke: '/oauth2/v1/revoke',
      register: '/oauth2/v1/clients',
    }),
    refreshTokenWhen: docs('scope'),
    // Web applications have tokens that stay the same unless they choose rotation.
    rotation: docs('same'),
    subject: reports('00u{id}'),
    idTokenFields: assumed({
      openid: { ver: 1, amr: ['pwd'], idp: '00o0000000000000' },
      profile: { name: '{name}', preferred_username: '{email}' },
      email: { email: '{email}', email_verified: '{email_verified}' },
      groups: { groups: '{groups}' },
    }),
    accessToken: docs('jwt'),
    accessTokenAudience: assumed('{issuer}'),
    accessTokenFields: assumed({ ver: 1, cid: '{client_id}', uid: '00u{id}' }),
    scopeClaim: assumed({ name: 'scp', list: true }),
    registration: reports('initial-access-token'),
  },
};
