import { assumed, docs } from './preset.ts';
import type { Preset } from './preset.ts';

const environment = '33333333-3333-4333-8333-333333333333';

/** PingOne: an issuer per environment. */
export const ping: Preset = {
  documentation: [
    'https://developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2.html',
    'https://developer.pingidentity.com/pingone-api/foundations/authentication-concepts/access-tokens-and-id-tokens/token-claims.html',
  ],
  quirks: {
    issuerPath: docs(`/${environment}/as`),
    paths: docs({
      authorize: `/${environment}/as/authorize`,
      token: `/${environment}/as/token`,
      userinfo: `/${environment}/as/userinfo`,
      jwks: `/${environment}/as/jwks`,
      revoke: `/${environment}/as/revoke`,
      register: `/${environment}/as/register`,
    }),
    clientAuthentication: assumed(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']),
    refreshTokenWhen: docs('scope'),
    rotation: assumed('single-use'),
    reuseRevokesGrant: assumed(false),
    idTokenFields: assumed({
      openid: { acr: 'Single_Factor', amr: ['pwd'], env: environment },
      profile: {
        name: '{name}',
        given_name: '{given_name}',
        family_name: '{family_name}',
        preferred_username: '{login}',
      },
      email: { email: '{email}', email_verified: '{email_verified}' },
    }),
    accessToken: docs('jwt'),
    accessTokenAudience: assumed('https://api.pingone.com'),
    accessTokenFields: assumed({ client_id: '{client_id}', env: environment }),
  },
};
