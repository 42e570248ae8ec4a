import { assumed, docs } from './preset.ts';
import type { Preset } from './preset.ts';

/** ZITADEL: the ID token of the code flow has no profile, userinfo does. */
export const zitadel: Preset = {
  documentation: [
    'https://zitadel.com/docs/apis/openidoauth/endpoints',
    'https://zitadel.com/docs/apis/openidoauth/claims',
  ],
  quirks: {
    paths: assumed({
      authorize: '/oauth/v2/authorize',
      token: '/oauth/v2/token',
      userinfo: '/oidc/v1/userinfo',
      jwks: '/oauth/v2/keys',
      revoke: '/oauth/v2/revoke',
      register: '/oauth/v2/register',
    }),
    accessTokenLifetime: assumed(43_199),
    answerScope: assumed('absent'),
    refreshTokenWhen: docs('scope'),
    rotation: assumed('single-use'),
    reuseRevokesGrant: assumed(false),
    idTokenFields: docs({ openid: { amr: ['pwd'], azp: '{client_id}', client_id: '{client_id}' } }),
    userinfoFields: docs({
      sub: '{subject}',
      name: '{name}',
      given_name: '{given_name}',
      family_name: '{family_name}',
      preferred_username: '{login}',
      locale: 'en',
      updated_at: 1767225600,
      email: '{email}',
      email_verified: '{email_verified}',
    }),
    accessToken: assumed('opaque'),
  },
};
