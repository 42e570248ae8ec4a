import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfigText } from '../../src/config/load.ts';
import { processIo, resolveRunConfig } from '../../src/config/resolve.ts';
import { loadKeySet } from '../../src/keys/key-set.ts';

const examples = join(import.meta.dirname, '../../examples/toolhive');
const keys = '/etc/toolhive/authserver/keys';

describe('ToolHive’s own files', () => {
  let root: string;
  const pem = (): string =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const put = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'toolhive-examples-'));
    for (const name of ['key-0.pem', 'key-1.pem', 'key-2.pem']) await put(join(keys, name), pem());
    for (const name of ['hmac-0', 'hmac-1'])
      await put(`/etc/toolhive/authserver/hmac/${name}`, randomBytes(32));
    await put('/run/secrets/github-client-secret', 'github-secret\n');
    await put('/run/secrets/entra-client-secret', 'entra-secret\n');
  });
  afterAll(() => rm(root, { recursive: true }));

  const load = async (name: string): Promise<Config> => {
    const text = await readFile(join(examples, name), 'utf8');
    return resolveRunConfig(parseConfigText(text, name), {
      env: { TOOLHIVE_UPSTREAM_CLIENT_SECRET_OKTA: 'okta-secret' },
      readFile: (path) => processIo.readFile(join(root, path)),
    });
  };

  it('with OpenID Connect runs unchanged', async () => {
    const config = await load('oidc.yaml');
    expect(config).toMatchObject({
      toolhiveFile: true,
      access: 'unset',
      resources: ['https://mcp.example.com/mcp'],
      lifespans: { accessToken: 3_600_000, refreshToken: 604_800_000, authorizationCode: 600_000 },
      upstreams: [{ name: 'okta', type: 'oidc', authMethod: 'client_secret_basic' }],
    });
    expect(config.hmacSecrets).toHaveLength(2);
    expect(config.upstreams[0]?.clientSecret?.reveal()).toBe('okta-secret');
    expect(config.warnings.join()).toContain('access');
  });

  it('with OAuth 2.0 and userinfo runs unchanged', async () => {
    const config = await load('oauth2-userinfo.yaml');
    expect(config.upstreams).toMatchObject([
      {
        name: 'github',
        type: 'oauth2',
        redirectUri: 'https://mcp.example.com/oauth/callback',
        userinfo: { subjectFields: ['id'], nameFields: ['name', 'login'] },
      },
    ]);
    expect(config.upstreams[0]?.clientSecret?.reveal()).toBe('github-secret');
  });

  it('with PEM keys in JSON runs unchanged, and the keys are usable', async () => {
    const config = await load('pem-keys.json');
    expect(config.signingKeys?.signing.origin).toBe(join(keys, 'key-0.pem'));
    expect(config.signingKeys?.fallbacks.map(({ origin }) => origin)).toEqual([
      join(keys, 'key-1.pem'),
      join(keys, 'key-2.pem'),
    ]);
    expect(loadKeySet(config.signingKeys).jwks.keys).toHaveLength(3);
    expect(config.upstreams).toMatchObject([{ name: 'default', subjectClaim: 'oid' }]);
  });
});
