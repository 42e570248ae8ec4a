import { assumed, docs } from './preset.ts';
import type { Preset } from './preset.ts';

/** "Sign in with Slack": OpenID Connect with Slack's own way of saying no, and tokens that are good for userinfo only. */
export const slackOpenid: Preset = {
  documentation: [
    'https://docs.slack.dev/authentication/sign-in-with-slack',
    'https://docs.slack.dev/reference/methods/openid.connect.token',
    'https://docs.slack.dev/reference/methods/openid.connect.userInfo',
  ],
  quirks: {
    paths: docs({
      authorize: '/openid/connect/authorize',
      token: '/api/openid.connect.token',
      userinfo: '/api/openid.connect.userInfo',
      jwks: '/openid/connect/keys',
      revoke: '/api/auth.revoke',
      register: '/register',
    }),
    pkceAdvertised: assumed(false),
    clientAuthentication: docs(['client_secret_post']),
    requestEncoding: docs('either'),
    tokenErrors: docs('ok-false'),
    errorNames: assumed({ invalid_client: 'invalid_client_id', invalid_grant: 'invalid_code' }),
    tokenFields: docs({ ok: true }),
    answerScope: docs('absent'),
    expiresIn: assumed('absent'),
    accessTokenLifetime: assumed(null),
    refreshTokenWhen: assumed('never'),
    subject: assumed('U{id}'),
    idTokenFields: assumed({
      openid: { 'https://slack.com/team_id': 'T0000001', 'https://slack.com/user_id': '{subject}' },
      profile: {
        name: '{name}',
        given_name: '{given_name}',
        family_name: '{family_name}',
        picture: '{picture}',
      },
      email: { email: '{email}', email_verified: '{email_verified}' },
    }),
    userinfoFields: assumed({
      ok: true,
      sub: '{subject}',
      'https://slack.com/user_id': '{subject}',
      'https://slack.com/team_id': 'T0000001',
      email: '{email}',
      email_verified: '{email_verified}',
      name: '{name}',
      picture: '{picture}',
      given_name: '{given_name}',
      family_name: '{family_name}',
      'https://slack.com/team_name': 'Example',
    }),
    revocation: assumed('slack'),
  },
};
