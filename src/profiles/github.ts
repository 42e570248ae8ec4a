import type { Profile } from './profile.ts';

export const github: Profile = {
  name: 'github',
  title: 'GitHub',
  about:
    'An OAuth App or a GitHub App, on github.com or on a server of yours. No OpenID Connect: who somebody is, the API ' +
    'tells, and the subject is the numeric id, which stays when the login changes.',
  variables: {
    app: {
      about:
        'Kind of registration: oauth_app (tokens that do not expire, scopes) or github_app (permissions of the app)',
      pattern: 'oauth_app|github_app',
      example: 'github_app',
      usual: 'oauth_app',
    },
    domain: {
      about: 'Host of GitHub Enterprise Server; leave it out for github.com',
      pattern: '[a-z0-9-]+(?:\\.[a-z0-9-]+)+',
      example: 'github.example.com',
      optional: true,
    },
  },
  settings: {
    type: 'oauth2',
    authorization_endpoint: 'https://github.com/login/oauth/authorize',
    token_endpoint: 'https://github.com/login/oauth/access_token',
    token_endpoint_auth_method: 'client_secret_post',
    scopes: ['read:user', 'user:email'],
    missing_expires_in: 'never',
    refresh_scope: 'omit',
    userinfo: {
      endpoint_url: 'https://api.github.com/user',
      additional_headers: {
        Accept: 'application/vnd.github+json',
        'User-Agent': 'sallyport',
        'X-GitHub-Api-Version': '2022-11-28',
      },
      field_mapping: { subject_fields: ['id'], name_fields: ['name', 'login'], email_fields: ['email'] },
    },
    revocation: { style: 'github_grant', endpoint: 'https://api.github.com/applications/{client_id}/grant' },
  },
  variants: [
    {
      about: 'A GitHub App: what tokens may do is decided by the app’s permissions, and scopes mean nothing',
      when: { app: ['github_app'] },
      settings: { scopes: [] },
    },
    {
      about: 'GitHub Enterprise Server',
      when: { domain: 'given' },
      settings: {
        authorization_endpoint: 'https://{domain}/login/oauth/authorize',
        token_endpoint: 'https://{domain}/login/oauth/access_token',
        userinfo: { endpoint_url: 'https://{domain}/api/v3/user' },
        github_api_url: 'https://{domain}/api/v3',
        revocation: {
          style: 'github_grant',
          endpoint: 'https://{domain}/api/v3/applications/{client_id}/grant',
        },
      },
    },
  ],
  recognise: ['github.com'],
  openAccounts: { name: 'GitHub', hosts: ['github.com'] },
  example: {
    access: { github_organizations: ['example-corp'] },
    settings: { scopes: ['read:user', 'user:email', 'read:org'] },
  },
  refreshTokens: {
    from: 'GitHub Apps with "Expire user authorization tokens" on. OAuth Apps have none and need none.',
    rotation: 'GitHub Apps: a new one at every use, good for six months; the access token lives eight hours.',
    missing: 'The access token does not expire.',
  },
  setUp: {
    at: 'GitHub > Settings > Developer settings > OAuth Apps (or GitHub Apps) > New',
    steps: [
      'Paste {redirect_uri} into Authorization callback URL.',
      'GitHub App: leave Webhook off, give it the permissions that your MCP server needs, and say app: github_app.',
      'Generate a client secret and put it into a file; copy the Client ID into client_id.',
      'In an organisation: an owner may have to approve the app before members can use it.',
    ],
  },
  limits: [
    'The e-mail of the profile is used when it is public, and never counts as verified: write access rules with subjects ' +
      '(numeric ids), organisations or teams rather than e-mails.',
    'Disconnecting ends every token that the app holds for that user, elsewhere too.',
    'GitHub Enterprise Cloud with data residency (SUBDOMAIN.ghe.com): write authorization_endpoint, token_endpoint, and userinfo ' +
      'and revocation with their endpoints below https://api.SUBDOMAIN.ghe.com; domain is for Enterprise Server.',
    'GitHub asks for consent once per app and user, and then sends people through without a page.',
  ],
  documentation: [
    'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
    'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens',
    'https://docs.github.com/en/rest/users/users#get-the-authenticated-user',
    'https://docs.github.com/en/rest/apps/oauth-applications',
    'https://github.blog/changelog/2025-07-14-pkce-support-for-oauth-and-github-app-authentication',
  ],
  unverified: [],
};
