import type { Profile } from './profile.ts';

export const google: Profile = {
  name: 'google',
  title: 'Google',
  about:
    'Google accounts and Workspace. Asks for a refresh token in Google’s own way, and never for offline_access, which ' +
    'Google answers with an error.',
  variables: {
    hosted_domain: {
      about: 'Workspace domain that Google’s sign-in page offers; a hint only, access rules decide',
      pattern: '[a-z0-9-]+(?:\\.[a-z0-9-]+)+',
      example: 'example.com',
      optional: true,
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: 'https://accounts.google.com',
    issuer_aliases: ['accounts.google.com'],
    scopes: ['openid', 'profile', 'email'],
    additional_authorization_params: { access_type: 'offline', prompt: 'consent', hd: '{hosted_domain}' },
    refresh_scope: 'omit',
    token_endpoint_auth_method: 'client_secret_post',
    revocation: { style: 'token_only' },
  },
  refusedScopes: ['offline_access'],
  recognise: ['accounts.google.com'],
  openAccounts: { name: 'Google', hosts: ['accounts.google.com'] },
  example: { access: { google_hosted_domains: ['example.com'] } },
  refreshTokens: {
    from: 'access_type=offline; on later sign-ins only together with prompt=consent, which this profile sends.',
    needs: { params: { access_type: 'offline' } },
    rotation: 'None: the same refresh token stays good, and a refresh does not repeat it.',
    missing:
      'The user had consented before and prompt was taken away: the old one, when there is one, is kept.',
  },
  setUp: {
    at: 'Google Cloud Console > Google Auth Platform > Clients > Create client',
    steps: [
      'Choose "Web application".',
      'Paste {redirect_uri} into Authorized redirect URIs.',
      'Under Data Access add the scopes of the APIs that your MCP server calls, and write them into scopes after ' +
        'openid, profile and email.',
      'Under Audience choose Internal to admit your own Workspace only.',
      'Copy the client id into client_id and put the client secret into a file.',
    ],
  },
  limits: [
    'While the app’s publishing status is Testing, refresh tokens end after seven days.',
    'Sensitive scopes need verification of the app by Google; until then 100 users at most.',
    'Google keeps at most 100 refresh tokens per account and client: the oldest ends silently.',
    'Access tokens are opaque.',
  ],
  documentation: [
    'https://developers.google.com/identity/openid-connect/openid-connect',
    'https://developers.google.com/identity/protocols/oauth2/web-server',
    'https://developers.google.com/identity/protocols/oauth2#expiration',
  ],
  unverified: [],
};
