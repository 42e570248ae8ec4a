import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Google accounts and Workspace. */
export const google: Preset = {
  documentation: [
    'https://developers.google.com/identity/openid-connect/openid-connect',
    'https://developers.google.com/identity/protocols/oauth2/web-server',
  ],
  quirks: {
    paths: docs({
      authorize: '/o/oauth2/v2/auth',
      token: '/token',
      userinfo: '/v1/userinfo',
      jwks: '/oauth2/v3/certs',
      revoke: '/revoke',
      register: '/register',
    }),
    foreignHost: docs(['token', 'userinfo', 'jwks', 'revoke']),
    clientAuthentication: assumed(['client_secret_post', 'client_secret_basic']),
    refusedScopes: reports(['offline_access']),
    authorizeErrors: reports('page'),
    refreshTokenWhen: docs('access-type-offline'),
    refreshTokenOnRelogin: reports('with-consent'),
    rotation: reports('not-returned'),
    idTokenOnRefresh: reports('omitted'),
    accessTokenLifetime: assumed(3599),
    accessToken: reports('opaque'),
    revocation: assumed('google'),
    subject: assumed('{id}'),
    idTokenFields: assumed({
      openid: { azp: '{client_id}', hd: '{hd}' },
      email: { email: '{email}', email_verified: '{email_verified}' },
      profile: {
        name: '{name}',
        picture: '{picture}',
        given_name: '{given_name}',
        family_name: '{family_name}',
      },
    }),
    userinfoFields: assumed({
      sub: '{subject}',
      name: '{name}',
      given_name: '{given_name}',
      family_name: '{family_name}',
      picture: '{picture}',
      email: '{email}',
      email_verified: '{email_verified}',
      hd: '{hd}',
    }),
  },
};
