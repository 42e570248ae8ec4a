import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';
import { createProviderSimulator, defaultClient } from '../../src/testing/index.ts';
import {
  ask,
  askToken,
  authorizationUrl,
  authorize,
  login,
  readJwt,
  redeem,
  refresh,
  start,
  userinfo,
} from './bare-client.ts';

test('a login gives tokens that work, and an ID token that the published keys verify', async () => {
  await using simulator = await start();
  const { status, body } = await login(simulator);
  expect(status).toBe(200);
  expect(Object.keys(body).toSorted()).toEqual([
    'access_token',
    'expires_in',
    'id_token',
    'refresh_token',
    'scope',
    'token_type',
  ]);
  const keys = (await ask(simulator.endpoints.jwks)).body as unknown as JSONWebKeySet;
  const { payload } = await jwtVerify(String(body['id_token']), createLocalJWKSet(keys), {
    issuer: simulator.issuer,
    audience: defaultClient.client_id,
  });
  expect(payload).toMatchObject({ sub: '9007199254740993', nonce: 'the-nonce', email: 'alice@example.com' });
  expect((await userinfo(simulator, body['access_token'])).body).toMatchObject({ sub: payload.sub });
});

test('a code works once, and its second use ends what the first gave', async () => {
  await using simulator = await start();
  const { code } = await authorize(simulator);
  const first = await redeem(simulator, code);
  expect(first.status).toBe(200);
  expect((await redeem(simulator, code)).body['error']).toBe('invalid_grant');
  expect((await userinfo(simulator, first.body['access_token'])).status).toBe(401);
  expect((await refresh(simulator, first.body['refresh_token'])).body['error']).toBe('invalid_grant');
});

test('a code needs its verifier, its redirect URI and its client, and none of these failures burns it', async () => {
  const other = { ...defaultClient, client_id: 'other' };
  await using simulator = await start({ clients: [defaultClient, other] });
  const { code } = await authorize(simulator);
  for (const wrong of [
    { code_verifier: 'another-verifier-that-has-more-than-43-characters' },
    { code_verifier: undefined },
    { redirect_uri: 'http://127.0.0.1/elsewhere' },
    { redirect_uri: undefined },
    { client_id: 'other' },
  ])
    expect((await redeem(simulator, code, wrong)).body['error']).toBe('invalid_grant');
  expect((await redeem(simulator, code)).status).toBe(200);
});

test('a code is good for a minute', async () => {
  let now = 1_800_000_000_000;
  await using simulator = await start({ clock: () => now });
  const { code } = await authorize(simulator);
  now += 60_000;
  expect((await redeem(simulator, code)).body['error']).toBe('invalid_grant');
});

test.each(['http://127.0.0.1/callback/', 'http://127.0.0.1/callbac', 'http://127.0.0.1/callback?x=1', ''])(
  'redirect URI %j is not the registered one: a page, no redirect',
  async (redirectUri) => {
    await using simulator = await start();
    const { status, headers } = await ask(authorizationUrl(simulator, { redirect_uri: redirectUri }));
    expect(status).toBe(400);
    expect(headers.get('location')).toBeNull();
  },
);

test('an unknown client gets a page, no redirect', async () => {
  await using simulator = await start();
  const { status, headers } = await ask(authorizationUrl(simulator, { client_id: 'nobody' }));
  expect([status, headers.get('location')]).toEqual([400, null]);
});

test('a challenge has to be S256', async () => {
  await using simulator = await start();
  const answer = await authorize(simulator, { code_challenge_method: 'plain' });
  expect(answer).toMatchObject({ error: 'invalid_request', state: 'the-state' });
});

test('only the code flow is served', async () => {
  await using simulator = await start();
  const answer = await authorize(simulator, { response_type: 'token' });
  expect(answer['error']).toBe('unsupported_response_type');
});

test('access tokens and refresh tokens end when they say so', async () => {
  let now = 1_800_000_000_000;
  await using simulator = await start({ clock: () => now, quirks: { refreshTokenLifetime: 7200 } });
  const { body } = await login(simulator);
  now += 3_599_000;
  expect((await userinfo(simulator, body['access_token'])).status).toBe(200);
  now += 1000;
  expect((await userinfo(simulator, body['access_token'])).status).toBe(401);
  now += 3_600_000;
  expect((await refresh(simulator, body['refresh_token'])).body['error']).toBe('invalid_grant');
});

test('a refresh token belongs to its client, and gives no more scopes than were granted', async () => {
  const other = { ...defaultClient, client_id: 'other' };
  await using simulator = await start({ clients: [defaultClient, other] });
  const { body } = await login(simulator);
  const token = body['refresh_token'];
  expect((await refresh(simulator, token, { client_id: 'other' })).body['error']).toBe('invalid_grant');
  expect((await refresh(simulator, token, { scope: 'openid admin' })).body['error']).toBe('invalid_scope');
  const answer = await refresh(simulator, token, { scope: 'openid' });
  expect(answer.body['scope']).toBe('openid');
});

test('the sign-in form names the users, and its cancel button denies', async () => {
  await using simulator = await start();
  const form = await ask(authorizationUrl(simulator));
  expect(form.text).toContain('<option>alice</option>');
  const denied = await ask(authorizationUrl(simulator), {
    method: 'POST',
    body: new URLSearchParams({ deny: '1' }),
  });
  expect(new URL(denied.headers.get('location') ?? '').searchParams.get('error')).toBe('access_denied');
});

test('the sign-in form escapes what users are called', async () => {
  await using simulator = await start({ users: [{ id: '1', login: '<script>alert(1)</script>' }] });
  const form = await ask(authorizationUrl(simulator));
  expect(form.text).not.toContain('<script>');
});

test('a browser that is signed in is redirected at once; without, prompt=none says so', async () => {
  await using simulator = await start({ autoSignIn: 'alice' });
  const redirected = await ask(authorizationUrl(simulator, { prompt: 'none' }));
  expect(new URL(redirected.headers.get('location') ?? '').searchParams.has('code')).toBe(true);
  simulator.signInAs(null);
  const silent = await ask(authorizationUrl(simulator, { prompt: 'none' }));
  expect(new URL(silent.headers.get('location') ?? '').searchParams.get('error')).toBe('login_required');
});

test('unknown users, paths and grants are refused', async () => {
  await using simulator = await start();
  expect(() => simulator.signInAs('nobody')).toThrow(TypeError);
  expect(() => createProviderSimulator({ autoSignIn: 'nobody' })).toThrow(TypeError);
  expect((await ask(`${simulator.issuer}/elsewhere`)).status).toBe(404);
  const answer = await askToken(simulator, { grant_type: 'password' });
  expect(answer.body['error']).toBe('unsupported_grant_type');
});

test('OAuth 2.0 alone has no ID token and no metadata, whatever is asked for', async () => {
  await using simulator = await start({ preset: 'plain-oauth2' });
  expect((await login(simulator)).body).not.toHaveProperty('id_token');
  expect(simulator.discovery).toEqual([]);
  expect((await ask(`${simulator.issuer}/.well-known/openid-configuration`)).status).toBe(404);
});

test('without the scope openid there is no ID token', async () => {
  await using simulator = await start();
  expect((await login(simulator, { scope: 'profile' })).body).not.toHaveProperty('id_token');
});

test('at_hash is that of the access token', async () => {
  await using simulator = await start();
  const { body } = await login(simulator);
  const digest = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode(String(body['access_token'])),
  );
  const half = Buffer.from(digest).subarray(0, 16).toString('base64url');
  expect(readJwt(body['id_token']).claims['at_hash']).toBe(half);
});
