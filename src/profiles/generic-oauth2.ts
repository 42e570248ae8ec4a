import type { Profile } from './profile.ts';

export const genericOauth2: Profile = {
  name: 'generic-oauth2',
  title: 'Any OAuth 2.0 provider',
  about:
    'A provider of plain OAuth 2.0: its endpoints are written down, and who somebody is comes from an endpoint of its ' +
    'API or from the token answer.',
  variables: {},
  settings: { type: 'oauth2' },
  example: {
    access: { subjects: ['248289761001'] },
    settings: {
      authorization_endpoint: 'https://idp.example.com/authorize',
      token_endpoint: 'https://idp.example.com/token',
      scopes: ['profile'],
      userinfo: {
        endpoint_url: 'https://idp.example.com/userinfo',
        field_mapping: { subject_fields: ['id'] },
      },
    },
  },
  refreshTokens: {
    from: 'Whatever the provider wants: often a scope.',
    rotation: 'Whatever the provider does: an answer without a refresh token leaves the old one in place.',
    missing: 'The connection lasts as long as its access token; then people sign in again.',
  },
  setUp: {
    at: 'the provider’s own console',
    steps: [
      'Register an application that may use the authorization code grant.',
      'Paste {redirect_uri} as its redirect URI.',
      'Copy its client id into client_id, and put its secret into a file.',
      'Write authorization_endpoint and token_endpoint from the provider’s documentation.',
      'Write userinfo or identity_from_token: without one of them everybody is somebody new at every sign-in.',
    ],
  },
  limits: ['Without userinfo or identity_from_token no access rule can be checked.'],
  documentation: ['https://www.rfc-editor.org/rfc/rfc6749', 'https://www.rfc-editor.org/rfc/rfc9700'],
  unverified: [],
};
