import { describe, expect, test } from 'vitest';
import { defaultClient } from '../../src/testing/index.ts';
import type { ProviderSimulator } from '../../src/testing/index.ts';
import { ask, askToken, authorize, basic, login, refresh, start } from './bare-client.ts';
import type { Told } from './bare-client.ts';

const code = { grant_type: 'authorization_code', code: 'any' };
const noSecret = { client_id: undefined, client_secret: undefined };

describe('registration', () => {
  const redirectUris = ['https://app.example.com/callback'];

  async function register(
    simulator: ProviderSimulator,
    metadata: object = {},
    headers: Record<string, string> = {},
  ): Promise<Told> {
    return await ask(simulator.endpoints.register, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ redirect_uris: redirectUris, client_name: 'Test', ...metadata }),
    });
  }

  test('a registered client can log in', async () => {
    await using simulator = await start({ quirks: { registration: 'open' } });
    const { status, body } = await register(simulator);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      client_name: 'Test',
      client_secret_expires_at: 0,
      token_endpoint_auth_method: 'client_secret_basic',
    });
    const id = String(body['client_id']);
    const redirect = { client_id: id, redirect_uri: redirectUris[0] };
    const answer = await authorize(simulator, redirect);
    const headers = basic(id, String(body['client_secret']));
    const tokens = await askToken(
      simulator,
      {
        grant_type: 'authorization_code',
        code: answer['code'],
        code_verifier: 'a-verifier-that-has-more-than-forty-three-characters',
        ...redirect,
        ...noSecret,
      },
      headers,
    );
    expect(tokens.status).toBe(200);
  });

  test.each([
    ['open', 201, true],
    ['unadvertised', 201, false],
    ['initial-access-token', 401, true],
    ['absent', 404, false],
  ] as const)('registration %s: %i, in metadata: %s', async (registration, status, advertised) => {
    await using simulator = await start({ quirks: { registration } });
    expect((await register(simulator)).status).toBe(status);
    const metadata = (await ask(simulator.discovery[0] ?? '')).body;
    expect('registration_endpoint' in metadata).toBe(advertised);
  });

  test('an initial access token lets register', async () => {
    await using simulator = await start({ quirks: { registration: 'initial-access-token' } });
    const { initialAccessToken } = simulator.quirks;
    const told = await register(simulator, {}, { authorization: `Bearer ${initialAccessToken}` });
    expect(told.status).toBe(201);
  });

  test.each([
    [{ registrationStatus: 200 }, 200, {}],
    [{ registrationSecretExpires: 'absent' }, 201, { client_secret_expires_at: undefined }],
    [{ registrationSecretExpires: 'past' }, 201, { client_secret_expires_at: 1_799_996_400 }],
    [{ registrationSecretExpires: 'soon' }, 201, { client_secret_expires_at: 1_800_000_060 }],
    [
      { registrationAuthentication: 'client_secret_post' },
      201,
      { token_endpoint_auth_method: 'client_secret_post' },
    ],
  ] as const)('where %j: %i %j', async (quirks, status, expected) => {
    await using simulator = await start({
      quirks: { registration: 'open', ...quirks },
      clock: () => 1_800_000_000_000,
    });
    const told = await register(simulator, { token_endpoint_auth_method: 'client_secret_basic' });
    expect(told.status).toBe(status);
    for (const [name, value] of Object.entries(expected)) expect(told.body[name]).toBe(value);
  });

  test('a secret ends when the registration said', async () => {
    let now = 1_800_000_000_000;
    const quirks = { registration: 'open', registrationSecretExpires: 'soon' } as const;
    await using simulator = await start({ quirks, clock: () => now });
    const { body } = await register(simulator, { token_endpoint_auth_method: 'client_secret_post' });
    const credentials = {
      client_id: String(body['client_id']),
      client_secret: String(body['client_secret']),
    };
    expect((await askToken(simulator, { ...code, ...credentials })).body['error']).toBe('invalid_grant');
    now += 60_000;
    expect((await askToken(simulator, { ...code, ...credentials })).body['error']).toBe('invalid_client');
  });

  test('public clients get no secret, and methods that the provider lacks are refused', async () => {
    await using simulator = await start({ quirks: { registration: 'open' } });
    const open = await register(simulator, { token_endpoint_auth_method: 'none' });
    expect(open.body).not.toHaveProperty('client_secret');
    simulator.change({ clientAuthentication: ['client_secret_basic'] });
    const refused = await register(simulator, { token_endpoint_auth_method: 'none' });
    expect(refused.body['error']).toBe('invalid_client_metadata');
  });

  test('one redirect URI too many refuses the whole request', async () => {
    await using simulator = await start({
      quirks: { registration: 'open', registrationRedirectUris: redirectUris },
    });
    expect((await register(simulator)).status).toBe(201);
    const more = { redirect_uris: [...redirectUris, 'https://app.example.com/other'] };
    expect((await register(simulator, more)).body['error']).toBe('invalid_redirect_uri');
    expect((await register(simulator, { redirect_uris: [] })).body['error']).toBe('invalid_redirect_uri');
  });

  test('who registered can read and delete, and nobody else', async () => {
    await using simulator = await start({ quirks: { registration: 'open', registrationManagement: true } });
    const { body } = await register(simulator);
    const url = String(body['registration_client_uri']);
    const mine = { authorization: `Bearer ${String(body['registration_access_token'])}` };
    expect((await ask(url, { headers: mine })).body['client_secret']).toBe(body['client_secret']);
    expect((await ask(url)).status).toBe(401);
    expect((await ask(url, { headers: { authorization: 'Bearer wrong' }, method: 'DELETE' })).status).toBe(
      401,
    );
    expect((await ask(url, { headers: mine, method: 'DELETE' })).status).toBe(204);
    expect((await ask(url, { headers: mine })).status).toBe(401);
  });

  test('a client that the provider forgot is invalid', async () => {
    await using simulator = await start();
    const { body } = await login(simulator);
    simulator.forgetClients('somebody-else');
    expect((await refresh(simulator, body['refresh_token'])).status).toBe(200);
    simulator.forgetClients();
    const told = await refresh(simulator, body['refresh_token']);
    expect([told.status, told.body['error']]).toEqual([401, 'invalid_client']);
    simulator.addClient(defaultClient);
    expect((await login(simulator)).status).toBe(200);
  });
});
