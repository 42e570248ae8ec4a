import type { Profile } from './profile.ts';

export const discord: Profile = {
  name: 'discord',
  title: 'Discord',
  about: 'Who somebody is comes from the API, where the verification of the e-mail is called verified.',
  variables: {},
  settings: {
    type: 'oauth2',
    authorization_endpoint: 'https://discord.com/oauth2/authorize',
    token_endpoint: 'https://discord.com/api/oauth2/token',
    token_endpoint_auth_method: 'client_secret_basic',
    scopes: ['identify', 'email'],
    refresh_scope: 'omit',
    userinfo: {
      endpoint_url: 'https://discord.com/api/users/@me',
      field_mapping: {
        subject_fields: ['id'],
        name_fields: ['global_name', 'username'],
        email_fields: ['email'],
        email_verified_fields: ['verified'],
      },
    },
    revocation: { style: 'rfc7009', endpoint: 'https://discord.com/api/oauth2/token/revoke' },
  },
  recognise: ['discord.com'],
  openAccounts: { name: 'Discord', hosts: ['discord.com'] },
  example: { access: { subjects: ['80351110224678912'] } },
  refreshTokens: {
    from: 'Always; access tokens live seven days.',
    rotation: 'A new one at every use.',
    missing: 'It does not happen with the authorization code grant.',
  },
  setUp: {
    at: 'discord.com/developers/applications > New Application > OAuth2',
    steps: [
      'Paste {redirect_uri} into Redirects.',
      'Copy Client ID into client_id; Reset Secret shows the secret once: put it into a file.',
    ],
  },
  limits: [
    'Revoking one token ends all tokens of the application for that user.',
    'Membership of a server (guild) is not looked at: write access rules with subjects or e-mails.',
  ],
  documentation: [
    'https://docs.discord.com/developers/topics/oauth2',
    'https://docs.discord.com/developers/resources/user',
  ],
  unverified: [
    {
      what: 'settings.pkce',
      note: 'Documented for public clients of the Social SDK; others ignore the parameters.',
    },
    { what: 'refreshTokens.rotation', note: 'Whether the old one stays good is not documented.' },
  ],
};
