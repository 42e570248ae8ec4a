import type { Profile } from './profile.ts';

export const authentik: Profile = {
  name: 'authentik',
  title: 'authentik',
  about: 'An application of an authentik server: an issuer of its own, with a slash at its end.',
  variables: {
    url: {
      about: 'Base address of the server',
      pattern: 'https?://[^\\s/?#]+(?:/[^\\s?#]*[^\\s/?#])?',
      example: 'https://auth.example.com',
    },
    application: { about: 'Slug of the application', pattern: '[A-Za-z0-9_-]+', example: 'sallyport' },
  },
  settings: {
    type: 'oidc',
    issuer_url: '{url}/application/o/{application}/',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_method: 'client_secret_basic',
  },
  example: { access: { groups: ['mcp users'] } },
  refreshTokens: {
    from: 'The scope offline_access, with its mapping selected in the provider.',
    needs: { scopes: ['offline_access'] },
    rotation: 'A new one at every use; a used one is good for nothing.',
    missing: 'The scope mapping of offline_access is not selected.',
  },
  setUp: {
    at: 'authentik Admin interface > Applications > Create with provider',
    steps: [
      'Choose OAuth2/OpenID, client type Confidential.',
      'Paste {redirect_uri} into Redirect URIs, Strict.',
      'Under Advanced protocol settings select the scope mapping authentik default OAuth Mapping: offline_access, and keep ' +
        'Issuer mode at "Each provider has a different issuer".',
      'Choose a Subject mode that never changes (hashed or plain user id, not the username), before anybody signs in.',
      'Copy Client ID into client_id and put the Client Secret into a file.',
    ],
  },
  limits: [
    'With the issuer mode "Same identifier is used for all providers" write issuer_url.',
    'Whether an e-mail counts as verified is decided by the scope mapping, in recent versions not by default.',
  ],
  documentation: ['https://docs.goauthentik.io/add-secure-apps/providers/oauth2/'],
  unverified: [
    {
      what: 'settings.issuer_url',
      note: 'That the slash at its end belongs to the issuer is reported by users and seen in metadata.',
    },
  ],
};
