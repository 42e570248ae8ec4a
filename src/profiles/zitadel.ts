import type { Profile } from './profile.ts';

export const zitadel: Profile = {
  name: 'zitadel',
  title: 'ZITADEL',
  about: 'An instance of ZITADEL, in its cloud or of yours.',
  variables: {
    url: {
      about: 'Address of the instance',
      pattern: 'https?://[^\\s/?#]+',
      example: 'https://example-a1b2c3.zitadel.cloud',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: '{url}',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_assertion_audience: 'issuer',
  },
  recognise: ['*.zitadel.cloud'],
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from: 'The scope offline_access, with the grant type Refresh Token of the application.',
    needs: { scopes: ['offline_access'] },
    rotation: 'A new one at every use.',
    missing: 'The application lacks the grant type.',
  },
  setUp: {
    at: 'ZITADEL Console > your project > Applications > New',
    steps: [
      'Choose Web, then the method CODE (a secret) or PRIVATE KEY JWT (client_key_file).',
      'Tick Refresh Token.',
      'Paste {redirect_uri} into Redirect URIs.',
      'Copy ClientId into client_id and put the ClientSecret into a file.',
    ],
  },
  limits: [
    'ID tokens hold no name and e-mail unless "User Info inside ID Token" is on: userinfo is asked for them.',
    'With "Register allowed" in the login policy anybody can make an account: write access rules.',
  ],
  documentation: [
    'https://zitadel.com/docs/apis/openidoauth/endpoints',
    'https://zitadel.com/docs/apis/openidoauth/scopes',
    'https://zitadel.com/docs/guides/integrate/login/oidc/login-users',
  ],
  unverified: [
    {
      what: 'refreshTokens.rotation',
      note: 'That a used refresh token ends at once is not documented in so many words.',
    },
  ],
};
