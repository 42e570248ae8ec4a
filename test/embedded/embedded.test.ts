import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { ConfigError, createEmbeddedAuthServer, createMemoryStore } from '../../src/index.ts';
import type { AuditEvent, AuthStore } from '../../src/index.ts';

const io = { env: {}, readFile: (path: string) => Promise.reject(new Error(`no such file: ${path}`)) };
const good = {
  issuer: 'https://mcp.example.com',
  allowed_audiences: ['https://mcp.example.com/mcp'],
  upstreams: [{ type: 'oidc', oidc_config: { issuer_url: 'https://idp.invalid', client_id: 'x' } }],
};

function counted(): { store: AuthStore; closes: () => number } {
  const store = createMemoryStore();
  let count = 0;
  const close = store.close.bind(store);
  store.close = () => {
    count += 1;
    return close();
  };
  return { store, closes: () => count };
}

describe('createEmbeddedAuthServer', () => {
  it('starts from a ToolHive RunConfig without touching the network', async () => {
    const auth = await createEmbeddedAuthServer(good, { io });
    expect(auth.handler).toBeTypeOf('function');
    expect(auth.routes.map((route) => route.path)).toContain('/oauth/token');
    expect((await auth.readiness()).warnings.join(' ')).toContain('access');
    await auth.close();
  });

  it('tells the host program its audit events and its numbers', async () => {
    const heard: string[] = [];
    const audit = ({ event }: AuditEvent): void => void heard.push(event);
    const auth = await createEmbeddedAuthServer(good, { io, audit });
    await auth.fetch(new Request('https://mcp.example.com/.well-known/oauth-authorization-server'));
    expect(await auth.metrics()).toContain(
      'sallyport_http_requests_total{endpoint="metadata",status="200"} 1\n',
    );
    await auth.close();
    expect(heard).toEqual(['started', 'stopped']);
  });

  it('refuses nothing, null and junk with ConfigError', async () => {
    for (const junk of [undefined, null, 'x', 42, [], {}]) {
      await expect(createEmbeddedAuthServer(junk, { io })).rejects.toBeInstanceOf(ConfigError);
    }
  });

  it.each([
    ['a bad issuer', { issuer: 'ftp://x' }],
    ['no upstreams', { upstreams: [] }],
    ['no audiences', { allowed_audiences: [] }],
    ['a missing key file', { signing_key_config: { key_dir: '/nowhere', signing_key_file: 'k.pem' } }],
  ])('closes the caller’s store exactly once when it refuses %s', async (_, change) => {
    const { store, closes } = counted();
    await expect(createEmbeddedAuthServer({ ...good, ...change }, { io, store })).rejects.toThrow();
    expect(closes()).toBe(1);
  });

  it('closes the caller’s store exactly once, however often it is closed itself', async () => {
    const { store, closes } = counted();
    const auth = await createEmbeddedAuthServer(good, { io, store });
    await Promise.all([auth.close(), auth.close()]);
    await auth.close();
    expect(closes()).toBe(1);
  });

  it('closes the store when a key is bad, and names the file', async () => {
    const { store, closes } = counted();
    const withKey = { ...good, signing_key_config: { key_dir: '/keys', signing_key_file: 'k.pem' } };
    const readFile = (): Promise<Uint8Array> => Promise.resolve(Buffer.from('not a key'));
    await expect(createEmbeddedAuthServer(withKey, { io: { env: {}, readFile }, store })).rejects.toThrow(
      /k\.pem/u,
    );
    expect(closes()).toBe(1);
  });

  it('gives the public keys that verify in process', async () => {
    const auth = await createEmbeddedAuthServer(good, { io });
    const jwks = createLocalJWKSet(auth.publicKeys() as Parameters<typeof createLocalJWKSet>[0]);
    await expect(jwtVerify('e30.e30.e30', jwks)).rejects.toThrow();
    expect(auth.publicKeys().keys).toHaveLength(1);
    await auth.close();
  });

  it('finds no upstream tokens for tokens that are not ours', async () => {
    await using auth = await createEmbeddedAuthServer(good, { io });
    for (const text of ['', 'x', 'a.b.c']) expect(await auth.upstreamTokens(text)).toBeNull();
  });
});
