import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** authentik: an issuer per application with a slash at its end, and refresh tokens that work once. */
export const authentik: Preset = {
  documentation: ['https://docs.goauthentik.io/add-secure-apps/providers/oauth2/'],
  quirks: {
    issuerPath: assumed('/application/o/test'),
    issuerTrailingSlash: reports(true),
    paths: assumed({
      authorize: '/application/o/authorize/',
      token: '/application/o/token/',
      userinfo: '/application/o/userinfo/',
      jwks: '/application/o/test/jwks/',
      revoke: '/application/o/revoke/',
      register: '/application/o/register/',
    }),
    accessTokenLifetime: assumed(300),
    refreshTokenWhen: docs('scope'),
    rotation: reports('single-use'),
    reuseRevokesGrant: reports(true),
    subject: assumed('hashed-{id}'),
    idTokenFields: assumed({
      openid: { azp: '{client_id}', uid: 'placeholder', acr: 'goauthentik.io/providers/oauth2/default' },
      profile: {
        name: '{name}',
        given_name: '{name}',
        preferred_username: '{login}',
        nickname: '{login}',
        groups: '{groups}',
      },
      email: { email: '{email}', email_verified: '{email_verified}' },
    }),
    userinfoFields: assumed({
      sub: '{subject}',
      name: '{name}',
      given_name: '{name}',
      preferred_username: '{login}',
      nickname: '{login}',
      groups: '{groups}',
      email: '{email}',
      email_verified: '{email_verified}',
    }),
    accessToken: assumed('jwt'),
  },
};
