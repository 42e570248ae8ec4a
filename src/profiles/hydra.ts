import type { Profile } from './profile.ts';

export const hydra: Profile = {
  name: 'hydra',
  title: 'Ory Hydra',
  about: 'A Hydra server, or a project of the Ory Network, with the login application that stands before it.',
  variables: {
    url: {
      about: 'The issuer (urls.self.issuer of its configuration)',
      pattern: 'https?://[^\\s?#]+',
      example: 'https://hydra.example.com',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: '{url}',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_assertion_audience: 'token_endpoint',
  },
  recognise: ['*.oryapis.com'],
  example: { access: { subjects: ['7f3c1d0e-4f7b-4b43-9d4a-2f1e6c8b9a10'] } },
  refreshTokens: {
    from: 'The scope offline_access (or offline), when client and login application grant it.',
    needs: { scopes: ['offline_access', 'offline'] },
    rotation: 'A new one at every use; a second use ends everything, unless graceful refresh is configured.',
    missing: 'The login application did not grant the scope.',
  },
  setUp: {
    at: 'the command line of Hydra or the Ory Console',
    steps: [
      'hydra create oauth2-client --grant-type authorization_code,refresh_token --response-type code ' +
        '--scope openid,profile,email,offline_access --redirect-uri {redirect_uri}',
      'Copy the client id into client_id and put the secret into a file.',
    ],
  },
  limits: [
    'Name and e-mail are in the ID token only when the login application puts them there.',
    'A scope that the client was not registered with is an error, not left out: keep scopes and the registration alike.',
    'Older versions write a slash at the end of the issuer: url is taken letter by letter.',
  ],
  documentation: [
    'https://www.ory.sh/docs/oauth2-oidc/authorization-code-flow',
    'https://www.ory.sh/docs/hydra/guides/graceful-token-refresh',
    'https://www.ory.sh/docs/hydra/cli/hydra-create-oauth2-client',
  ],
  unverified: [
    {
      what: 'settings.client_assertion_audience',
      note: 'The documentation names the token endpoint in examples only.',
    },
  ],
};
