import { describe, expect, it } from 'vitest';
import { generateSigningKeyPem } from '../../src/crypto/signing-key.ts';
import { ConfigError, createEmbeddedAuthServer } from '../../src/index.ts';
import type { AuditEvent } from '../../src/index.ts';

describe('reload of the library', () => {
  it('reads the same files again, takes another configuration, refuses a wrong one, and tells the audit', async () => {
    const files = new Map([
      ['/k/old.pem', generateSigningKeyPem()],
      ['/k/new.pem', generateSigningKeyPem()],
      ['/secret', 'a-secret-of-the-upstream'],
    ]);
    const events: AuditEvent[] = [];
    const oidc_config = { issuer_url: 'http://127.0.0.1:9', client_id: 'x', client_secret_file: '/secret' };
    const keys = { key_dir: '/k', signing_key_file: 'old.pem' };
    const config = {
      issuer: 'https://mcp.example.com',
      allowed_audiences: ['https://mcp.example.com/mcp'],
      access: 'anyone',
      insecure_allow_http: true,
      upstreams: [{ name: 'demo', type: 'oidc', oidc_config }],
      signing_key_config: keys,
    };
    await using auth = await createEmbeddedAuthServer(config, {
      audit: (event) => void events.push(event),
      io: { env: {}, readFile: (path) => Promise.resolve(Buffer.from(files.get(path) ?? '')) },
    });
    expect(await auth.reload()).toEqual([]);
    files.set('/secret', 'another-secret-of-the-upstream');
    expect(await auth.reload()).toEqual(['upstreams[0].client_secret changed']);

    const both = { ...keys, signing_key_file: 'new.pem', fallback_key_files: ['old.pem'] };
    await auth.reload({ ...config, signing_key_config: both });
    expect(auth.publicKeys().keys).toHaveLength(2);
    await expect(auth.reload({ ...config, issuer: 'https://other.example.com' })).rejects.toThrow(
      ConfigError,
    );
    files.set('/k/new.pem', 'half a key');
    await expect(auth.reload()).rejects.toMatchObject({ code: 'key_invalid' });
    expect(auth.publicKeys().keys).toHaveLength(2);
    expect((await auth.readiness()).warnings.join()).toContain('the last reload was refused');

    expect(events.map(({ event }) => event)).toEqual([
      'started',
      'key_changed',
      'configuration_applied',
      'key_changed',
      'configuration_applied',
      'configuration_refused',
      'key_refused',
      'configuration_refused',
    ]);
    expect(events.filter(({ event }) => event === 'key_changed')).toMatchObject([
      { ring: 'upstream_secret', key: 'demo', change: 'loaded' },
      { ring: 'signing', change: 'loaded' },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/a-secret-of|another-secret/u);
  });
});
