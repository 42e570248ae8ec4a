import { once } from 'node:events';
import { connect } from 'node:net';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { describe, expect, test } from 'vitest';
import type { ProviderSimulator } from '../../src/testing/index.ts';
import {
  ask,
  authorizationUrl,
  authorize,
  login,
  readJwt,
  redeem,
  refresh,
  start,
  userinfo,
} from './bare-client.ts';

describe('failures on demand', () => {
  test.each([500, 503, 429])('status %i, once', async (status) => {
    await using simulator = await start();
    simulator.failNext('discovery', status);
    expect((await ask(simulator.discovery[0] ?? '')).status).toBe(status);
    expect((await ask(simulator.discovery[0] ?? '')).status).toBe(200);
  });

  test('several times, one endpoint only, in the order they were asked for', async () => {
    await using simulator = await start();
    simulator.failNext('jwks', 500, { times: 2 });
    simulator.failNext('jwks', 503);
    const statuses: number[] = [];
    for (let time = 0; time < 4; time += 1) statuses.push((await ask(simulator.endpoints.jwks)).status);
    expect(statuses).toEqual([500, 500, 503, 200]);
    expect((await login(simulator)).status).toBe(200);
  });

  test('a failure before the work consumes nothing', async () => {
    await using simulator = await start();
    const { body } = await login(simulator);
    simulator.failNext('token', 500);
    expect((await refresh(simulator, body['refresh_token'])).status).toBe(500);
    expect((await refresh(simulator, body['refresh_token'])).status).toBe(200);
  });

  test('a failure after the work: the provider has rotated, and nobody heard', async () => {
    await using simulator = await start();
    const { body } = await login(simulator);
    simulator.failNext('token', 'reset', { after: true });
    await expect(refresh(simulator, body['refresh_token'])).rejects.toThrow('fetch failed');
    expect((await refresh(simulator, body['refresh_token'])).body['error']).toBe('invalid_grant');
    expect(simulator.reuseDetected).toHaveLength(1);
  });

  test('no answer at all, until the client gives up', async () => {
    await using simulator = await start();
    simulator.failNext('jwks', 'hang');
    const socket = connect(Number(new URL(simulator.issuer).port), '127.0.0.1');
    let heard = false;
    socket.on('data', () => (heard = true));
    socket.write('GET /jwks HTTP/1.1\r\nhost: localhost\r\n\r\n');
    // A second request, answered in full, shows that the first had its turn.
    expect((await ask(simulator.endpoints.jwks)).status).toBe(200);
    expect(heard).toBe(false);
    socket.destroy();
  });

  test('headers that come in drops', async () => {
    await using simulator = await start();
    simulator.failNext('jwks', 'slow-headers');
    const socket = connect(Number(new URL(simulator.issuer).port), '127.0.0.1');
    socket.write('GET /jwks HTTP/1.1\r\nhost: localhost\r\n\r\n');
    let text = '';
    while (!text.includes('x-drop: 1\r\nx-drop: 1\r\n')) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      text += chunk.toString();
    }
    expect(text).not.toContain('\r\n\r\n');
    socket.destroy();
  });

  test('text that is no JSON, and a body that is far too long', async () => {
    await using simulator = await start();
    simulator.failNext('jwks', 'garbage');
    const garbage = await ask(simulator.endpoints.jwks);
    expect(() => JSON.parse(garbage.text) as unknown).toThrow(SyntaxError);
    simulator.failNext('jwks', 'huge-body');
    expect((await ask(simulator.endpoints.jwks)).text.length).toBeGreaterThan(16 * 1024 * 1024);
  });

  test('a redirect to somewhere else that keeps method and body', async () => {
    await using simulator = await start();
    simulator.failNext('token', { redirect: 'https://elsewhere.example.com/token' });
    const told = await refresh(simulator, 'any');
    expect([told.status, told.headers.get('location')]).toEqual([307, 'https://elsewhere.example.com/token']);
  });

  test('an error in the form of the provider', async () => {
    await using simulator = await start({ preset: 'slack' });
    simulator.failNext('token', { error: 'temporarily_unavailable' });
    expect((await refresh(simulator, 'any')).body).toEqual({ ok: false, error: 'temporarily_unavailable' });
    simulator.failNext('authorize', { error: 'server_error', description: 'try later' });
    expect(await authorize(simulator)).toMatchObject({ error: 'server_error', state: 'the-state' });
    simulator.failNext('revoke', { error: 'invalid_client' });
    expect((await ask(simulator.endpoints.revoke)).status).toBe(401);
  });

  test('any answer', async () => {
    await using simulator = await start();
    simulator.failNext('jwks', { status: 503, headers: { 'retry-after': '7' }, body: 'later' });
    const told = await ask(simulator.endpoints.jwks);
    expect([told.status, told.headers.get('retry-after'), told.text]).toEqual([503, '7', 'later']);
  });
});

describe('a provider that goes and returns', () => {
  test('refuses connections while it is away and keeps everything', async () => {
    await using simulator = await start();
    const { body } = await login(simulator);
    const { issuer } = simulator;
    await simulator.pause();
    await expect(refresh(simulator, body['refresh_token'])).rejects.toThrow('fetch failed');
    await simulator.resume();
    expect(simulator.issuer).toBe(issuer);
    expect((await refresh(simulator, body['refresh_token'])).status).toBe(200);
  });

  test('listens on the port that it was given', async () => {
    let first: ProviderSimulator | null = await start();
    const port = Number(new URL(first.issuer).port);
    await first.close();
    first = null;
    await using simulator = await start({ port });
    expect(new URL(simulator.issuer).port).toBe(String(port));
    await expect(start({ port })).rejects.toThrow('EADDRINUSE');
  });
});

describe('what happens to tokens and keys', () => {
  async function verifies(simulator: ProviderSimulator, token: unknown): Promise<boolean> {
    const keys = (await ask(simulator.endpoints.jwks)).body as unknown as JSONWebKeySet;
    return await jwtVerify(String(token), createLocalJWKSet(keys)).then(
      () => true,
      () => false,
    );
  }

  test('new keys end the old ones unless they are kept', async () => {
    await using simulator = await start({ quirks: { signingAlg: 'ES256' } });
    const first = (await login(simulator)).body['id_token'];
    simulator.rotateKeys({ keepOld: true });
    const second = (await login(simulator)).body['id_token'];
    expect([await verifies(simulator, first), await verifies(simulator, second)]).toEqual([true, true]);
    simulator.rotateKeys();
    expect([await verifies(simulator, first), await verifies(simulator, second)]).toEqual([false, false]);
    expect(await verifies(simulator, (await login(simulator)).body['id_token'])).toBe(true);
  });

  test('a user can be revoked, and others are not', async () => {
    await using simulator = await start();
    const alice = await login(simulator);
    const bob = await login(simulator, {}, 'bob');
    simulator.revokeUser('alice');
    expect((await refresh(simulator, alice.body['refresh_token'])).body['error']).toBe('invalid_grant');
    expect((await userinfo(simulator, alice.body['access_token'])).status).toBe(401);
    expect((await refresh(simulator, bob.body['refresh_token'])).status).toBe(200);
    expect((await login(simulator)).status).toBe(200);
  });

  test('tokens can expire at once', async () => {
    await using simulator = await start();
    const { body } = await login(simulator);
    simulator.expireTokens();
    expect((await userinfo(simulator, body['access_token'])).status).toBe(401);
    const renewed = await refresh(simulator, body['refresh_token']);
    expect(renewed.status).toBe(200);
    simulator.expireTokens({ refreshTokens: true });
    expect((await refresh(simulator, renewed.body['refresh_token'])).body['error']).toBe('invalid_grant');
    expect(simulator.reuseDetected).toEqual([]);
  });

  test('an ID token can be forged, once', async () => {
    await using simulator = await start({ quirks: { signingAlg: 'ES256' } });
    simulator.forgeNextIdToken({ claims: { aud: 'somebody-else', nonce: undefined } });
    const { claims } = readJwt((await login(simulator)).body['id_token']);
    expect(claims['aud']).toBe('somebody-else');
    expect(claims).not.toHaveProperty('nonce');
    simulator.forgeNextIdToken({ signature: 'unknown-key' });
    const forged = (await login(simulator)).body['id_token'];
    expect(await verifies(simulator, forged)).toBe(false);
    expect(readJwt(forged).header['kid']).toBe(
      readJwt((await login(simulator)).body['id_token']).header['kid'],
    );
    simulator.forgeNextIdToken({ signature: 'none' });
    expect(readJwt((await login(simulator)).body['id_token']).header['alg']).toBe('none');
    expect(await verifies(simulator, (await login(simulator)).body['id_token'])).toBe(true);
  });
});

test('every request is written down with what it asked and what it got', async () => {
  await using simulator = await start({ autoSignIn: 'bob' });
  await ask(authorizationUrl(simulator));
  await redeem(simulator, 'wrong');
  await ask(`${simulator.issuer}/elsewhere`);
  expect(simulator.calls).toMatchObject([
    { endpoint: 'authorize', method: 'GET', clientId: 'test-client', status: 302 },
    {
      endpoint: 'token',
      method: 'POST',
      path: '/token',
      parameters: { grant_type: 'authorization_code', code: 'wrong' },
      authentication: 'client_secret_post',
      status: 400,
    },
    { endpoint: null, path: '/elsewhere', status: 404 },
  ]);
});
