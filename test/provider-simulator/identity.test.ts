import { expect, test } from 'vitest';
import { defaultClient } from '../../src/testing/index.ts';
import { ask, authorize, login, readJwt, redeem, start, userinfo } from './bare-client.ts';

test('numeric ids keep digits that a double loses', async () => {
  await using simulator = await start({ preset: 'github-oauth-app' });
  const ids = await Promise.all(
    ['alice', 'bob'].map(async (user) => {
      const { body } = await login(simulator, { scope: 'read:user' }, user);
      return (await userinfo(simulator, body['access_token'])).text.match(/"id":(\d+)/)?.[1];
    }),
  );
  expect(ids).toEqual(['9007199254740993', '9007199254740992']);
  expect(Number(ids[0])).toBe(Number(ids[1]));
});

test.each([
  ['boolean', true, false],
  ['string', 'true', 'false'],
  ['absent', undefined, undefined],
  ['false', false, false],
] as const)('email_verified: %s', async (emailVerified, alice, bob) => {
  await using simulator = await start({ quirks: { emailVerified } });
  for (const [user, expected] of [
    ['alice', alice],
    ['bob', bob],
  ] as const) {
    const { body } = await login(simulator, {}, user);
    expect(readJwt(body['id_token']).claims['email_verified']).toBe(expected);
    expect((await userinfo(simulator, body['access_token'])).body['email_verified']).toBe(expected);
  }
});

test('email_verified can be a text in userinfo only', async () => {
  await using simulator = await start({ preset: 'cognito' });
  const { body } = await login(simulator);
  expect(readJwt(body['id_token']).claims['email_verified']).toBe(true);
  expect((await userinfo(simulator, body['access_token'])).body['email_verified']).toBe('true');
});

test('subjects can differ by client, while oid and tid do not', async () => {
  const other = { ...defaultClient, client_id: 'other' };
  await using simulator = await start({ preset: 'entra-single', clients: [defaultClient, other] });
  const claims = await Promise.all(
    [defaultClient, other].map(async ({ client_id }) => {
      const { code } = await authorize(simulator, { client_id });
      return readJwt((await redeem(simulator, code, { client_id })).body['id_token']).claims;
    }),
  );
  expect(claims[0]?.['sub']).not.toBe(claims[1]?.['sub']);
  expect(claims[0]?.['oid']).toBe(claims[1]?.['oid']);
  expect(claims[0]).toMatchObject({ oid: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', ver: '2.0' });
});

test('oid comes with the scope profile only', async () => {
  await using simulator = await start({ preset: 'entra-single' });
  const { claims } = readJwt((await login(simulator, { scope: 'openid' })).body['id_token']);
  expect(claims).not.toHaveProperty('oid');
  expect(claims).not.toHaveProperty('at_hash');
  expect(claims['tid']).toBe('11111111-1111-4111-8111-111111111111');
});

test('claims whose attribute a user lacks are left out: hd is for Workspace accounts', async () => {
  await using simulator = await start({ preset: 'google' });
  const claimsOf = async (user: string): Promise<Record<string, unknown>> =>
    readJwt((await login(simulator, {}, user)).body['id_token']).claims;
  expect((await claimsOf('alice'))['hd']).toBe('example.com');
  expect(await claimsOf('bob')).not.toHaveProperty('hd');
});

test('groups and roles can be claims', async () => {
  await using simulator = await start({
    quirks: { idTokenFields: { openid: { groups: '{groups}', 'https://example.com/roles': '{roles}' } } },
  });
  const { claims } = readJwt((await login(simulator)).body['id_token']);
  expect(claims).toMatchObject({
    groups: ['engineering', 'staff'],
    'https://example.com/roles': ['admin'],
  });
});

test('published keys name their algorithm or not', async () => {
  await using simulator = await start();
  const algorithms = async (): Promise<unknown[]> => {
    const { keys } = (await ask(simulator.endpoints.jwks)).body as { keys: { alg?: string }[] };
    return keys.map(({ alg }) => alg);
  };
  expect(await algorithms()).toEqual(['ES256']);
  simulator.change({ jwksWithAlg: false });
  expect(await algorithms()).toEqual([undefined]);
});

test.each([
  ['get', 'GET', 200],
  ['get', 'POST', 200],
  ['post-only', 'GET', 405],
  ['post-only', 'POST', 200],
  ['absent', 'GET', 404],
] as const)('userinfo %s, asked by %s: %i', async (how, method, status) => {
  await using simulator = await start({ quirks: { userinfo: how } });
  const { body } = await login(simulator);
  expect((await userinfo(simulator, body['access_token'], { method })).status).toBe(status);
  const metadata = (await ask(simulator.discovery[0] ?? '')).body;
  expect('userinfo_endpoint' in metadata).toBe(how !== 'absent');
});

test('userinfo can tell about somebody else', async () => {
  await using simulator = await start({ quirks: { userinfoSubject: 'other' } });
  const { body } = await login(simulator);
  expect((await userinfo(simulator, body['access_token'])).body['sub']).toBe('9007199254740992');
});

test('userinfo can need headers', async () => {
  await using simulator = await start({ quirks: { requiredApiHeaders: ['X-Version'] } });
  const token = (await login(simulator)).body['access_token'];
  expect((await userinfo(simulator, token)).status).toBe(403);
  expect((await userinfo(simulator, token, { headers: { 'x-version': '1' } })).status).toBe(200);
});

test('a token that is unknown, or none, gets a challenge', async () => {
  await using simulator = await start();
  const { status, headers } = await userinfo(simulator, 'unknown');
  expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
});

test.each([
  [{}, { aud: 'test-client', scope: 'openid api://test-client/read' }],
  [{ accessTokenAudience: null }, { aud: undefined }],
  [{ accessTokenAudience: '{issuer}/resources' }, { aud: expect.stringMatching(/\/resources$/) }],
  [
    { scopeClaim: { name: 'scp', list: true } },
    { scp: ['openid', 'api://test-client/read'], scope: undefined },
  ],
  [{ scopePrefix: 'api://{client_id}/' }, { scope: 'openid read' }],
  [
    { accessTokenFields: { cid: '{client_id}', uid: '{id}' } },
    { cid: 'test-client', uid: '9007199254740993' },
  ],
] as const)('a JWT access token, where %j, says %j', async (quirks, expected) => {
  await using simulator = await start({ quirks: { accessToken: 'jwt', ...quirks } });
  const { body } = await login(simulator, { scope: 'openid api://test-client/read' });
  const { claims } = readJwt(body['access_token']);
  for (const [name, value] of Object.entries(expected)) expect(claims[name]).toEqual(value);
  expect((await userinfo(simulator, body['access_token'])).status).toBe(200);
});

test.each(['RS256', 'ES256'] as const)('ID tokens can be signed with %s', async (signingAlg) => {
  await using simulator = await start({ quirks: { signingAlg } });
  expect(readJwt((await login(simulator)).body['id_token']).header['alg']).toBe(signingAlg);
});
