import type { Profile } from './profile.ts';

export const okta: Profile = {
  name: 'okta',
  title: 'Okta',
  about:
    'Workforce sign-in with an Okta organisation, by its own authorization server or by a custom one, which is the kind ' +
    'whose access tokens an API of yours can check.',
  variables: {
    domain: {
      about: 'Host of the organisation, as in the address of its sign-in page (not the -admin one)',
      pattern: '[a-z0-9-]+(?:\\.[a-z0-9-]+)+',
      example: 'example.okta.com',
    },
    authorization_server: {
      about:
        'Id of a custom authorization server (Security > API); without it the organisation’s own is used',
      pattern: '[A-Za-z0-9]+',
      example: 'default',
      optional: true,
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: 'https://{domain}',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_assertion_audience: 'token_endpoint',
  },
  variants: [
    {
      about: 'A custom authorization server',
      when: { authorization_server: 'given' },
      settings: { issuer_url: 'https://{domain}/oauth2/{authorization_server}' },
    },
  ],
  changingSubject: {
    issuerPath: '/oauth2/',
    claim: 'sub',
    about: 'custom authorization servers can make the login, which can change, the sub of ID tokens',
    fix: 'look at an ID token in Token Preview; where sub is the login, write subject_claim with a claim that cannot change',
  },
  recognise: ['*.okta.com', '*.oktapreview.com', '*.okta-emea.com', '*.okta-gov.com'],
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from: 'The scope offline_access, with the grant type Refresh Token switched on for the application.',
    needs: { scopes: ['offline_access'] },
    rotation:
      'A setting of the application: the same token again, or a new one at every use with a grace period (30 s by default).',
    missing: 'The grant type is off: the connection ends with its access token (1 h by default).',
  },
  setUp: {
    at: 'Okta Admin Console > Applications > Create App Integration',
    steps: [
      'Choose "OIDC - OpenID Connect" and "Web Application".',
      'Under Grant type tick Authorization Code and Refresh Token.',
      'Paste {redirect_uri} into Sign-in redirect URIs.',
      'Under Assignments choose who may use it.',
      'Copy Client ID into client_id; put the Client secret into a file.',
      'With a custom authorization server: its Access Policies must admit this client.',
    ],
  },
  limits: [
    'Access tokens of the organisation’s own authorization server are opaque to everybody but Okta: an MCP server that ' +
      'checks them itself needs a custom authorization server.',
    'With a custom authorization server, look at the sub of an ID token first (Token Preview): where it is the login, ' +
      'which can change, write subject_claim with a claim that cannot.',
    'Okta registers clients only with an API token; dcr_config does not work without one.',
  ],
  documentation: [
    'https://developer.okta.com/docs/concepts/auth-servers/',
    'https://developer.okta.com/docs/guides/refresh-tokens/main/',
    'https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/CustomAS/',
    'https://developer.okta.com/docs/guides/revoke-tokens/overview/',
  ],
  unverified: [
    {
      what: 'variants',
      note:
        'Okta documents a stable user id as sub of ID tokens; users report the mutable login with custom authorization ' +
        'servers. The profile keeps sub.',
    },
  ],
};
