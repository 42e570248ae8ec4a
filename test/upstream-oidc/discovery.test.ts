import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OidcUpstreamConfig } from '../../src/config/config.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import { newLogin, oidcConfig } from '../fixtures/upstream.ts';

const wellKnown = '/.well-known/openid-configuration';
const cleanup: (() => unknown)[] = [];
let idp: HostileOidc;
let now: number;

beforeEach(async () => {
  now = Date.now();
  idp = await startHostileOidc();
  cleanup.push(() => idp.close());
});
afterEach(async () => {
  for (const task of cleanup.splice(0).toReversed()) await task();
});

function connect(issuer: string, changes: Partial<OidcUpstreamConfig> = {}): UpstreamProvider {
  const provider = createProvider(oidcConfig(issuer, changes), { clock: () => now, log: silentLog });
  cleanup.push(() => provider.close());
  return provider;
}

function authorize(provider: UpstreamProvider): Promise<string> {
  return provider.authorizationUrl(newLogin().request);
}

function discoveries(): number {
  return idp.received.filter(({ url }) => url === wellKnown).length;
}

describe('a provider that is down', () => {
  test('does not stop us from starting, and is found once it is up', async () => {
    const real = await startOidcProvider();
    cleanup.push(() => real.close());
    await real.pause();
    const provider = connect(real.issuer);
    expect(provider.notReady()).not.toBeNull();
    await expect(authorize(provider)).rejects.toMatchObject({ failure: 'unavailable', upstream: 'corp' });
    expect(provider.notReady()).toContain('ECONNREFUSED');
    await real.resume();
    await expect(authorize(provider)).resolves.toContain(`${real.issuer}/auth?`);
    expect(provider.notReady()).toBeNull();
  });

  test('is found in the background, without anybody asking', async () => {
    idp.on(wellKnown, raw('down', {}, 503));
    const provider = connect(idp.origin);
    await vi.waitFor(() => expect(provider.notReady()).toContain('discovery'));
    idp.discover({});
    await vi.waitFor(() => expect(provider.notReady()).toBeNull(), { timeout: 10_000 });
  });

  test('is not asked any more after close', async () => {
    const provider = connect(idp.origin);
    provider.close();
    await expect(authorize(provider)).rejects.toMatchObject({ failure: 'unavailable' });
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect(discoveries()).toBe(0);
  });
});

describe('the document', () => {
  test('is fetched once for callers that come together', async () => {
    const provider = connect(idp.origin);
    await Promise.all(Array.from({ length: 20 }, () => authorize(provider)));
    expect(discoveries()).toBe(1);
  });

  test('is kept for an hour, then renewed while the old one still answers', async () => {
    const provider = connect(idp.origin);
    await authorize(provider);
    now += 3_599_000;
    await authorize(provider);
    expect(discoveries()).toBe(1);
    idp.discover({ authorization_endpoint: `${idp.origin}/moved` });
    now += 1_000;
    await expect(authorize(provider)).resolves.toContain('/authorize?');
    await vi.waitFor(async () => expect(await authorize(provider)).toContain('/moved?'));
    expect(discoveries()).toBe(2);
  });

  test('stays good while the provider is down', async () => {
    const provider = connect(idp.origin);
    await authorize(provider);
    idp.on(wellKnown, raw('down', {}, 503));
    now += 7_200_000;
    await authorize(provider);
    await vi.waitFor(() => expect(discoveries()).toBeGreaterThan(1));
    await expect(authorize(provider)).resolves.toContain('/authorize?');
    expect(provider.notReady()).toBeNull();
  });

  test('may be one of RFC 8414, below the issuer path as that RFC has it', async () => {
    const server = await startHostileServer();
    cleanup.push(() => server.close());
    const issuer = `${server.origin}/tenant`;
    server.on(
      '/.well-known/oauth-authorization-server/tenant',
      json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      }),
    );
    await expect(authorize(connect(issuer))).resolves.toContain('/tenant/authorize?');
    expect(server.received.map(({ url }) => url)).toContain('/tenant/.well-known/openid-configuration');
  });

  test('has no fallback when the provider cannot be reached at all', async () => {
    idp.on(wellKnown, (_request, response) => void response.destroy());
    await expect(authorize(connect(idp.origin))).rejects.toMatchObject({ failure: 'unavailable' });
    expect(idp.received.filter(({ url }) => url.includes('oauth-authorization-server'))).toEqual([]);
  });

  test.each([
    ['another issuer', { issuer: 'https://attacker.example' }],
    ['no issuer', { issuer: undefined }],
    ['no authorization endpoint', { authorization_endpoint: undefined }],
    ['no token endpoint', { token_endpoint: undefined }],
    ['no keys', { jwks_uri: undefined }],
    ['an endpoint that is no text', { token_endpoint: ['http://127.0.0.1/'] }],
    ['an endpoint that is no URL', { token_endpoint: '/token' }],
    ['an endpoint with user info', { token_endpoint: 'https://user:secret@idp.example/token' }],
    ['a userinfo endpoint elsewhere', { userinfo_endpoint: 'https://idp.example/me' }],
    ['an endpoint that is not on this machine, as the issuer is', { jwks_uri: 'https://idp.example/jwks' }],
    ['an endpoint inside the network', { token_endpoint: 'http://169.254.169.254/token' }],
  ])('with %s is refused', async (_what, changes) => {
    idp.discover(changes);
    const provider = connect(idp.origin);
    await expect(authorize(provider)).rejects.toMatchObject({ failure: 'invalid' });
    expect(provider.notReady()).toContain('discovery');
  });

  test('with an issuer that differs by a slash is refused, and the message says so', async () => {
    idp.discover({ issuer: `${idp.origin}/` });
    const provider = connect(idp.origin);
    await expect(authorize(provider)).rejects.toThrow(/slash/);
    await expect(authorize(connect(`${idp.origin}/`))).resolves.toContain('/authorize?');
  });

  test.each([
    ['HTML', raw('<html>', { 'content-type': 'text/html' })],
    ['a list', json([])],
    ['broken JSON', raw('{"issuer":', { 'content-type': 'application/json' })],
  ])('that is %s is refused', async (_what, route) => {
    idp.on(wellKnown, route);
    await expect(authorize(connect(idp.origin))).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('larger than the cap is not read', async () => {
    idp.on(wellKnown, raw(`{"x":"${'x'.repeat(2 << 20)}"}`, { 'content-type': 'application/json' }));
    await expect(authorize(connect(idp.origin))).rejects.toThrow(/larger than allowed/);
  });

  test('behind a redirect to another origin is not fetched', async () => {
    const inside = await startHostileServer();
    cleanup.push(() => inside.close());
    idp.on(wellKnown, raw('', { location: `${inside.origin}/document` }, 302));
    await expect(authorize(connect(idp.origin))).rejects.toThrow(/another origin/);
    expect(inside.received).toEqual([]);
  });
});

describe('provenance', () => {
  test('plain http to a host that is not this machine is refused', async () => {
    await expect(authorize(connect('http://idp.example'))).rejects.toThrow(/only https/);
  });

  test('a private address is refused unless the operator allows private addresses', async () => {
    await expect(authorize(connect('https://10.0.0.1'))).rejects.toThrow(/not a public address/);
  });

  test('the cloud metadata service is out of reach even then', async () => {
    const provider = connect('https://169.254.169.254', { allowPrivateIps: true });
    await expect(authorize(provider)).rejects.toThrow(/not a public address/);
  });

  test('a loopback userinfo endpoint of the operator opens loopback for no endpoint of a document', async () => {
    const { loadMetadata } = await import('../../src/upstream/metadata.ts');
    const { createUpstreamHttp } = await import('../../src/upstream/upstream-http.ts');
    const config = oidcConfig('https://idp.example', { allowPrivateIps: false });
    const fetched: string[] = [];
    const fetch = Object.assign(
      async (url: string) => {
        fetched.push(url);
        return Response.json({
          issuer: config.issuer,
          authorization_endpoint: 'https://idp.example/authorize',
          token_endpoint: 'https://localhost/token',
          jwks_uri: 'https://idp.example/jwks',
        });
      },
      { close: async () => {} },
    );
    const http = createUpstreamHttp(config, { fetch, clock: () => now, log: silentLog }, [config.issuer]);
    await expect(loadMetadata(config, http)).rejects.toThrow(/token_endpoint is on this machine/);
    expect(fetched).toEqual([`https://idp.example${wellKnown}`]);
  });
});
