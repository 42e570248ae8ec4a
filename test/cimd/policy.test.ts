import type { NetworkInterfaceInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayReachOthers } from '../../src/server/client-documents.ts';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, startStack } from '../fixtures/stack.ts';
import { problemsOf, runConfig } from '../run-config/fixture.ts';
import { Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(() => scene.close());

/** The same hosts and the same provider under another configuration. */
async function under<T>(cimd: Record<string, unknown>, use: (stack: Stack) => Promise<T>): Promise<T> {
  const { publisher } = scene;
  const { provider } = scene.stack;
  const stack = await startStack({ cimd }, { provider, collaborators: { documentFetch: publisher.fetch() } });
  try {
    return await use(stack);
  } finally {
    await stack.auth.close();
  }
}

async function visit(stack: Stack, clientId: string): Promise<{ status: number; html: string }> {
  const { challenge } = pkce();
  const response = await stack
    .browser()
    .get(stack.authorizeUrl({ client_id: clientId, code_challenge: challenge }));
  return { status: response.status, html: await response.text() };
}

describe('whose documents are taken', () => {
  const policies: readonly (readonly [Record<string, unknown>, string, number])[] = [
    [{}, 'app.example.com', 200],
    [{ deny_hosts: ['app.example.com'] }, 'app.example.com', 403],
    [{ deny_hosts: ['*.example.com'] }, 'app.example.com', 403],
    [{ deny_hosts: ['*.apps.example.com'] }, 'one.apps.example.com', 403],
    [{ deny_hosts: ['example.com'] }, 'app.example.com', 200],
    [{ deny_hosts: ['*.app.example.com'] }, 'app.example.com', 200],
    [{ deny_hosts: ['pp.example.com'] }, 'app.example.com', 200],
    [{ deny_hosts: ['APP.Example.com.'] }, 'app.example.com', 403],
    [{ deny_hosts: ['app.example.com'], allow_hosts: ['app.example.com'] }, 'app.example.com', 403],
    [{ trust: 'known' }, 'app.example.com', 403],
    [{ trust: 'known', allow_hosts: ['*.example.com'] }, 'app.example.com', 200],
    [{ trust: 'known' }, 'claude.ai', 200],
    [{ trust: 'known', deny_hosts: ['claude.ai'] }, 'claude.ai', 403],
    [{ trust: 'listed', allow_hosts: ['other.example.com'] }, 'claude.ai', 403],
    [{ trust: 'listed', allow_hosts: ['claude.ai'] }, 'claude.ai', 200],
  ];

  it.each(policies)('%j makes of a document at %s: %d', async (cimd, name, expected) => {
    const id = scene.publisher.publish('/client.json', {}, { name });
    const before = scene.publisher.count('/client.json');
    const { status, html } = await under(cimd, (stack) => visit(stack, id));
    expect(status).toBe(expected);
    if (expected === 200) return;
    expect(html).toContain(name);
    // Nobody is asked about a client that is not wanted.
    expect(scene.publisher.count('/client.json')).toBe(before);
  });

  it('counts at every refresh: tokens of a host that is blocked are worth nothing', async () => {
    const id = scene.publisher.publish('/blocked.json');
    await under({}, async (stack) => {
      const tokens = await stack.signIn({ clientId: id });
      const { config } = stack.auth;
      const denyHosts = ['app.example.com'];
      await stack.auth.reload(async () => ({ ...config, cimd: { ...config.cimd, denyHosts } }));
      const refused = await stack.refresh(id, tokens.refresh_token);
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ error: 'invalid_client' });
      await stack.auth.reload(async () => config);
      expect((await stack.refresh(id, tokens.refresh_token)).status).toBe(200);
    });
  });
});

describe('switched off', () => {
  it('nothing is announced, nothing is fetched, and the page says why', async () => {
    const id = scene.publisher.publish('/off.json');
    await under({ enabled: false }, async (stack) => {
      const metadata: unknown = await (await stack.call('/.well-known/oauth-authorization-server')).json();
      expect(metadata).not.toHaveProperty('client_id_metadata_document_supported');
      const { status, html } = await visit(stack, id);
      expect(status).toBe(403);
      expect(html).toContain('by a document');
      expect(scene.publisher.count('/off.json')).toBe(0);
    });
  });

  it('is what a file of ToolHive has, and `enabled: true` is what it needs', async () => {
    const { provider } = scene.stack;
    const upstream = {
      issuer_url: provider.issuer,
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
    };
    const file = {
      issuer: 'https://mcp.example.com',
      allowed_audiences: ['https://mcp.example.com/mcp'],
      upstreams: [{ name: 'demo', type: 'oidc', oidc_config: upstream }],
    };
    const announced = async (config: Record<string, unknown>): Promise<unknown> => {
      const stack = await startStack(config, {
        provider,
        exact: true,
        collaborators: { documentFetch: scene.publisher.fetch() },
      });
      const metadata = (await (await stack.call('/.well-known/oauth-authorization-server')).json()) as object;
      await stack.auth.close();
      return Object.hasOwn(metadata, 'client_id_metadata_document_supported');
    };
    expect(await announced(file)).toBe(false);
    expect(await announced({ ...file, cimd: { enabled: true, cache_max_size: 0 } })).toBe(true);
    expect(await announced({ ...file, access: 'anyone' })).toBe(true);
  });
});

describe('the configuration', () => {
  const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ cache_fallback_ttl: '10s' }, 'cimd.cache_fallback_ttl'],
    [{ cache_fallback_ttl: '25h' }, 'cimd.cache_fallback_ttl'],
    [{ cache_fallback_ttl: '-5m' }, 'cimd.cache_fallback_ttl'],
    [{ cache_max_size: -1 }, 'cimd.cache_max_size'],
    [{ allow_hosts: ['https://app.example.com'] }, 'cimd.allow_hosts[0]'],
    [{ allow_hosts: ['*'] }, 'cimd.allow_hosts[0]'],
    [{ allow_hosts: ['*.'] }, 'cimd.allow_hosts[0]'],
    [{ allow_hosts: ['app.*.com'] }, 'cimd.allow_hosts[0]'],
    [{ deny_hosts: ['ok.example.com', '10.0.0.1'] }, 'cimd.deny_hosts[1]'],
    [{ deny_hosts: ['app.example.com:8443'] }, 'cimd.deny_hosts[0]'],
    [{ deny_hosts: ['app.example.com/x'] }, 'cimd.deny_hosts[0]'],
    [{ deny_hosts: [''] }, 'cimd.deny_hosts[0]'],
    [{ trust: 'everybody' }, 'cimd.trust'],
    [{ allow_loopback: true }, 'cimd.allow_loopback'],
    [{ outbound_proxy: 'proxy:3128/x' }, 'cimd.outbound_proxy'],
    [{ ca_file: 'missing.pem' }, 'cimd.ca_file'],
    [{ allowed_hosts: [] }, 'cimd.allowed_hosts'],
  ];

  it.each(wrong)('%j is refused at %s, with a fix', async (cimd, path) => {
    const problems = await problemsOf(runConfig({ cimd }));
    expect(problems.map((one) => one.path)).toEqual([path]);
    expect(problems[0]?.fix.length).toBeGreaterThan(5);
  });

  it('takes documents of this computer only for an issuer on this computer', async () => {
    const issuer = 'http://localhost:8080';
    expect(await problemsOf(runConfig({ issuer, cimd: { allow_loopback: true } }))).toEqual([]);
  });
});

describe('a machine without any network', () => {
  const transport = { ca: null, clientCertificate: null, proxy: null };
  const interfaceOf = (internal: boolean): NodeJS.Dict<NetworkInterfaceInfo[]> => ({
    eth0: [{ address: '192.0.2.1', netmask: '255.255.255.0', family: 'IPv4', mac: '', internal, cidr: null }],
  });
  const proxy = { url: 'http://proxy.example.com:3128', authorization: null };

  it('promises no client that its document can be read', () => {
    expect(mayReachOthers({ allowLoopback: false, transport }, interfaceOf(false))).toBe(true);
    expect(mayReachOthers({ allowLoopback: false, transport }, interfaceOf(true))).toBe(false);
    expect(mayReachOthers({ allowLoopback: false, transport }, {})).toBe(false);
    expect(mayReachOthers({ allowLoopback: true, transport }, {})).toBe(true);
    expect(mayReachOthers({ allowLoopback: false, transport: { ...transport, proxy } }, {})).toBe(true);
  });
});
