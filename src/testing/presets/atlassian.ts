import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Atlassian cloud, OAuth 2.0 (3LO). Repeating scope and audience at a refresh is reported to be needed at times; here it is not. */
export const atlassian: Preset = {
  documentation: [
    'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
    'https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens/',
  ],
  quirks: {
    protocol: docs('oauth2'),
    discovery: assumed('none'),
    paths: assumed({
      authorize: '/authorize',
      token: '/oauth/token',
      userinfo: '/me',
      jwks: '/.well-known/jwks.json',
      revoke: '/oauth/revoke',
      register: '/register',
    }),
    foreignHost: assumed(['userinfo']),
    pkce: reports('ignored'),
    audience: reports('required'),
    clientAuthentication: docs(['client_secret_post']),
    requestEncoding: assumed('either'),
    invalidGrantStatus: docs(403),
    refreshTokenWhen: docs('scope'),
    rotation: reports('overlap'),
    refreshOverlap: assumed(600),
    reuseRevokesGrant: assumed(false),
    userinfoFields: assumed({
      account_type: 'atlassian',
      account_id: '{id}',
      email: '{email}',
      name: '{name}',
      picture: '{picture}',
      account_status: 'active',
      nickname: '{login}',
      zoneinfo: 'Australia/Sydney',
      locale: 'en-US',
    }),
    accessToken: assumed('jwt'),
    revocation: assumed('absent'),
  },
};
