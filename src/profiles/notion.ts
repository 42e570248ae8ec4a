import type { Profile } from './profile.ts';

export const notion: Profile = {
  name: 'notion',
  title: 'Notion',
  about:
    'A public connection of Notion: no scopes, no userinfo about people, and the user inside owner of the token answer.',
  variables: {},
  settings: {
    type: 'oauth2',
    authorization_endpoint: 'https://api.notion.com/v1/oauth/authorize',
    token_endpoint: 'https://api.notion.com/v1/oauth/token',
    token_endpoint_auth_method: 'client_secret_basic',
    scopes: [],
    additional_authorization_params: { owner: 'user' },
    refresh_scope: 'omit',
    missing_expires_in: 'never',
    identity_from_token: {
      subject_path: 'owner.user.id',
      name_path: 'owner.user.name',
      email_path: 'owner.user.person.email',
    },
    revocation: { style: 'rfc7009', endpoint: 'https://api.notion.com/v1/oauth/revoke' },
  },
  recognise: ['api.notion.com'],
  openAccounts: { name: 'Notion', hosts: ['api.notion.com'] },
  example: { access: { subjects: ['7f03dda0-f132-49d7-b8b2-29c9ed1b1f0e'] } },
  refreshTokens: {
    from: 'Always.',
    rotation: 'A new one at every use.',
    missing: 'The access token stays good until the user removes the connection.',
  },
  setUp: {
    at: 'notion.so/developers/connections > New connection',
    steps: [
      'Choose Public, and the capabilities that your MCP server needs, with user information including e-mail addresses.',
      'Paste {redirect_uri} into Redirect URIs.',
      'Copy OAuth client ID into client_id and put the OAuth client secret into a file.',
    ],
  },
  limits: [
    'People choose the pages that the connection may see at every sign-in.',
    'One connection is for one workspace: signing in to another is another token of the same user.',
    'The e-mail is not said to be verified: write access rules with subjects.',
  ],
  documentation: [
    'https://developers.notion.com/docs/authorization',
    'https://developers.notion.com/reference/create-a-token',
    'https://developers.notion.com/reference/refresh-a-token',
    'https://developers.notion.com/reference/revoke-token',
  ],
  unverified: [
    { what: 'settings.missing_expires_in', note: 'The answer tells no lifetime, and no page does.' },
    {
      what: 'settings.token_endpoint',
      note: 'Documented with JSON bodies; forms are reported to be accepted.',
    },
    {
      what: 'settings.revocation',
      note: 'Documented with a JSON body; whether a form is accepted is not said.',
    },
  ],
};
