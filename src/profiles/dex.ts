import type { Profile } from './profile.ts';

export const dex: Profile = {
  name: 'dex',
  title: 'Dex',
  about: 'A Dex server in front of whatever its connectors reach.',
  variables: {
    url: {
      about: 'The issuer of its configuration',
      pattern: 'https?://[^\\s/?#]+(?:/[^\\s?#]*[^\\s/?#])?',
      example: 'https://dex.example.com/dex',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: '{url}',
    scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
    token_endpoint_auth_method: 'client_secret_basic',
    revocation: { style: 'none' },
  },
  example: { access: { groups: ['example-corp:platform'] } },
  refreshTokens: {
    from: 'The scope offline_access, with connectors that can refresh.',
    needs: { scopes: ['offline_access'] },
    rotation: 'A new one at every use; the old one is good for three more seconds (reuseInterval).',
    missing: 'The connector cannot refresh: the connection ends with its ID token (24 h by default).',
  },
  setUp: {
    at: 'the configuration of Dex, staticClients',
    steps: [
      'Add a client with an id, a secret and redirectURIs: [{redirect_uri}].',
      'Write the same id into client_id and put the secret into a file.',
    ],
  },
  limits: [
    'sub is an encoding of connector and user id: it changes when people come through another connector.',
    'Dex has one refresh token per user and client: two deployments with one client id end each other’s.',
    'Whether an e-mail is verified is what the connector says, or what the operator of Dex told it to say.',
  ],
  documentation: [
    'https://dexidp.io/docs/configuration/tokens/',
    'https://dexidp.io/docs/configuration/custom-scopes-claims-clients/',
  ],
  unverified: [{ what: 'settings.revocation', note: 'No revocation endpoint is documented.' }],
};
