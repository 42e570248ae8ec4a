import type { Profile } from './profile.ts';

export const genericOidc: Profile = {
  name: 'generic-oidc',
  title: 'Any OpenID Connect provider',
  about:
    'A provider that publishes metadata and follows OpenID Connect. Everything is as the specifications have it, and ' +
    'every setting can be written beside it.',
  variables: {},
  settings: { type: 'oidc' },
  example: {
    access: { email_domains: ['example.com'] },
    settings: { issuer_url: 'https://idp.example.com' },
  },
  refreshTokens: {
    from: 'The scope offline_access, asked for where the metadata lists it (OpenID Connect Core §11).',
    rotation: 'Whatever the provider does: an answer without a refresh token leaves the old one in place.',
    missing: 'The connection lasts as long as its access token; then people sign in again.',
  },
  setUp: {
    at: 'the provider’s own console',
    steps: [
      'Register an application of the kind "web" (confidential, authorization code).',
      'Paste {redirect_uri} as its redirect URI.',
      'Copy its client id into client_id, and put its secret into a file.',
      'Write the issuer into issuer_url, letter by letter as the provider’s metadata has it.',
    ],
  },
  limits: ['Habits that depart from the specifications need their settings written down by hand.'],
  documentation: [
    'https://openid.net/specs/openid-connect-core-1_0.html',
    'https://openid.net/specs/openid-connect-discovery-1_0.html',
  ],
  unverified: [],
};
