import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Dex: subjects that encode user and connector, and three seconds in which a refresh token may come twice. */
export const dex: Preset = {
  documentation: [
    'https://dexidp.io/docs/configuration/tokens/',
    'https://dexidp.io/docs/configuration/custom-scopes-claims-clients/',
    'https://github.com/dexidp/dex/blob/master/server/refreshhandlers.go',
  ],
  quirks: {
    issuerPath: docs('/dex'),
    paths: assumed({
      authorize: '/dex/auth',
      token: '/dex/token',
      userinfo: '/dex/userinfo',
      jwks: '/dex/keys',
      revoke: '/dex/revoke',
      register: '/dex/register',
    }),
    clientAuthentication: assumed(['client_secret_basic', 'client_secret_post']),
    tokenType: assumed('bearer'),
    answerScope: assumed('absent'),
    accessTokenLifetime: docs(86_400),
    refreshTokenWhen: reports('scope'),
    rotation: reports('overlap'),
    refreshOverlap: reports(3),
    reuseRevokesGrant: docs(false),
    // An old version of its source; a token that was claimed twice is no `invalid_grant` there.
    errorNames: reports({ 'invalid_grant:refresh_token': 'invalid_request' }),
    nonceOnRefresh: docs(true),
    subject: reports('{dex_subject}'),
    idTokenFields: docs({
      profile: { name: '{name}' },
      email: { email: '{email}', email_verified: '{email_verified}' },
      groups: { groups: '{groups}' },
    }),
    userinfoFields: assumed({
      sub: '{subject}',
      name: '{name}',
      email: '{email}',
      email_verified: '{email_verified}',
      groups: '{groups}',
    }),
    accessToken: assumed('jwt'),
    revocation: assumed('absent'),
  },
};
