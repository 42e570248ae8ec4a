import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** GitLab: the ID token has neither name nor login, userinfo does. */
export const gitlab: Preset = {
  documentation: [
    'https://docs.gitlab.com/api/oauth2/',
    'https://docs.gitlab.com/integration/openid_connect_provider/',
  ],
  quirks: {
    paths: assumed({
      authorize: '/oauth/authorize',
      token: '/oauth/token',
      userinfo: '/oauth/userinfo',
      jwks: '/oauth/discovery/keys',
      revoke: '/oauth/revoke',
      register: '/oauth/register',
    }),
    clientAuthentication: assumed(['client_secret_basic', 'client_secret_post', 'none']),
    accessTokenLifetime: reports(7200),
    tokenFields: reports({ created_at: '{now}' }),
    refreshFields: reports({ created_at: '{now}' }),
    rotation: assumed('single-use'),
    reuseRevokesGrant: assumed(false),
    idTokenFields: docs({
      openid: { sub_legacy: '{pairwise}', groups_direct: '{groups}' },
      email: { email: '{email}', email_verified: '{email_verified}' },
    }),
    userinfoFields: docs({
      sub: '{subject}',
      sub_legacy: '{pairwise}',
      name: '{name}',
      nickname: '{login}',
      preferred_username: '{login}',
      email: '{email}',
      email_verified: '{email_verified}',
      profile: '{origin}/{login}',
      picture: '{picture}',
      groups: '{groups}',
    }),
  },
};
