import type { Profile } from './profile.ts';

export const linear: Profile = {
  name: 'linear',
  title: 'Linear',
  about: 'Scopes joined by commas, and who somebody is comes from the GraphQL API.',
  variables: {},
  settings: {
    type: 'oauth2',
    authorization_endpoint: 'https://linear.app/oauth/authorize',
    token_endpoint: 'https://api.linear.app/oauth/token',
    token_endpoint_auth_method: 'client_secret_post',
    scopes: ['read'],
    scope_separator: 'comma',
    refresh_scope: 'omit',
    userinfo: {
      endpoint_url: 'https://api.linear.app/graphql',
      http_method: 'POST',
      body: '{"query":"{ viewer { id name email } }"}',
      field_mapping: {
        subject_fields: ['data.viewer.id'],
        name_fields: ['data.viewer.name'],
        email_fields: ['data.viewer.email'],
      },
    },
    revocation: { style: 'rfc7009', endpoint: 'https://api.linear.app/oauth/revoke' },
  },
  recognise: ['linear.app'],
  openAccounts: { name: 'Linear', hosts: ['linear.app'] },
  example: { access: { subjects: ['9cfb482a-81e3-4154-b5b9-2c805e70a02d'] } },
  refreshTokens: {
    from: 'Always; access tokens live 24 hours.',
    rotation: 'A new one at every use; the old one is good for a short while longer.',
    missing: 'The application is one of before October 2025 that was not migrated.',
  },
  setUp: {
    at: 'Linear > Settings > Administration > API > OAuth applications > New',
    steps: [
      'Paste {redirect_uri} into Callback URLs.',
      'Leave Public off: then only people of your workspace can sign in.',
      'Write write, issues:create … into scopes after read, as your MCP server needs.',
      'Copy the client id into client_id and put the client secret into a file.',
    ],
  },
  limits: ['The e-mail is not said to be verified: write access rules with subjects.'],
  documentation: [
    'https://linear.app/developers/oauth-2-0-authentication',
    'https://linear.app/developers/graphql',
  ],
  unverified: [
    {
      what: 'settings.refresh_scope',
      note: 'The documented refresh has no scope; what one would do is not said.',
    },
    { what: 'refreshTokens.rotation', note: 'How long the old one stays good is reported by users.' },
  ],
};
