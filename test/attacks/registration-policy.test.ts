/**
 * Registering where one is not wanted: allow-list bypasses, initial access tokens guessed, registrations from before a policy,
 * floods from one address. user-needs: DCR flooding, redirect allow lists that were prefixes.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createClientRegistry } from '../../src/clients/registry.ts';
import type { RegistrationConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/types/secret.ts';
import { openRegistration, registryOptions } from '../client-registration/registry.ts';
import { pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { refusal } from '../parameters/refusal.ts';

type Stack = Awaited<ReturnType<typeof startStack>>;

const token = 'f'.repeat(64);
const evil = 'https://evil.example/callback';
const good = 'https://app.example.com/callback';

let stack: Stack | null = null;
afterEach(async () => {
  await stack?.close();
  stack = null;
});

function post(to: Stack, metadata: object, headers: Record<string, string> = {}): Promise<Response> {
  return to.call('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(metadata),
  });
}

const registryWith = (
  policy: Partial<RegistrationConfig>,
  shared: Partial<Parameters<typeof createClientRegistry>[0]> = {},
): ReturnType<typeof createClientRegistry> =>
  createClientRegistry(registryOptions({ ...shared, registration: { ...openRegistration, ...policy } }));

describe('an app at an address of its own', () => {
  it.each([
    ['known_clients', {}],
    ['allow_list', { allow_hosts: ['app.example.com'] }],
    ['initial_access_token', { initial_access_token_env_vars: ['REGISTRATION_TOKEN'] }],
  ])('does not register under the policy %s, and is told why in JSON', async (policy, more) => {
    stack = await startStack({ registration: { policy, ...more } }, { env: { REGISTRATION_TOKEN: token } });
    const answer = await post(stack, { redirect_uris: [evil] });
    expect([400, 401]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await answer.json()).toMatchObject({
      error: expect.stringMatching(/^invalid_(?:redirect_uri|token)$/u),
    });
  });

  it('finds no registration at all under the policy off, and nothing says that there were one', async () => {
    stack = await startStack({ registration: { policy: 'off' } });
    expect((await post(stack, { redirect_uris: [redirectUri] })).status).toBe(404);
    for (const name of ['oauth-authorization-server', 'openid-configuration']) {
      const metadata = (await (await stack.call(`/.well-known/${name}`)).json()) as object;
      expect(metadata).not.toHaveProperty('registration_endpoint');
    }
  });
});

describe('an allow list', () => {
  const hosts = registryWith({
    policy: 'allow_list',
    allowHosts: ['app.example.com', '*.tools.example.com'],
  });

  it.each([
    'https://app.example.com.evil.example/callback',
    'https://evil.example/app.example.com',
    'https://evil.example/?u=https://app.example.com/',
    'https://xapp.example.com/callback',
    'https://sub.app.example.com/callback',
    'https://app.example.com:8443/callback',
    'https://tools.example.com/callback',
    'https://eviltools.example.com/callback',
    'https://app.example.com./callback',
    'https://app.example.com@evil.example/callback',
    'https://аpp.example.com/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'app.example.com:/callback',
  ])('is not got round by %s', (uri) => {
    expect(refusal(() => hosts.register({ redirect_uris: [uri] })).error).toBe('invalid_redirect_uri');
  });

  it.each([good, 'https://a.b.tools.example.com/cb', redirectUri])('takes %s', (uri) => {
    expect(hosts.register({ redirect_uris: [uri] })['redirect_uris']).toEqual([uri]);
  });

  it('leaves away what it does not have, and what is left away is never used', () => {
    const answer = hosts.register({ redirect_uris: [good, evil, redirectUri] });
    expect(answer['redirect_uris']).toEqual([good, redirectUri]);
    expect(hosts.find(answer.client_id)?.redirectUris).not.toContain(evil);
  });

  it('is not widened by a software_id, which anybody can name', () => {
    const named = registryWith({
      policy: 'allow_list',
      allowHosts: ['app.example.com'],
      allowSoftwareIds: ['acme'],
    });
    const refused = (metadata: object): string => refusal(() => named.register(metadata)).error;
    expect(refused({ redirect_uris: [evil], software_id: 'acme' })).toBe('invalid_redirect_uri');
    expect(refused({ redirect_uris: [good] })).toBe('invalid_client_metadata');
    expect(refused({ redirect_uris: [good], software_id: 'Acme' })).toBe('invalid_client_metadata');
    expect(named.register({ redirect_uris: [good], software_id: 'acme' })['software_id']).toBe('acme');
  });
});

describe('known clients', () => {
  const known = registryWith({ policy: 'known_clients' });

  it('register at their vendors’ addresses', () => {
    for (const uri of ['https://claude.ai/api/mcp/auth_callback', 'https://chatgpt.com/connector/oauth/abc'])
      expect(known.register({ redirect_uris: [uri] })['redirect_uris']).toEqual([uri]);
    const cursor = [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ];
    expect(known.register({ redirect_uris: cursor })['redirect_uris']).toEqual(cursor);
  });

  it.each([
    'https://claude.ai/api/mcp/auth_callback/../x',
    'https://claude.ai.evil.example/api/mcp/auth_callback',
    'https://chatgpt.com/connector/oauth/a/../../share/x',
    'https://global.consent.azure-apim.net/redirect/somebodys',
    'https://evil.example/rest/oauth2-credential/callback',
    'https://evil.example/api/mcp/x/oauth/callback',
    'cursor://evil/oauth/callback',
  ])('are not who uses %s, whatever it calls itself', (uri) => {
    const metadata = { redirect_uris: [uri], client_name: 'Claude', software_id: 'claude' };
    expect(refusal(() => known.register(metadata)).error).toBe('invalid_redirect_uri');
  });
});

describe('a registration from before the policy', () => {
  const keys = registryOptions();
  const shared = { idKeys: keys.idKeys, secretKeys: keys.secretKeys };
  const { client_id: id } = registryWith({}, shared).register({ redirect_uris: [good, evil] });

  it.each([
    { policy: 'off' as const },
    { policy: 'known_clients' as const },
    { policy: 'allow_list' as const, allowHosts: ['app.example.com'] },
    { policy: 'initial_access_token' as const, initialAccessTokens: [new Secret(token)] },
  ])('is proven, and not permitted: $policy', (policy) => {
    expect(() => registryWith(policy, shared).find(id)).toThrow(/^It (?:uses|registered)/u);
  });

  it('gets neither a page to agree on nor another token', async () => {
    stack = await startStack();
    const { refresh_token: refreshToken, clientId } = await stack.signIn();
    const { challenge } = pkce();
    const open = stack.authorizeUrl({ client_id: clientId, code_challenge: challenge });
    expect((await stack.browser().get(open)).status).toBe(200);
    const { config } = stack.auth;
    const registration = {
      ...config.registration,
      policy: 'allow_list' as const,
      allowHosts: ['app.example.com'],
      allowLoopback: false,
    };
    await stack.auth.reload(() => Promise.resolve({ ...config, registration }));
    const page = await stack.browser().get(open);
    expect(page.status).toBe(403);
    expect(await page.text()).not.toContain('name="request"');
    const refreshed = await stack.refresh(clientId, refreshToken);
    expect(refreshed.status).toBe(401);
    expect(await refreshed.json()).toMatchObject({ error: 'invalid_client' });
  });
});

describe('an initial access token', () => {
  const config = {
    policy: 'initial_access_token' as const,
    initialAccessTokens: [new Secret('e'.repeat(64)), new Secret(token)],
  };

  it('lets in whoever has one, whichever, and the client outlives its rotation', () => {
    const keys = registryOptions();
    const shared = { idKeys: keys.idKeys, secretKeys: keys.secretKeys };
    const registry = registryWith(config, shared);
    for (const bearer of ['e'.repeat(64), token]) {
      const { client_id: id } = registry.register({ redirect_uris: [evil] }, { bearer });
      const later = registryWith({ ...config, initialAccessTokens: [new Secret('d'.repeat(64))] }, shared);
      expect(later.find(id)?.redirectUris).toEqual([evil]);
      expect(refusal(() => later.register({ redirect_uris: [evil] }, { bearer })).status).toBe(401);
    }
  });

  it.each([null, '', 'f', token.slice(1), `${token}f`, token.toUpperCase(), '[redacted]'])(
    'is not %j',
    (bearer) => {
      const error = refusal(() => registryWith(config).register({ redirect_uris: [good] }, { bearer }));
      expect(error).toMatchObject({ error: 'invalid_token', status: 401 });
      expect(error.headers['www-authenticate']).toContain('Bearer');
      expect(error.message).not.toContain(token);
    },
  );

  it('is no part of a refused request that a client could claim in its metadata', () => {
    const registry = registryWith(config);
    const metadata = { redirect_uris: [good], vouched: true, initial_access_token: token, approved: 1 };
    expect(refusal(() => registry.register(metadata)).status).toBe(401);
  });

  it('is taken from the header alone, over the wire, and is in no log', async () => {
    stack = await startStack(
      {
        registration: {
          policy: 'initial_access_token',
          initial_access_token_env_vars: ['REGISTRATION_TOKEN'],
        },
      },
      { env: { REGISTRATION_TOKEN: token } },
    );
    const metadata = { redirect_uris: [redirectUri] };
    expect((await post(stack, metadata)).status).toBe(401);
    expect((await post(stack, metadata, { authorization: `Basic ${token}` })).status).toBe(401);
    expect((await post(stack, metadata, { authorization: `Bearer ${token.slice(2)}` })).status).toBe(401);
    expect((await post(stack, metadata, { authorization: `Bearer ${token}` })).status).toBe(201);
    expect(JSON.stringify(stack.log)).not.toContain(token);
  });
});

describe('a flood of registrations', () => {
  it('keeps out who makes it, and nobody else', () => {
    const registry = registryWith({ maxPerMinute: 1000 });
    const metadata = { redirect_uris: [redirectUri] };
    const from = (source: string) => () => registry.register(metadata, { source });
    for (let count = 0; count < 1000; count += 1) from('198.51.100.1')();
    expect(refusal(from('198.51.100.1'))).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
    for (let count = 0; count < 5; count += 1) from('203.0.113.9')();
    expect(refusal(from('203.0.113.9')).status).toBe(429);
    expect(from('203.0.113.10')().client_id).toMatch(/^sp_c1_/u);
  });

  it('of strangers, with a wrong token too, takes nothing from who has a token of the operator’s', () => {
    const registry = registryWith({
      policy: 'initial_access_token',
      initialAccessTokens: [new Secret(token)],
      maxPerMinute: 10,
    });
    const metadata = { redirect_uris: [good] };
    const register = (bearer: string | null) => () => registry.register(metadata, { bearer, source: 'one' });
    for (let count = 0; count < 30; count += 1)
      expect([401, 429]).toContain(refusal(register(count % 2 === 0 ? null : 'x'.repeat(40))).status);
    expect(refusal(register(null)).status).toBe(429);
    for (let count = 0; count < 10; count += 1) expect(register(token)().client_id).toMatch(/^sp_c\d_/u);
    expect(refusal(register(token)).status).toBe(429);
  });

  it('is none when a service registers for each of its users from one address', () => {
    const registry = registryWith({ maxPerMinute: 1000 });
    const service = { source: '198.51.100.1' };
    const register = (user: number): unknown =>
      registry.register({ redirect_uris: [`https://chatgpt.com/connector/oauth/${user}`] }, service);
    expect(Array.from({ length: 900 }, (_, user) => register(user))).toHaveLength(900);
  });

  it('ends by itself', () => {
    let at = 1_800_000_000_000;
    const registry = registryWith({ maxPerMinute: 60 }, { clock: () => at });
    const register = (): unknown => registry.register({ redirect_uris: [redirectUri] }, { source: 'one' });
    for (let count = 0; count < 60; count += 1) register();
    expect(refusal(register).status).toBe(429);
    at += 60_000;
    for (let count = 0; count < 60; count += 1) register();
  });
});

describe('an id', () => {
  it('of another issuer, of a key that is gone, or cut short, is nobody’s', async () => {
    stack = await startStack();
    const { client_id: id } = await stack.register();
    const { client_id: foreign } = registryWith({}).register({ redirect_uris: [redirectUri] });
    const { challenge } = pkce();
    for (const forged of [
      foreign,
      id.slice(0, -1),
      id.slice(0, 30),
      `${id}A`,
      id.replace('sp_c1_', 'sp_c2_'),
    ]) {
      const page = await stack
        .browser()
        .get(stack.authorizeUrl({ client_id: forged, code_challenge: challenge }));
      expect(page.status).toBe(400);
      expect(page.headers.get('location')).toBeNull();
      const answer = await stack.refresh(forged, 'sp_rt_x');
      expect(answer.status).toBe(401);
    }
  });
});
