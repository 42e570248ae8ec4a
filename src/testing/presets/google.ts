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
    clientAuthentication: docs(['client_secret_post', 'client_secret_basic']),
    refusedScopes: reports(['offline_access']),
    authorizeErrors: reports('page'),
    refreshTokenWhen: docs('access-type-offline'),
    refreshTokenOnRelogin: docs('with-consent'),
    rotation: docs('not-returned'),
    idTokenOnRefresh: reports('omitted'),
    accessTokenLifetime: docs(3599),
    accessToken: docs('opaque'),
    revocation: docs('google'),
    subject: assumed('{id}'),
    idTokenFields: docs({
      openid: { azp: '{client_id}', hd: '{hd}' },
      email: { email: '{email}', email_verified: '{email_verified}' },
      profile: {
        name: '{name}',
        picture: '{picture}',
        given_name: '{given_name}',
        family_name: '{family_name}',
      },
    }),
    userinfoFields: docs({
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
