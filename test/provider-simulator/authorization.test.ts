import { expect, test } from 'vitest';
import type { Quirks } from '../../src/testing/index.ts';
import { ask, authorizationUrl, authorize, login, readJwt, redeem, start } from './bare-client.ts';

const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined };

test('PKCE is advertised or not, whatever is done about it', async () => {
  await using simulator = await start();
  const url = simulator.discovery[0] ?? '';
  expect((await ask(url)).body['code_challenge_methods_supported']).toEqual(['S256']);
  simulator.change({ pkceAdvertised: false });
  expect((await ask(url)).body).not.toHaveProperty('code_challenge_methods_supported');
  expect((await login(simulator)).status).toBe(200);
});

test('PKCE can be required', async () => {
  await using simulator = await start({ quirks: { pkce: 'required' } });
  expect((await authorize(simulator, withoutPkce))['error']).toBe('invalid_request');
  expect((await authorize(simulator))['code']).toBeDefined();
});

test('PKCE that is ignored does not protect a code', async () => {
  await using simulator = await start({ quirks: { pkce: 'ignored' } });
  const { code } = await authorize(simulator);
  expect((await redeem(simulator, code, { code_verifier: 'wrong' })).status).toBe(200);
});

test('the scopes of the user come in the parameter that is for them', async () => {
  await using simulator = await start({
    quirks: { scopeParameter: 'user_scope', requestScopeSeparator: 'comma' },
  });
  const tokens = await login(simulator, { scope: 'chat:write', user_scope: 'openid,users:read' });
  expect(tokens.body['scope']).toBe('openid users:read');
});

test('scopes that the provider does not know are refused', async () => {
  await using simulator = await start({ quirks: { refusedScopes: ['offline_access'] } });
  const answer = await authorize(simulator, { scope: 'openid offline_access' });
  expect(answer).toMatchObject({ error: 'invalid_scope', state: 'the-state' });
});

test('errors can be pages that the client never hears of', async () => {
  await using simulator = await start({ preset: 'google' });
  const url = authorizationUrl(simulator, { scope: 'openid offline_access' });
  const { status, headers, text } = await ask(url);
  expect([status, headers.get('location')]).toEqual([400, null]);
  expect(text).toContain('invalid_scope');
});

test('scopes can be required', async () => {
  await using simulator = await start({ quirks: { scopeRequired: true } });
  expect((await authorize(simulator, { scope: undefined }))['error']).toBe('invalid_scope');
});

test.each([
  ['audience', 'audience', 'required', undefined, 'invalid_request'],
  ['audience', 'audience', 'required', 'api', undefined],
  ['resource', 'resourceAtAuthorize', 'required', undefined, 'invalid_target'],
  ['resource', 'resourceAtAuthorize', 'refused', 'https://mcp.example.com/', 'invalid_target'],
  ['resource', 'resourceAtAuthorize', 'refused', undefined, undefined],
  ['resource', 'resourceAtAuthorize', 'ignored', 'https://mcp.example.com/', undefined],
] as const)('%s, where %s is %s, with %s: %s', async (name, quirk, rule, value, error) => {
  const quirks: Partial<Quirks> = { [quirk]: rule };
  await using simulator = await start({ quirks });
  expect((await authorize(simulator, { [name]: value }))['error']).toBe(error);
});

test('without an audience the access token is opaque, with one it is a JWT for it', async () => {
  await using simulator = await start({ quirks: { audience: 'opaque-without', accessToken: 'jwt' } });
  const opaque = await login(simulator);
  expect(String(opaque.body['access_token']).split('.')).toHaveLength(1);
  const { body } = await login(simulator, { audience: 'https://api.example.com' });
  expect(readJwt(body['access_token']).claims['aud']).toBe('https://api.example.com');
});

test('iss comes with every authorization response, and metadata says so', async () => {
  await using simulator = await start({ quirks: { issInResponse: true, refusedScopes: ['bad'] } });
  expect((await authorize(simulator))['iss']).toBe(simulator.issuer);
  expect((await authorize(simulator, { scope: 'bad' }))['iss']).toBe(simulator.issuer);
  const { body } = await ask(simulator.discovery[0] ?? '');
  expect(body['authorization_response_iss_parameter_supported']).toBe(true);
  simulator.change({ issInResponse: false });
  expect(await authorize(simulator)).not.toHaveProperty('iss');
});

test('codes are as long as they are asked to be', async () => {
  await using simulator = await start({ quirks: { codeLength: 900 } });
  const { code } = await authorize(simulator);
  expect(code).toHaveLength(900);
  expect((await redeem(simulator, code)).status).toBe(200);
});
