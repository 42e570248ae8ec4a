import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Ory Hydra: clients that register get `client_secret_basic`, whatever they asked for. */
export const hydra: Preset = {
  documentation: [
    'https://www.ory.sh/docs/hydra/reference/api',
    'https://www.ory.sh/docs/hydra/guides/graceful-token-refresh',
    'https://www.ory.sh/docs/hydra/guides/openid',
  ],
  quirks: {
    paths: assumed({
      authorize: '/oauth2/auth',
      token: '/oauth2/token',
      userinfo: '/userinfo',
      jwks: '/.well-known/jwks.json',
      revoke: '/oauth2/revoke',
      register: '/oauth2/register',
    }),
    tokenType: assumed('bearer'),
    refreshTokenWhen: reports('scope'),
    // Without the optional grace period.
    rotation: docs('single-use'),
    refreshEndsAccessTokens: docs(true),
    reuseRevokesGrant: docs(true),
    accessToken: assumed('opaque'),
    registration: reports('unadvertised'),
    registrationAuthentication: reports('client_secret_basic'),
    registrationManagement: assumed(true),
    idTokenFields: assumed({ openid: { rat: 1767225600, sid: 'placeholder' } }),
    userinfoFields: assumed({ sub: '{subject}', aud: ['{client_id}'], iss: '{issuer}', rat: 1767225600 }),
  },
};
