import { expect, test } from 'vitest';
import { defaultClient } from '../../src/testing/index.ts';
import { ask, askToken, authorize, login, redeem, refresh, start } from './bare-client.ts';

const wrongCode = { grant_type: 'authorization_code', code: 'wrong' };

test('answers are forms unless JSON is asked for', async () => {
  await using simulator = await start({ preset: 'github-oauth-app' });
  const { code } = await authorize(simulator, { scope: 'read:user user:email' });
  const form = await askToken(
    simulator,
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: defaultClient.redirect_uris[0],
      code_verifier: 'a-verifier-that-has-more-than-forty-three-characters',
    },
    { accept: '*/*' },
  );
  expect(form.headers.get('content-type')).toContain('application/x-www-form-urlencoded');
  expect(Object.fromEntries(new URLSearchParams(form.text))).toMatchObject({
    scope: 'read:user,user:email',
    token_type: 'bearer',
  });
  const json = await login(simulator, { scope: 'read:user' });
  expect(json.headers.get('content-type')).toContain('application/json');
  expect(json.body['token_type']).toBe('bearer');
});

test('answers can be forms always', async () => {
  await using simulator = await start({ quirks: { answerEncoding: 'form' } });
  const { text } = await login(simulator);
  expect(new URLSearchParams(text).get('expires_in')).toBe('3600');
});

test('errors can have status 200, in the encoding that was asked for', async () => {
  await using simulator = await start({ preset: 'github-oauth-app' });
  const json = await askToken(simulator, wrongCode);
  expect([json.status, json.body['error']]).toEqual([200, 'bad_verification_code']);
  const form = await askToken(simulator, wrongCode, { accept: '*/*' });
  expect(new URLSearchParams(form.text).get('error')).toBe('bad_verification_code');
});

test('errors can be ok: false, with names that depend on the grant', async () => {
  await using simulator = await start({ preset: 'slack' });
  const code = await askToken(simulator, wrongCode);
  expect([code.status, code.body]).toEqual([200, { ok: false, error: 'invalid_code' }]);
  const token = await refresh(simulator, 'wrong');
  expect(token.body).toEqual({ ok: false, error: 'invalid_refresh_token' });
});

test('errors can be lists', async () => {
  await using simulator = await start({ quirks: { tokenErrors: 'arrays' } });
  const { status, body } = await askToken(simulator, wrongCode);
  expect([status, body['error']]).toEqual([400, ['invalid_grant']]);
});

test('errors can have more members, and invalid_grant a status of its own', async () => {
  await using simulator = await start({
    quirks: { errorFields: { trace_id: 'x' }, invalidGrantStatus: 403 },
  });
  const { status, body } = await askToken(simulator, wrongCode);
  expect([status, body['error'], body['trace_id']]).toEqual([403, 'invalid_grant', 'x']);
  const unsupported = await askToken(simulator, { grant_type: 'password' });
  expect(unsupported.status).toBe(400);
});

test('the first answer has its token inside a member, a refresh at the top', async () => {
  await using simulator = await start({ preset: 'slack' });
  const first = await login(simulator, { scope: undefined, user_scope: 'users:read,chat:write' });
  expect(first.body).not.toHaveProperty('access_token');
  expect(first.body).toMatchObject({
    ok: true,
    authed_user: {
      id: 'U9007199254740993',
      scope: 'users:read,chat:write',
      token_type: 'user',
      expires_in: 43_200,
    },
  });
  const { refresh_token: token } = first.body['authed_user'] as Record<string, unknown>;
  const second = await refresh(simulator, token);
  expect(second.body).toMatchObject({ ok: true, token_type: 'user' });
  expect(second.body['access_token']).toBeTypeOf('string');
  expect(second.body).not.toHaveProperty('authed_user');
});

test.each([
  [{ expiresIn: 'number' }, 3600],
  [{ expiresIn: 'string' }, '3600'],
  [{ expiresIn: 'absent' }, undefined],
  [{ accessTokenLifetime: null }, undefined],
] as const)('expires_in, where %j, is %j', async (quirks, expected) => {
  await using simulator = await start({ quirks });
  expect((await login(simulator)).body['expires_in']).toBe(expected);
});

test.each([
  ['user', 'user'],
  ['bearer', 'bearer'],
  [null, undefined],
] as const)('token_type can be %j', async (tokenType, expected) => {
  await using simulator = await start({ quirks: { tokenType } });
  expect((await login(simulator)).body['token_type']).toBe(expected);
});

test.each([
  ['space', 'openid profile'],
  ['comma', 'openid,profile'],
  ['absent', undefined],
] as const)('scopes of an answer: %s', async (answerScope, expected) => {
  await using simulator = await start({ quirks: { answerScope } });
  expect((await login(simulator, { scope: 'openid profile' })).body['scope']).toBe(expected);
});

test('refresh_expires_in is there when asked for, 0 included, and only beside a refresh token', async () => {
  const refreshExpiresIn = { name: 'refresh_expires_in', seconds: 0 };
  await using simulator = await start({ quirks: { refreshExpiresIn } });
  expect((await login(simulator)).body['refresh_expires_in']).toBe(0);
  simulator.change({ refreshTokenWhen: 'never' });
  expect((await login(simulator)).body).not.toHaveProperty('refresh_expires_in');
});

test('token requests are forms, JSON, or either', async () => {
  await using simulator = await start();
  const send = async (contentType: string): Promise<unknown> => {
    const body = JSON.stringify({
      ...wrongCode,
      client_id: 'test-client',
      client_secret: 'test-client-secret',
    });
    const headers = { 'content-type': contentType };
    return (await ask(simulator.endpoints.token, { method: 'POST', headers, body })).body['error'];
  };
  expect(await send('application/json')).toBe('invalid_request');
  simulator.change({ requestEncoding: 'either' });
  expect(await send('application/json')).toBe('invalid_grant');
  expect((await askToken(simulator, wrongCode)).body['error']).toBe('invalid_grant');
  simulator.change({ requestEncoding: 'json' });
  expect(await send('application/json')).toBe('invalid_grant');
  expect((await askToken(simulator, wrongCode)).body['error']).toBe('invalid_request');
});

test.each([
  ['refused', 'https://mcp.example.com/', 400],
  ['refused', undefined, 200],
  ['required', undefined, 400],
  ['required', 'https://mcp.example.com/', 200],
] as const)(
  'resource with a code, where it is %s: %s gives %i',
  async (resourceAtToken, resource, status) => {
    await using simulator = await start({ quirks: { resourceAtToken } });
    const { code } = await authorize(simulator);
    expect((await redeem(simulator, code, { resource })).status).toBe(status);
  },
);

test('the token endpoint takes POST only', async () => {
  await using simulator = await start();
  expect((await ask(simulator.endpoints.token)).status).toBe(405);
});
