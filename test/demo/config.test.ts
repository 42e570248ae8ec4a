import { describe, expect, it } from 'vitest';
import { demoRedirectUri, demoRunConfig } from '../../examples/demo/config.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';

const places = {
  gatewayPort: 9000,
  providerUrl: 'http://localhost:9001',
  mcpServerUrl: 'http://localhost:9002',
  clientId: 'sallyport',
  clientSecretFile: '/state/secret',
  databaseFile: '/state/sallyport.db',
};

describe('the configuration of the demo', () => {
  it('holds references to secrets, never a secret', () => {
    expect(JSON.stringify(demoRunConfig(places))).toContain('"client_secret_file":"/state/secret"');
    expect(JSON.stringify(demoRunConfig(places))).not.toMatch(/"client_secret":/);
  });

  it('resolves, without warnings about who may sign in', async () => {
    const readFile = async (path: string): Promise<Uint8Array> => {
      expect(path).toBe('/state/secret');
      return new TextEncoder().encode('the-secret\n');
    };
    const config = await resolveRunConfig(demoRunConfig(places), { env: {}, readFile });
    expect(config.issuer).toBe('http://localhost:9000');
    expect(config.access).toBe('anyone');
    expect(config.resources).toEqual(['http://localhost:9000/mcp']);
    expect(config.storage).toEqual({ type: 'sqlite', path: '/state/sallyport.db' });
    expect(config.proxies[0]).toMatchObject({ target: 'http://localhost:9002/mcp', upstream: 'demo' });
    expect(config.upstreams[0]?.redirectUri).toBe(demoRedirectUri(9000));
    expect(config.upstreams[0]?.clientSecret?.reveal()).toBe('the-secret');
  });
});
