import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { expect, test } from 'vitest';
import { defaultClient } from '../../src/testing/index.ts';
import { start } from './bare-client.ts';

const redirectUri = defaultClient.redirect_uris[0] ?? '';
const { client_id: clientId, client_secret: secret = '' } = defaultClient;

test('openid-client discovers, logs in, reads userinfo, refreshes and revokes', async () => {
  await using simulator = await start({ quirks: { signingAlg: 'RS256' } });
  const config = await client.discovery(
    new URL(simulator.issuer),
    clientId,
    secret,
    client.ClientSecretBasic(secret),
    { execute: [client.allowInsecureRequests] },
  );
  const verifier = client.randomPKCECodeVerifier();
  const checks = { expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid email',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const callback = new URL(await simulator.signIn(url.href, 'alice'));
  const tokens = await client.authorizationCodeGrant(config, callback, {
    ...checks,
    pkceCodeVerifier: verifier,
  });
  const { sub = '' } = tokens.claims() ?? {};
  const info = await client.fetchUserInfo(config, tokens.access_token, sub);
  expect(info.email).toBe('alice@example.com');
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
  expect(renewed.claims()?.sub).toBe(sub);
  await client.tokenRevocation(config, renewed.refresh_token ?? '');
  await expect(client.refreshTokenGrant(config, renewed.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test('oauth4webapi logs in and verifies the signature of the ID token', async () => {
  await using simulator = await start({ quirks: { issInResponse: true, signingAlg: 'ES256' } });
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(simulator.issuer);
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(server.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'openid',
    state: 'state',
    nonce: 'nonce',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const callback = new URL(await simulator.signIn(url.href, 'alice'));
  const self = { client_id: clientId, id_token_signed_response_alg: 'ES256' };
  const parameters = oauth.validateAuthResponse(server, self, callback, 'state');
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    self,
    oauth.ClientSecretPost(secret),
    parameters,
    redirectUri,
    verifier,
    insecure,
  );
  const options = { expectedNonce: 'nonce', requireIdToken: true };
  const result = await oauth.processAuthorizationCodeResponse(server, self, response, options);
  await oauth.validateApplicationLevelSignature(server, response, insecure);
  expect(oauth.getValidatedIdTokenClaims(result)?.sub).toBe('9007199254740993');
});
