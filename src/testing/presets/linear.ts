import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Linear: scopes with commas, and who the user is, GraphQL tells. */
export const linear: Preset = {
  documentation: ['https://linear.app/developers/oauth-2-0-authentication'],
  quirks: {
    protocol: docs('oauth2'),
    discovery: assumed('none'),
    paths: reports({
      authorize: '/oauth/authorize',
      token: '/oauth/token',
      userinfo: '/graphql',
      jwks: '/keys',
      revoke: '/oauth/revoke',
      register: '/register',
    }),
    foreignHost: reports(['token', 'userinfo', 'revoke']),
    requestScopeSeparator: reports('comma'),
    answerScope: reports('comma'),
    clientAuthentication: assumed(['client_secret_post', 'client_secret_basic', 'none']),
    accessTokenLifetime: reports(86_399),
    rotation: reports('overlap'),
    refreshOverlap: assumed(1800),
    userinfo: assumed('post-only'),
    userinfoFields: assumed({ data: { viewer: { id: '{id}', name: '{name}', email: '{email}' } } }),
  },
};
