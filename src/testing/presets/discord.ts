import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Discord. */
export const discord: Preset = {
  documentation: [
    'https://docs.discord.com/developers/topics/oauth2',
    'https://docs.discord.com/developers/resources/user',
  ],
  quirks: {
    protocol: docs('oauth2'),
    discovery: assumed('none'),
    paths: docs({
      authorize: '/oauth2/authorize',
      token: '/api/oauth2/token',
      userinfo: '/api/users/@me',
      jwks: '/api/oauth2/keys',
      revoke: '/api/oauth2/token/revoke',
      register: '/register',
    }),
    pkce: reports('ignored'),
    clientAuthentication: docs(['client_secret_basic', 'client_secret_post']),
    accessTokenLifetime: docs(604_800),
    rotation: assumed('single-use'),
    reuseRevokesGrant: assumed(false),
    userinfoFields: assumed({
      id: '{id}',
      username: '{login}',
      discriminator: '0',
      global_name: '{name}',
      avatar: '8342729096ea3675442027381ff50dfe',
      verified: '{email_verified}',
      email: '{email}',
      flags: 64,
      banner: null,
      accent_color: 16711680,
      premium_type: 1,
      public_flags: 64,
    }),
  },
};
