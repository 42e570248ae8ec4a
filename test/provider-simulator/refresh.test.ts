import { expect, test } from 'vitest';
import type { ProviderSimulator, Quirks } from '../../src/testing/index.ts';
import { login, readJwt, refresh, start, userinfo } from './bare-client.ts';

async function tokenOf(simulator: ProviderSimulator): Promise<unknown> {
  return (await login(simulator)).body['refresh_token'];
}

test.each([
  [{ refreshTokenWhen: 'always' }, {}, true],
  [{ refreshTokenWhen: 'never' }, { scope: 'openid offline_access', access_type: 'offline' }, false],
  [{ refreshTokenWhen: 'scope' }, {}, false],
  [{ refreshTokenWhen: 'scope' }, { scope: 'openid offline_access' }, true],
  [{ refreshTokenWhen: 'scope', refreshTokenScope: 'refresh_token' }, { scope: 'api refresh_token' }, true],
  [{ refreshTokenWhen: 'access-type-offline' }, {}, false],
  [{ refreshTokenWhen: 'access-type-offline' }, { access_type: 'offline' }, true],
] as const)('who gets a refresh token: %j with %j: %s', async (quirks, parameters, expected) => {
  await using simulator = await start({ quirks });
  const { body } = await login(simulator, parameters);
  expect('refresh_token' in body).toBe(expected);
});

test('a second login gets none without prompt=consent, and other users and clients are their own', async () => {
  await using simulator = await start({ preset: 'google' });
  const offline = { access_type: 'offline' };
  expect((await login(simulator, offline)).body).toHaveProperty('refresh_token');
  expect((await login(simulator, offline)).body).not.toHaveProperty('refresh_token');
  expect((await login(simulator, offline, 'bob')).body).toHaveProperty('refresh_token');
  const again = await login(simulator, { ...offline, prompt: 'select_account consent' });
  expect(again.body).toHaveProperty('refresh_token');
});

test('a refresh that answers no refresh token leaves the old one good', async () => {
  await using simulator = await start({ quirks: { rotation: 'not-returned' } });
  const token = await tokenOf(simulator);
  for (let time = 0; time < 3; time += 1) {
    const { status, body } = await refresh(simulator, token);
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('refresh_token');
  }
  expect(simulator.reuseDetected).toEqual([]);
});

test('a refresh can answer the token that it was given', async () => {
  await using simulator = await start({ quirks: { rotation: 'same' } });
  const token = await tokenOf(simulator);
  expect((await refresh(simulator, token)).body['refresh_token']).toBe(token);
});

test('a single-use token is seen twice: counted, refused, and all of the login ends', async () => {
  await using simulator = await start();
  const token = await tokenOf(simulator);
  const { body } = await refresh(simulator, token);
  expect(body['refresh_token']).not.toBe(token);
  expect(simulator.reuseDetected).toEqual([]);
  expect((await refresh(simulator, token)).body['error']).toBe('invalid_grant');
  expect((await refresh(simulator, token)).body['error']).toBe('invalid_grant');
  expect(simulator.reuseDetected).toEqual([{ token, user: 'alice', clientId: 'test-client', times: 3 }]);
  expect((await refresh(simulator, body['refresh_token'])).body['error']).toBe('invalid_grant');
  expect((await userinfo(simulator, body['access_token'])).status).toBe(401);
});

test('a second use can leave the rest of the login alone', async () => {
  await using simulator = await start({ quirks: { reuseRevokesGrant: false } });
  const token = await tokenOf(simulator);
  const { body } = await refresh(simulator, token);
  expect((await refresh(simulator, token)).body['error']).toBe('invalid_grant');
  expect((await refresh(simulator, body['refresh_token'])).status).toBe(200);
});

test.each([true, false])(
  'a refresh ends the access tokens before it: %s',
  async (refreshEndsAccessTokens) => {
    await using simulator = await start({ quirks: { refreshEndsAccessTokens } });
    const { body } = await login(simulator);
    const other = await login(simulator, {}, 'bob');
    const renewed = await refresh(simulator, body['refresh_token']);
    const statusOf = async (token: unknown): Promise<number> => (await userinfo(simulator, token)).status;
    expect(await statusOf(body['access_token'])).toBe(refreshEndsAccessTokens ? 401 : 200);
    expect(await statusOf(renewed.body['access_token'])).toBe(200);
    expect(await statusOf(other.body['access_token'])).toBe(200);
  },
);

test('within the overlap the old token works, counted from its first use; later it does not', async () => {
  let now = 1_800_000_000_000;
  const quirks: Partial<Quirks> = { rotation: 'overlap', refreshOverlap: 30 };
  await using simulator = await start({ quirks, clock: () => now });
  const token = await tokenOf(simulator);
  expect((await refresh(simulator, token)).status).toBe(200);
  now += 29_999;
  expect((await refresh(simulator, token)).status).toBe(200);
  expect(simulator.reuseDetected).toEqual([]);
  now += 1;
  expect((await refresh(simulator, token)).body['error']).toBe('invalid_grant');
  expect(simulator.reuseDetected).toHaveLength(1);
});

test.each([
  ['scopeOnRefresh', 'required', {}, 'invalid_request'],
  ['scopeOnRefresh', 'required', { scope: 'openid' }, undefined],
  ['scopeOnRefresh', 'refused', { scope: 'openid' }, 'invalid_request'],
  ['scopeOnRefresh', 'refused', {}, undefined],
  ['audienceOnRefresh', 'required', {}, 'invalid_request'],
  ['audienceOnRefresh', 'required', { audience: 'api.example.com' }, undefined],
  ['resourceOnRefresh', 'required', {}, 'invalid_target'],
  ['resourceOnRefresh', 'refused', { resource: 'https://mcp.example.com/' }, 'invalid_target'],
  ['resourceOnRefresh', 'ignored', { resource: 'https://mcp.example.com/' }, undefined],
] as const)('%s %s, with %j: %s', async (quirk, rule, parameters, error) => {
  const quirks: Partial<Quirks> = { [quirk]: rule };
  await using simulator = await start({ quirks });
  const token = await tokenOf(simulator);
  expect((await refresh(simulator, token, parameters)).body['error']).toBe(error);
});

test('a refresh that was refused consumes nothing', async () => {
  await using simulator = await start({ quirks: { scopeOnRefresh: 'refused' } });
  const token = await tokenOf(simulator);
  await refresh(simulator, token, { scope: 'openid' });
  expect((await refresh(simulator, token)).status).toBe(200);
});

test('without scopes a refresh can come back with fewer', async () => {
  await using simulator = await start({ quirks: { scopeOnRefresh: 'narrowed-without' } });
  const { body } = await login(simulator, { scope: 'openid profile api://app/read' });
  const narrowed = await refresh(simulator, body['refresh_token']);
  expect(narrowed.body['scope']).toBe('openid profile');
  const whole = await refresh(simulator, narrowed.body['refresh_token'], { scope: 'openid api://app/read' });
  expect(whole.body['scope']).toBe('openid api://app/read');
});

test.each([
  [{ idTokenOnRefresh: 'omitted' }, undefined, undefined],
  [{ idTokenOnRefresh: 'issued', nonceOnRefresh: false }, '9007199254740993', undefined],
  [{ idTokenOnRefresh: 'issued', nonceOnRefresh: true }, '9007199254740993', 'the-nonce'],
] as const)('the ID token of a refresh, where %j', async (quirks, subject, nonce) => {
  await using simulator = await start({ quirks });
  const { body } = await refresh(simulator, await tokenOf(simulator));
  const { claims } = readJwt(body['id_token']);
  expect([claims['sub'], claims['nonce']]).toEqual([subject, nonce]);
});
