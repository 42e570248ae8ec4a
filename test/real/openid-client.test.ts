import { randomBytes } from 'node:crypto';
import type { Configuration } from 'openid-client';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appAddress } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';
import { startRealStack } from './stack.ts';

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack();
});

afterAll(() => stack.close());

type Algorithm = 'oauth2' | 'oidc';

/** Registers a public app; every document and answer is checked as the specifications say. */
function register(algorithm: Algorithm): Promise<Configuration> {
  const metadata = {
    client_name: 'Strict app',
    redirect_uris: [appAddress],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  };
  // Loopback only; everything else of this library insists on https.
  const options = { algorithm, execute: [oidc.allowInsecureRequests] };
  return oidc.dynamicClientRegistration(new URL(stack.issuer), metadata, oidc.None(), options);
}

async function signIn(config: Configuration, scope: string): ReturnType<typeof oidc.authorizationCodeGrant> {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = scope.includes('openid') ? { nonce: oidc.randomNonce() } : {};
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: appAddress,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    resource: stack.endpoint,
    scope,
    state,
    ...nonce,
  });
  const back = await stack.signIn(url);
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: state,
    ...('nonce' in nonce ? { expectedNonce: nonce.nonce, idTokenExpected: true } : {}),
  };
  return oidc.authorizationCodeGrant(config, back, checks, { resource: stack.endpoint });
}

async function status(accessToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const answer = await fetch(stack.endpoint, { headers });
  await answer.body?.cancel();
  return answer.status;
}

test('a strict OAuth 2.0 app discovers (RFC 8414), registers, signs in (RFC 9207) and refreshes', async () => {
  const config = await register('oauth2');
  expect(config.serverMetadata().issuer).toBe(stack.issuer);
  const first = await signIn(config, 'profile');
  expect(first.token_type).toBe('bearer');
  expect(first.id_token).toBeUndefined();
  const second = await oidc.refreshTokenGrant(config, first.refresh_token ?? '', {
    resource: stack.endpoint,
  });
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect(second.access_token).not.toBe(first.access_token);
  // Not 401 and not 403: the MCP server behind answered.
  expect([200, 400, 405]).toContain(await status(second.access_token));
});

test('an answer that another server signed off is refused by the app (mix-up)', async () => {
  const config = await register('oauth2');
  const verifier = oidc.randomPKCECodeVerifier();
  const challenge = await oidc.calculatePKCECodeChallenge(verifier);
  const parameters = {
    redirect_uri: appAddress,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 's',
  };
  const back = await stack.signIn(oidc.buildAuthorizationUrl(config, parameters));
  back.searchParams.set('iss', 'https://elsewhere.example.com');
  const checks = { pkceCodeVerifier: verifier, expectedState: 's' };
  const refusal = { cause: { message: expect.stringContaining('"iss"') } };
  await expect(oidc.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject(refusal);
});

test('a strict OpenID Connect app verifies the ID token and reads userinfo', async () => {
  const config = await register('oidc');
  const tokens = await signIn(config, 'openid profile email');
  const claims = tokens.claims();
  expect(claims).toMatchObject({
    iss: stack.issuer,
    aud: config.clientMetadata().client_id,
    name: 'Alice Archer',
  });
  const person = await oidc.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '');
  expect(person).toMatchObject({ sub: claims?.sub, email: 'alice@example.com', email_verified: true });
});

test('a wrong code verifier gets no token and costs the rightful app nothing', async () => {
  const config = await register('oauth2');
  const verifier = oidc.randomPKCECodeVerifier();
  const challenge = await oidc.calculatePKCECodeChallenge(verifier);
  const state = randomBytes(8).toString('hex');
  const parameters = {
    redirect_uri: appAddress,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state,
  };
  const back = await stack.signIn(oidc.buildAuthorizationUrl(config, parameters));
  const wrong = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: state };
  await expect(oidc.authorizationCodeGrant(config, back, wrong)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
  const right = { pkceCodeVerifier: verifier, expectedState: state };
  await expect(oidc.authorizationCodeGrant(config, back, right)).resolves.toHaveProperty('access_token');
});

test('revoking the refresh token ends the grant at once', async () => {
  const config = await register('oauth2');
  const tokens = await signIn(config, 'profile');
  const refreshToken = tokens.refresh_token ?? '';
  expect(await status(tokens.access_token)).not.toBe(401);
  await oidc.tokenRevocation(config, refreshToken);
  await expect(oidc.refreshTokenGrant(config, refreshToken)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
  expect(await status(tokens.access_token)).toBe(401);
  await expect(signIn(config, 'profile')).resolves.toHaveProperty('access_token');
});
