import { describe, expect, test } from 'vitest';
import { defaultClient } from '../../src/testing/index.ts';
import type { ProviderSimulator } from '../../src/testing/index.ts';
import { ask, basic, login, refresh, start, userinfo } from './bare-client.ts';
import type { Told } from './bare-client.ts';

describe('revocation', () => {
  const credentials = {
    client_id: defaultClient.client_id,
    client_secret: defaultClient.client_secret ?? '',
  };

  async function revoke(simulator: ProviderSimulator, parameters: Record<string, string>): Promise<Told> {
    return await ask(simulator.endpoints.revoke, { method: 'POST', body: new URLSearchParams(parameters) });
  }

  test('RFC 7009: the client authenticates; an unknown token is fine; a refresh token ends all', async () => {
    await using simulator = await start();
    const { body } = await login(simulator);
    const token = String(body['refresh_token']);
    expect((await revoke(simulator, { token })).status).toBe(401);
    expect((await revoke(simulator, { token: 'unknown', ...credentials })).status).toBe(200);
    expect((await userinfo(simulator, body['access_token'])).status).toBe(200);
    expect((await revoke(simulator, { token, ...credentials })).status).toBe(200);
    expect((await userinfo(simulator, body['access_token'])).status).toBe(401);
    expect((await refresh(simulator, token)).body['error']).toBe('invalid_grant');
  });

  test('RFC 7009: an access token ends alone, and only for its own client', async () => {
    const other = { ...defaultClient, client_id: 'other' };
    await using simulator = await start({ clients: [defaultClient, other] });
    const { body } = await login(simulator);
    const token = String(body['access_token']);
    expect((await revoke(simulator, { token, ...credentials, client_id: 'other' })).status).toBe(401);
    expect((await userinfo(simulator, token)).status).toBe(200);
    expect((await revoke(simulator, { token, ...credentials })).status).toBe(200);
    expect((await userinfo(simulator, token)).status).toBe(401);
    expect((await refresh(simulator, body['refresh_token'])).status).toBe(200);
  });

  test('Google: no client authentication, either token ends both, and a second time is an error', async () => {
    await using simulator = await start({ preset: 'google' });
    const { body } = await login(simulator, { access_type: 'offline' });
    const token = String(body['access_token']);
    expect((await revoke(simulator, { token })).status).toBe(200);
    expect((await refresh(simulator, body['refresh_token'])).body['error']).toBe('invalid_grant');
    const again = await revoke(simulator, { token });
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_token']);
  });

  test('GitHub: DELETE with Basic ends a token, or the whole grant', async () => {
    await using simulator = await start({ preset: 'github-app' });
    const end = async (what: string, token: unknown, headers: Record<string, string>): Promise<number> => {
      const url = `${new URL(simulator.endpoints.revoke).origin}/applications/test-client/${what}`;
      const body = JSON.stringify({ access_token: token });
      const told = await ask(url, {
        method: 'DELETE',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
      return told.status;
    };
    const client = basic('test-client', 'test-client-secret');
    const { body } = await login(simulator);
    expect(await end('token', body['access_token'], basic('test-client', 'wrong'))).toBe(404);
    expect(await end('token', 'unknown', client)).toBe(422);
    expect(await end('token', body['access_token'], client)).toBe(204);
    expect((await userinfo(simulator, body['access_token'])).status).toBe(401);
    const renewed = await refresh(simulator, body['refresh_token']);
    expect(await end('grant', renewed.body['access_token'], client)).toBe(204);
    expect((await refresh(simulator, renewed.body['refresh_token'])).body['error']).toBe('bad_refresh_token');
  });

  test('Slack: the token is its own credential, and everything is status 200', async () => {
    await using simulator = await start({ preset: 'slack' });
    const { body } = await login(simulator, { user_scope: 'users:read' });
    const { access_token: token } = body['authed_user'] as Record<string, unknown>;
    const headers = { authorization: `Bearer ${String(token)}` };
    const url = simulator.endpoints.revoke;
    expect((await ask(url, { method: 'POST', headers })).body).toEqual({ ok: true, revoked: true });
    const again = await ask(url, { method: 'POST', headers });
    expect([again.status, again.body]).toEqual([200, { ok: false, error: 'invalid_auth' }]);
    const test = await ask(`${simulator.api}/api/auth.test`, { headers });
    expect(test.body['ok']).toBe(false);
  });

  test('there may be none', async () => {
    await using simulator = await start({ quirks: { revocation: 'absent' } });
    expect((await revoke(simulator, { token: 'any', ...credentials })).status).toBe(404);
    expect((await ask(simulator.discovery[0] ?? '')).body).not.toHaveProperty('revocation_endpoint');
  });
});
