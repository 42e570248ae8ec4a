import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

const githubPaths = {
  authorize: '/login/oauth/authorize',
  token: '/login/oauth/access_token',
  userinfo: '/user',
  jwks: '/login/oauth/.well-known/jwks',
  revoke: '/applications/{client_id}/token',
  register: '/register',
} as const;

/** The answer of `GET /user`, its public part. */
const githubUser = {
  login: '{login}',
  id: '{id}',
  node_id: 'MDQ6VXNlcjE=',
  avatar_url: '{picture}',
  gravatar_id: '',
  url: '{api}/users/{login}',
  html_url: '{origin}/{login}',
  followers_url: '{api}/users/{login}/followers',
  following_url: '{api}/users/{login}/following',
  gists_url: '{api}/users/{login}/gists',
  starred_url: '{api}/users/{login}/starred',
  subscriptions_url: '{api}/users/{login}/subscriptions',
  organizations_url: '{api}/users/{login}/orgs',
  repos_url: '{api}/users/{login}/repos',
  events_url: '{api}/users/{login}/events',
  received_events_url: '{api}/users/{login}/received_events',
  type: 'User',
  site_admin: false,
  name: '{name}',
  company: null,
  blog: '',
  location: null,
  email: '{public_email}',
  hireable: null,
  bio: null,
  twitter_username: null,
  public_repos: 2,
  public_gists: 0,
  followers: 0,
  following: 0,
  created_at: '2008-01-14T04:33:35Z',
  updated_at: '2008-01-14T04:33:35Z',
} as const;

/** An OAuth App of GitHub: tokens that never expire. */
export const githubOauthApp: Preset = {
  documentation: [
    'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
    'https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors',
    'https://docs.github.com/en/rest/users/users#get-the-authenticated-user',
    'https://docs.github.com/en/rest/apps/oauth-applications',
  ],
  quirks: {
    protocol: docs('oauth2'),
    discovery: assumed('none'),
    paths: docs(githubPaths),
    foreignHost: docs(['userinfo', 'revoke', 'api']),
    requestScopeSeparator: docs('space'),
    clientAuthentication: docs(['client_secret_post']),
    answerEncoding: docs('form-unless-json-accepted'),
    tokenErrors: reports('status-200'),
    errorNames: docs({
      invalid_client: 'incorrect_client_credentials',
      invalid_grant: 'bad_verification_code',
    }),
    errorFields: docs({ error_uri: 'https://docs.github.com/' }),
    tokenType: docs('bearer'),
    accessTokenLifetime: docs(null),
    answerScope: docs('comma'),
    refreshTokenWhen: docs('never'),
    numericIds: reports(true),
    userinfoFields: assumed(githubUser),
    requiredApiHeaders: assumed(['User-Agent']),
    revocation: assumed('github'),
    api: assumed('github'),
  },
};
