import type { Profile } from './profile.ts';

export const keycloak: Profile = {
  name: 'keycloak',
  title: 'Keycloak',
  about: 'A realm of a Keycloak server (Red Hat build included).',
  variables: {
    url: {
      about: 'Base address of the server; up to version 16 it ends in /auth',
      pattern: 'https?://[^\\s/?#]+(?:/[^\\s?#]*[^\\s/?#])?',
      example: 'https://keycloak.example.com',
    },
    realm: { about: 'Name of the realm', pattern: '[^\\s/?#]+', example: 'staff' },
  },
  settings: {
    type: 'oidc',
    issuer_url: '{url}/realms/{realm}',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_assertion_audience: 'issuer',
  },
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from:
      'Always; with offline_access one that outlives the sign-in session (its refresh_expires_in is then 0, which means ' +
      'no fixed end and not at once).',
    rotation: 'The old one keeps working, unless "Revoke Refresh Token" is on for the realm.',
    missing: 'The client has "Use refresh tokens" switched off.',
  },
  setUp: {
    at: 'Keycloak Admin Console > your realm > Clients > Create client',
    steps: [
      'Choose OpenID Connect, switch on Client authentication and Standard flow.',
      'Paste {redirect_uri} into Valid redirect URIs.',
      'Copy the secret from Credentials into a file (or choose Signed JWT and use client_key_file).',
      'For an MCP server that checks tokens itself: Client scopes > add an Audience mapper, or tokens have no aud.',
      'Users need the role offline_access (they have it by default), or take offline_access out of scopes.',
    ],
  },
  limits: [
    'A server whose public and internal addresses differ must have its frontend URL set: the issuer is compared letter by letter.',
    'A server on a private address needs allow_private_ips: true.',
    'With self-registration on in the realm, anybody can make an account: write access rules.',
  ],
  documentation: [
    'https://www.keycloak.org/securing-apps/oidc-layers',
    'https://www.keycloak.org/docs/latest/server_admin/index.html#_offline-access',
  ],
  unverified: [],
};
