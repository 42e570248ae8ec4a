import type { Profile } from './profile.ts';

export const cognito: Profile = {
  name: 'cognito',
  title: 'Amazon Cognito',
  about:
    'A Cognito user pool. Asks only for scopes that Cognito knows, and reads its userinfo, where the verification of ' +
    'an e-mail is the text "true".',
  variables: {
    region: {
      about: 'Region of the user pool',
      pattern: '[a-z]{2}(?:-[a-z]+)+-\\d',
      example: 'eu-central-1',
    },
    user_pool: {
      about: 'Id of the user pool',
      pattern: '[a-z]{2}(?:-[a-z]+)+-\\d_[A-Za-z0-9]+',
      example: 'eu-central-1_AbCdEf123',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: 'https://cognito-idp.{region}.amazonaws.com/{user_pool}',
    scopes: ['openid', 'profile', 'email'],
    refresh_scope: 'omit',
    email_verified_as_text: true,
    token_endpoint_auth_method: 'client_secret_basic',
  },
  recognise: ['cognito-idp.*.amazonaws.com'],
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from: 'Always, with the authorization code grant; how long it lives is a setting of the app client (30 days).',
    rotation: 'None unless rotation is switched on for the app client: a refresh returns no new one.',
    missing: 'The app client does not allow ALLOW_REFRESH_TOKEN_AUTH.',
  },
  setUp: {
    at: 'Amazon Cognito console > User pools > your pool > App clients > Create app client',
    steps: [
      'Choose "Traditional web application", which has a client secret.',
      'Paste {redirect_uri} into Allowed callback URLs.',
      'Under Login pages choose the authorization code grant and the scopes openid, profile and email.',
      'The pool needs a domain (Branding > Domain) for its sign-in pages.',
    ],
  },
  limits: [
    'Its revocation takes refresh tokens only, and ends the access tokens that came from them.',
    'Access tokens have no aud; they name the client in client_id.',
    'With self-registration on in the pool, anybody can make an account: write access rules.',
    'resource is refused unless a resource server with exactly that identifier exists, and is never sent.',
  ],
  documentation: [
    'https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html',
    'https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html',
    'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html',
    'https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html',
  ],
  unverified: [
    {
      what: 'settings.revocation',
      note: 'Taken from the metadata; a pool whose metadata name no revocation endpoint needs revocation.endpoint.',
    },
  ],
};
