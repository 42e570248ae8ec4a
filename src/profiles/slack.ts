import type { Profile } from './profile.ts';

export const slack: Profile = {
  name: 'slack',
  title: 'Slack',
  about:
    'User tokens for Slack’s API, whose answers look like nobody else’s: the token is inside authed_user, errors come ' +
    'with status 200, scopes are joined by commas in a parameter of their own. Or sign-in alone, with OpenID Connect.',
  variables: {
    product: {
      about:
        'api: tokens for Slack’s API; openid: "Sign in with Slack", whose tokens are good for userinfo only',
      pattern: 'api|openid',
      example: 'openid',
      usual: 'api',
    },
    workspace: {
      about: 'Id of the workspace that the page offers first',
      pattern: '[TE][A-Z0-9]+',
      example: 'T0123456789',
      optional: true,
    },
  },
  settings: {
    additional_authorization_params: { team: '{workspace}' },
    refresh_scope: 'omit',
    missing_expires_in: 'never',
  },
  variants: [
    {
      about: 'User tokens for the API',
      when: { product: ['api'] },
      settings: {
        type: 'oauth2',
        authorization_endpoint: 'https://slack.com/oauth/v2/authorize',
        token_endpoint: 'https://slack.com/api/oauth.v2.access',
        token_endpoint_auth_method: 'client_secret_basic',
        scopes: ['users:read'],
        scope_parameter: 'user_scope',
        scope_separator: 'comma',
        token_type: 'any',
        token_response_mapping: {
          access_token_path: 'authed_user.access_token',
          refresh_token_path: 'authed_user.refresh_token',
          expires_in_path: 'authed_user.expires_in',
          scope_path: 'authed_user.scope',
        },
        userinfo: {
          endpoint_url: 'https://slack.com/api/auth.test',
          http_method: 'POST',
          field_mapping: { subject_fields: ['user_id'], name_fields: ['user'] },
        },
        revocation: { style: 'bearer', endpoint: 'https://slack.com/api/auth.revoke' },
      },
    },
    {
      about: 'Sign in with Slack (OpenID Connect)',
      when: { product: ['openid'] },
      settings: {
        type: 'oidc',
        issuer_url: 'https://slack.com',
        token_endpoint_auth_method: 'client_secret_post',
        scopes: ['openid', 'profile', 'email'],
        subject_claims: ['https://slack.com/team_id', 'https://slack.com/user_id'],
        revocation: { style: 'none' },
      },
    },
  ],
  recognise: ['slack.com'],
  openAccounts: { name: 'Slack', hosts: ['slack.com'] },
  example: { access: { subjects: ['U0123456789'] } },
  refreshTokens: {
    from: 'Only apps with token rotation switched on, which cannot be undone; the access token then lives 12 hours.',
    rotation: 'A new one at every use.',
    missing: 'The access token does not expire.',
  },
  setUp: {
    at: 'api.slack.com/apps > Create New App',
    steps: [
      'Under OAuth & Permissions paste {redirect_uri} into Redirect URLs.',
      'Under Scopes > User Token Scopes add what your MCP server needs, and write the same into scopes.',
      'Copy Client ID and Client Secret from Basic Information; the secret goes into a file.',
      'Leave Public Distribution off: then only people of your workspace can sign in.',
    ],
  },
  limits: [
    'product: api makes subjects of user ids, which are unique inside one workspace: use it with an app that is not ' +
      'distributed, or sign people in with product: openid.',
    'The answer tells no e-mail: access rules can name subjects only.',
    'GovSlack is on other hosts (slack-gov.com): write authorization_endpoint, token_endpoint and userinfo.',
  ],
  documentation: [
    'https://docs.slack.dev/authentication/installing-with-oauth',
    'https://docs.slack.dev/authentication/using-token-rotation',
    'https://docs.slack.dev/authentication/sign-in-with-slack',
    'https://docs.slack.dev/authentication/using-pkce',
    'https://docs.slack.dev/reference/methods/auth.test',
    'https://docs.slack.dev/reference/methods/auth.revoke',
  ],
  unverified: [
    {
      what: 'variants',
      note: 'api: that a refresh answers at the top level is reported by users.',
    },
    {
      what: 'settings.pkce',
      note: 'Documented for apps that switched PKCE on, which makes them public clients for good: leave it off. Should Slack refuse the parameters of others, write pkce: never.',
    },
  ],
};
