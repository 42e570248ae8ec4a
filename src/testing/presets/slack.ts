import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

const installation = {
  ok: true,
  app_id: 'A0000001',
  team: { id: 'T0000001', name: 'Example' },
  enterprise: null,
  is_enterprise_install: false,
} as const;

/**
 * Slack with user tokens and token rotation, which is the app's choice: `accessTokenLifetime: null` and
 * `refreshTokenWhen: 'never'` are Slack without it.
 */
export const slack: Preset = {
  documentation: [
    'https://docs.slack.dev/authentication/installing-with-oauth',
    'https://docs.slack.dev/authentication/using-token-rotation',
    'https://docs.slack.dev/reference/methods/oauth.v2.access',
    'https://docs.slack.dev/reference/methods/auth.revoke',
    'https://docs.slack.dev/reference/methods/auth.test',
  ],
  quirks: {
    protocol: docs('oauth2'),
    discovery: assumed('none'),
    paths: docs({
      authorize: '/oauth/v2/authorize',
      token: '/api/oauth.v2.access',
      revoke: '/api/auth.revoke',
      userinfo: '/userinfo',
      jwks: '/openid/connect/keys',
      register: '/register',
    }),
    scopeParameter: docs('user_scope'),
    requestScopeSeparator: reports('comma'),
    pkce: assumed('ignored'),
    clientAuthentication: docs(['client_secret_basic', 'client_secret_post']),
    requestEncoding: docs('either'),
    tokenErrors: docs('ok-false'),
    errorNames: assumed({
      invalid_client: 'invalid_client_id',
      invalid_grant: 'invalid_code',
      'invalid_grant:refresh_token': 'invalid_refresh_token',
      unsupported_grant_type: 'invalid_grant_type',
    }),
    nestedToken: docs('authed_user'),
    tokenType: reports('user'),
    answerScope: reports('comma'),
    accessTokenLifetime: docs(43_200),
    tokenFields: docs({ ...installation, authed_user: { id: '{subject}' } }),
    refreshFields: reports(installation),
    refreshTokenWhen: docs('always'),
    rotation: docs('single-use'),
    reuseRevokesGrant: assumed(false),
    subject: reports('U{id}'),
    userinfo: assumed('absent'),
    revocation: reports('slack'),
    api: assumed('slack'),
  },
};
