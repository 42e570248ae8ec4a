import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Auth0: an issuer with a slash at its end, and opaque access tokens for whoever names no audience. */
export const auth0: Preset = {
  documentation: [
    'https://auth0.com/docs/api/authentication',
    'https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation',
    'https://auth0.com/docs/secure/tokens/access-tokens',
  ],
  quirks: {
    issuerTrailingSlash: reports(true),
    paths: assumed({
      authorize: '/authorize',
      token: '/oauth/token',
      userinfo: '/userinfo',
      jwks: '/.well-known/jwks.json',
      revoke: '/oauth/revoke',
      register: '/oidc/register',
    }),
    requestEncoding: assumed('either'),
    audience: docs('opaque-without'),
    accessToken: docs('jwt'),
    accessTokenAudience: docs(null),
    accessTokenFields: docs({ azp: '{client_id}' }),
    accessTokenLifetime: docs(86_400),
    refreshTokenWhen: docs('scope'),
    // With rotation switched on: no overlap unless one was set, and a second use ends the whole family.
    rotation: docs('single-use'),
    reuseRevokesGrant: docs(true),
    invalidGrantStatus: assumed(403),
    subject: docs('auth0|{id}'),
    idTokenFields: assumed({
      profile: {
        name: '{name}',
        given_name: '{given_name}',
        family_name: '{family_name}',
        nickname: '{login}',
        picture: '{picture}',
        updated_at: '2026-01-01T00:00:00.000Z',
      },
      email: { email: '{email}', email_verified: '{email_verified}' },
    }),
    userinfoFields: assumed({
      sub: '{subject}',
      name: '{name}',
      given_name: '{given_name}',
      family_name: '{family_name}',
      nickname: '{login}',
      picture: '{picture}',
      updated_at: '2026-01-01T00:00:00.000Z',
      email: '{email}',
      email_verified: '{email_verified}',
    }),
    registration: reports('open'),
  },
};
