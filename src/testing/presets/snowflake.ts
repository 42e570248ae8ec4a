import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Snowflake OAuth for custom clients: who the user is, only the first token answer tells. */
export const snowflake: Preset = {
  documentation: ['https://docs.snowflake.com/en/user-guide/oauth-custom'],
  quirks: {
    protocol: docs('oauth2'),
    discovery: assumed('none'),
    paths: reports({
      authorize: '/oauth/authorize',
      token: '/oauth/token-request',
      userinfo: '/userinfo',
      jwks: '/keys',
      revoke: '/revoke',
      register: '/register',
    }),
    clientAuthentication: assumed(['client_secret_basic']),
    accessTokenLifetime: docs(600),
    refreshTokenWhen: docs('scope'),
    refreshTokenScope: docs('refresh_token'),
    rotation: assumed('not-returned'),
    answerScope: assumed('absent'),
    tokenFields: reports({ username: '{login}' }),
    userinfo: reports('absent'),
    revocation: assumed('absent'),
  },
};
