import { describe, expect, it } from 'vitest';
import type { StaticClientConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/types/secret.ts';
import { callback, newRegistry, webCallback } from './registry.ts';

const app: StaticClientConfig = {
  clientId: 'app',
  clientName: 'The app',
  secret: new Secret('a secret of the app'),
  authMethod: 'client_secret_basic',
  redirectUris: [webCallback],
  grantTypes: ['authorization_code'],
  scopes: ['openid'],
  introspects: ['https://mcp.example.com/mcp'],
  consent: 'ask',
  keys: null,
  allowPrivateIps: false,
  resources: null,
  refreshTokenLifespan: null,
  sessionLifespan: null,
  refreshGrace: null,
};
const cli: StaticClientConfig = { ...app, clientId: 'cli', secret: null, authMethod: 'none', scopes: null };

describe('a client from the configuration', () => {
  const registry = newRegistry({ static: [app, cli] });

  it('is what the operator wrote', () => {
    expect(registry.find('app')).toMatchObject({
      id: 'app',
      source: 'static',
      name: 'The app',
      redirectUris: [webCallback],
      grantTypes: ['authorization_code'],
      authMethod: 'client_secret_basic',
      anySecretMethod: false,
      secretExpiresAt: 0,
      scopes: ['openid'],
      introspects: ['https://mcp.example.com/mcp'],
    });
  });

  it('is found by its exact id', () => {
    for (const id of ['App', 'app ', ' app', 'ap', 'app\0', '', '__proto__', 'constructor']) {
      expect(registry.find(id)).toBeNull();
    }
  });

  it('proves itself by its secret only', () => {
    expect(registry.find('app')?.checkSecret('a secret of the app')).toBe(true);
    for (const wrong of ['', 'a secret of the ap', 'A secret of the app', '[redacted]']) {
      expect(registry.find('app')?.checkSecret(wrong)).toBe(false);
    }
  });

  it('has no secret that fits when it is public', () => {
    for (const any of ['', 'null', '[redacted]']) expect(registry.find('cli')?.checkSecret(any)).toBe(false);
  });

  it('shows its secret nowhere', () => {
    expect(JSON.stringify(registry.find('app'))).not.toContain('a secret');
  });

  it('is unimpressed by a registration that wants its id', () => {
    const { client_id } = registry.register({ redirect_uris: [callback], client_id: 'app' });
    expect(client_id).not.toBe('app');
    expect(registry.find('app')?.redirectUris).toEqual([webCallback]);
  });
});
