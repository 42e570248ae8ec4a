import type { Profile } from './profile.ts';

export const ping: Profile = {
  name: 'ping',
  title: 'Ping Identity (PingOne)',
  about: 'An environment of PingOne: an issuer per region and environment.',
  variables: {
    environment: {
      about: 'Environment ID',
      pattern: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
      example: '33333333-3333-4333-8333-333333333333',
    },
    region: {
      about: 'Top-level domain of the region: com, eu, ca, asia, com.au, sg',
      pattern: 'com|eu|ca|asia|com\\.au|sg',
      example: 'eu',
      usual: 'com',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: 'https://auth.pingone.{region}/{environment}/as',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_assertion_audience: 'token_endpoint',
  },
  recognise: ['auth.pingone.com', 'auth.pingone.eu', 'auth.pingone.ca', 'auth.pingone.asia'],
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from: 'The scope offline_access, granted to the application, with its grant type Refresh Token.',
    rotation: 'A new one at every use; a rolling lifetime is a setting of the application.',
    missing: 'The grant type is off, or offline_access was not granted to the application.',
  },
  setUp: {
    at: 'PingOne console > Applications > Add application',
    steps: [
      'Choose OIDC Web App.',
      'Under Configuration choose Authorization Code and Refresh Token, and Client Secret Basic.',
      'Paste {redirect_uri} into Redirect URIs.',
      'Under Resources allow openid, profile, email and offline_access.',
      'Copy Client ID into client_id and put the Client Secret into a file.',
    ],
  },
  limits: ['For PingFederate and PingAM write issuer_url: their issuers have no common form.'],
  documentation: [
    'https://developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2.html',
    'https://developer.pingidentity.com/pingone-api/workflow-library/application-management/configure-an-application-to-use-the-offline-access-scope.html',
    'https://developer.pingidentity.com/pingone-api/workflow-library/authorization-and-authentication/exchange-refresh-token/step-11-exchange-the-refresh-token.html',
  ],
  unverified: [
    {
      what: 'refreshTokens.rotation',
      note: 'A refresh is documented to answer with a new one; whether the old one ends is not said.',
    },
    { what: 'settings.client_assertion_audience', note: 'Both are reported to be accepted.' },
  ],
};
