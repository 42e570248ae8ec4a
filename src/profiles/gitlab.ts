import type { Profile } from './profile.ts';

export const gitlab: Profile = {
  name: 'gitlab',
  title: 'GitLab',
  about: 'gitlab.com or a GitLab of yours. Never asks for offline_access, which GitLab does not know.',
  variables: {
    url: {
      about: 'Base address of a GitLab of yours',
      pattern: 'https?://[^\\s/?#]+(?:/[^\\s?#]*[^\\s/?#])?',
      example: 'https://gitlab.example.com',
      usual: 'https://gitlab.com',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: '{url}',
    scopes: ['openid', 'profile', 'email'],
    refresh_scope: 'omit',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  refusedScopes: ['offline_access'],
  recognise: ['gitlab.com'],
  openAccounts: { name: 'GitLab.com', hosts: ['gitlab.com'] },
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from: 'Always.',
    rotation: 'A new one at every use; the old pair ends at once. Access tokens live two hours.',
    missing: 'It does not happen with the authorization code grant.',
  },
  setUp: {
    at: 'GitLab > Settings > Applications (of a user, a group or, for an administrator, the instance)',
    steps: [
      'Paste {redirect_uri} into Redirect URI and leave Confidential ticked.',
      'Tick openid, profile, email, and what your MCP server needs (such as read_api); write the latter into scopes too.',
      'Copy Application ID into client_id and put the Secret into a file.',
    ],
  },
  limits: [
    'groups is in userinfo, groups_direct in the ID token: rules about groups should name one of them.',
  ],
  documentation: [
    'https://docs.gitlab.com/api/oauth2/',
    'https://docs.gitlab.com/integration/openid_connect_provider/',
  ],
  unverified: [],
};
