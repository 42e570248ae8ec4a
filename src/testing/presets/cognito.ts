import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Amazon Cognito: endpoints on the domain of the pool, refresh tokens that are not returned, access tokens without `aud`. */
export const cognito: Preset = {
  documentation: [
    'https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html',
    'https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html',
    'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html',
  ],
  quirks: {
    issuerPath: docs('/us-east-1_Example'),
    paths: docs({
      authorize: '/oauth2/authorize',
      token: '/oauth2/token',
      userinfo: '/oauth2/userInfo',
      jwks: '/us-east-1_Example/.well-known/jwks.json',
      revoke: '/oauth2/revoke',
      register: '/register',
    }),
    foreignHost: docs(['authorize', 'token', 'userinfo', 'revoke']),
    pkceAdvertised: assumed(false),
    clientAuthentication: assumed(['client_secret_basic', 'client_secret_post', 'none']),
    // A resource has to be set up as a resource server first.
    resourceAtAuthorize: reports('refused'),
    answerScope: reports('absent'),
    rotation: docs('not-returned'),
    emailVerified: assumed('string-in-userinfo'),
    idTokenFields: assumed({
      openid: { 'cognito:username': '{login}', token_use: 'id', 'cognito:groups': '{groups}' },
      profile: { name: '{name}' },
      email: { email: '{email}', email_verified: '{email_verified}' },
    }),
    userinfoFields: assumed({
      sub: '{subject}',
      name: '{name}',
      given_name: '{given_name}',
      family_name: '{family_name}',
      preferred_username: '{login}',
      email: '{email}',
      email_verified: '{email_verified}',
      username: '{login}',
    }),
    accessToken: docs('jwt'),
    accessTokenAudience: reports(null),
    accessTokenFields: assumed({
      client_id: '{client_id}',
      token_use: 'access',
      username: '{login}',
      version: 2,
    }),
  },
};
