import { randomUUID } from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { defaultClient } from '../../src/testing/index.ts';
import type { ProviderSimulator, SimulatedClient } from '../../src/testing/index.ts';
import { askToken, basic, start } from './bare-client.ts';

const code = { grant_type: 'authorization_code', code: 'any' };
const noSecret = { client_id: undefined, client_secret: undefined };

describe('client authentication', () => {
  test.each([
    ['client_secret_basic', basic('test-client', 'test-client-secret'), noSecret],
    ['client_secret_post', {}, {}],
  ] as const)('%s is enforced where it is the only way', async (method, headers, parameters) => {
    await using simulator = await start({ quirks: { clientAuthentication: [method] } });
    const good = await askToken(simulator, { ...code, ...parameters }, headers);
    expect(good.body['error']).toBe('invalid_grant');
    const others = {
      client_secret_basic: 'client_secret_post',
      client_secret_post: 'client_secret_basic',
    } as const;
    simulator.change({ clientAuthentication: [others[method]] });
    const refused = await askToken(simulator, { ...code, ...parameters }, headers);
    expect([refused.status, refused.body['error']]).toEqual([401, 'invalid_client']);
    expect(simulator.calls.map(({ authentication }) => authentication)).toEqual([method, method]);
  });

  test.each([
    [{ client_secret: 'wrong' }, {}, 'invalid_client'],
    [{ client_secret: undefined }, {}, 'invalid_client'],
    [{ client_id: 'nobody' }, {}, 'invalid_client'],
    [noSecret, basic('test-client', 'wrong'), 'invalid_client'],
    [{}, basic('test-client', 'test-client-secret'), 'invalid_request'],
  ])('%j with %j: %s', async (parameters, headers, error) => {
    await using simulator = await start();
    expect((await askToken(simulator, { ...code, ...parameters }, headers)).body['error']).toBe(error);
  });

  test('a wrong secret in the header is answered with a challenge', async () => {
    await using simulator = await start();
    const told = await askToken(simulator, { ...code, ...noSecret }, basic('test-client', 'wrong'));
    expect(told.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  test('id and secret in the header are form-encoded', async () => {
    const odd = { ...defaultClient, client_id: 'a:b c', client_secret: 'ö:%' };
    await using simulator = await start({ clients: [odd] });
    const told = await askToken(simulator, { ...code, ...noSecret }, basic('a:b c', 'ö:%'));
    expect(told.body['error']).toBe('invalid_grant');
  });

  test('a client without a secret is public, where that is accepted', async () => {
    const { client_secret: _, ...open } = defaultClient;
    await using simulator = await start({ clients: [open] });
    const parameters = { ...code, client_secret: undefined };
    expect((await askToken(simulator, parameters)).body['error']).toBe('invalid_grant');
    simulator.change({ clientAuthentication: ['client_secret_basic'] });
    expect((await askToken(simulator, parameters)).body['error']).toBe('invalid_client');
  });

  test('a client can be held to one method', async () => {
    const held: SimulatedClient = { ...defaultClient, token_endpoint_auth_method: 'client_secret_basic' };
    await using simulator = await start({ clients: [held] });
    expect((await askToken(simulator, code)).body['error']).toBe('invalid_client');
  });
});

describe('private_key_jwt', () => {
  async function setUp(): Promise<{ simulator: ProviderSimulator; key: CryptoKey }> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const { client_secret: _, ...open } = defaultClient;
    const client = { ...open, jwks: { keys: [await exportJWK(publicKey)] } };
    return { simulator: await start({ clients: [client] }), key: privateKey };
  }

  async function errorOf(simulator: ProviderSimulator, key: CryptoKey, claims: object): Promise<unknown> {
    const assertion = await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256' }).sign(key);
    const told = await askToken(simulator, {
      ...code,
      ...noSecret,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    return told.body['error'];
  }

  function goodClaims(simulator: ProviderSimulator): JWTPayload {
    const exp = Math.floor(Date.now() / 1000) + 60;
    return {
      iss: 'test-client',
      sub: 'test-client',
      aud: simulator.endpoints.token,
      jti: randomUUID(),
      exp,
    };
  }

  test('an assertion is good once', async () => {
    const { simulator, key } = await setUp();
    await using _ = simulator;
    const claims = goodClaims(simulator);
    expect(await errorOf(simulator, key, claims)).toBe('invalid_grant');
    expect(simulator.calls[0]?.authentication).toBe('private_key_jwt');
    expect(await errorOf(simulator, key, claims)).toBe('invalid_client');
  });

  test.each([
    ['another audience', { aud: 'https://elsewhere.example.com/token' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'somebody' }],
    ['no end', { exp: undefined }],
    ['an end in the past', { exp: 1_000_000_000 }],
    ['no id', { jti: undefined }],
  ])('an assertion with %s is refused', async (_name, change) => {
    const { simulator, key } = await setUp();
    await using _ = simulator;
    expect(await errorOf(simulator, key, { ...goodClaims(simulator), ...change })).toBe('invalid_client');
  });

  test('an assertion signed by another key is refused, and so is the id alone', async () => {
    const { simulator } = await setUp();
    await using _ = simulator;
    const { privateKey } = await generateKeyPair('ES256');
    expect(await errorOf(simulator, privateKey, goodClaims(simulator))).toBe('invalid_client');
    expect((await askToken(simulator, { ...code, client_secret: undefined })).body['error']).toBe(
      'invalid_client',
    );
  });
});
