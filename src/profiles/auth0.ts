import type { Profile } from './profile.ts';

export const auth0: Profile = {
  name: 'auth0',
  title: 'Auth0',
  about:
    'An Auth0 tenant: an issuer with a slash at its end, and access tokens that are only good for an API when their ' +
    'audience is asked for.',
  variables: {
    domain: {
      about: 'Domain of the tenant, or its custom domain',
      pattern: '[a-z0-9-]+(?:\\.[a-z0-9-]+)+',
      example: 'example.eu.auth0.com',
    },
    audience: {
      about:
        'Identifier of the API that access tokens are for; without it they are opaque and good for userinfo only',
      pattern: '\\S+',
      example: 'https://api.example.com',
      optional: true,
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: 'https://{domain}/',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    additional_authorization_params: { audience: '{audience}' },
    token_endpoint_auth_method: 'client_secret_post',
    client_assertion_audience: 'issuer',
  },
  recognise: ['*.auth0.com'],
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from: 'The scope offline_access; with an audience, "Allow Offline Access" must also be on for that API.',
    needs: { scopes: ['offline_access'] },
    rotation: 'A setting of the application; when rotation is on, a second use ends the whole family.',
    missing: 'The API does not allow offline access, or the grant type Refresh Token is off.',
  },
  setUp: {
    at: 'Auth0 Dashboard > Applications > Create Application',
    steps: [
      'Choose "Regular Web Applications".',
      'Paste {redirect_uri} into Allowed Callback URLs.',
      'Under Advanced Settings > Grant Types tick Authorization Code and Refresh Token.',
      'Under Credentials choose how the application authenticates: Post with a secret is what this profile expects.',
      'For an API of yours: Applications > APIs, copy its Identifier into audience, and allow offline access there.',
    ],
  },
  limits: [
    'Auth0 revokes refresh tokens; access tokens that are out live until they expire.',
    'Who may make an account depends on the tenant’s connections: with sign-up open, anybody; write access rules.',
  ],
  documentation: [
    'https://auth0.com/docs/secure/tokens/access-tokens/get-access-tokens',
    'https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation',
    'https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens',
  ],
  unverified: [
    {
      what: 'settings.refresh_scope',
      note: 'Whether a repeated scope can be refused is not documented; both ways are tried.',
    },
  ],
};
