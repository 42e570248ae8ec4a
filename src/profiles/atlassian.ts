import type { Profile } from './profile.ts';

export const atlassian: Profile = {
  name: 'atlassian',
  title: 'Atlassian',
  about:
    'OAuth 2.0 (3LO) of Atlassian Cloud (Jira, Confluence …). Sends the audience that it wants, and knows that a used ' +
    'refresh token is answered with status 403.',
  variables: {},
  settings: {
    type: 'oauth2',
    authorization_endpoint: 'https://auth.atlassian.com/authorize',
    token_endpoint: 'https://auth.atlassian.com/oauth/token',
    token_endpoint_auth_method: 'client_secret_post',
    scopes: ['read:me', 'offline_access'],
    additional_authorization_params: { audience: 'api.atlassian.com', prompt: 'consent' },
    userinfo: {
      endpoint_url: 'https://api.atlassian.com/me',
      field_mapping: { subject_fields: ['account_id'], name_fields: ['name'], email_fields: ['email'] },
    },
    revocation: { style: 'none' },
  },
  recognise: ['auth.atlassian.com'],
  openAccounts: { name: 'Atlassian', hosts: ['auth.atlassian.com', 'mcp.atlassian.com'] },
  example: { access: { subjects: ['5b10ac8d82e05b22cc7d4ef5'] } },
  refreshTokens: {
    from: 'The scope offline_access.',
    needs: { scopes: ['offline_access'] },
    rotation: 'A new one at every use; the last one is good for 90 days without use.',
    missing: 'offline_access was taken out of scopes: the connection ends after an hour.',
  },
  setUp: {
    at: 'developer.atlassian.com/console/myapps > Create > OAuth 2.0 integration',
    steps: [
      'Under Authorization choose OAuth 2.0 (3LO) and paste {redirect_uri} into Callback URL.',
      'Under Permissions add the User identity API (read:me) and the APIs that your MCP server calls.',
      'Write their scopes into scopes, after read:me and offline_access.',
      'Copy Client ID and Secret from Settings; the secret goes into a file.',
      'Under Distribution share the app, or only you can sign in.',
    ],
  },
  limits: [
    'The e-mail is not said to be verified, and may be hidden by the user: write access rules with subjects.',
    'PKCE is not documented by Atlassian; the parameters are sent and do no harm.',
    'Atlassian’s own MCP server (mcp.atlassian.com) has an authorization server of its own that tells nobody’s identity: ' +
      'use generic-oauth2 with dcr_config and resource for it, and access: anyone.',
  ],
  documentation: [
    'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
    'https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens/',
  ],
  unverified: [
    {
      what: 'settings.refresh_params',
      note: 'Users report that audience and scope must be repeated at times; the documentation shows neither.',
    },
    { what: 'settings.revocation', note: 'No revocation endpoint is documented.' },
  ],
};
