import { githubOauthApp } from './github-oauth-app.ts';
import { assumed, docs } from './preset.ts';
import type { Preset } from './preset.ts';

/** A GitHub App whose user tokens expire: eight hours, and refresh tokens that work once. */
export const githubApp: Preset = {
  documentation: [
    'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app',
    'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens',
  ],
  quirks: {
    ...githubOauthApp.quirks,
    accessTokenLifetime: docs(28_800),
    refreshTokenWhen: docs('always'),
    refreshExpiresIn: docs({ name: 'refresh_token_expires_in', seconds: 15_897_600 }),
    refreshTokenLifetime: docs(15_897_600),
    rotation: docs('single-use'),
    refreshEndsAccessTokens: docs(true),
    reuseRevokesGrant: assumed(false),
    errorNames: docs({
      invalid_client: 'incorrect_client_credentials',
      invalid_grant: 'bad_verification_code',
      'invalid_grant:refresh_token': 'bad_refresh_token',
    }),
    // What a token may do is the app's permissions: there are no scopes, and the answer says so.
    answerScope: docs('absent'),
    tokenFields: docs({ scope: '' }),
    refreshFields: docs({ scope: '' }),
    apiPermissions: docs('all'),
  },
};
