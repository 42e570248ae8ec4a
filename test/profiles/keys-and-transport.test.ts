/** Keys, certificates and proxies of an upstream: named in the file, read from files, watched, and never shown. */
import { createPublicKey } from 'node:crypto';
import { exportJWK } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { differences } from '../../src/config/differences.ts';
import { configSource } from '../../src/config/source.ts';
import { issuer } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';
import { problemsOf, resolve } from '../run-config/fixture.ts';
import type { Json } from '../run-config/fixture.ts';
import { authority, client, idp } from '../upstream/certificates.ts';
import { asProvider, startSimulator, upstreamAt } from './at-provider.ts';
import { upstreamOf, withUpstream } from './fixture.ts';

const files: Record<string, string> = {
  '/run/client.key': client.key,
  '/run/client.crt': client.cert,
  '/run/other.crt': idp.cert,
  '/run/ca.pem': authority,
  '/run/proxy': 'user:pass\n',
  '/run/nothing': 'not PEM at all, but a secret',
};

const google = (fields: Json): Json => withUpstream({ profile: 'google', ...fields });

const places = async (fields: Json): Promise<readonly string[]> =>
  (await problemsOf(google(fields), { files })).map(({ path, problem }) => `${path}: ${problem}`);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

describe('a key in place of a client secret', () => {
  it('makes private_key_jwt, with the audience that the profile knows', async () => {
    const tenant = 'organizations';
    const entra = await upstreamOf(
      {
        profile: 'entra',
        tenant,
        client_key_file: '/run/client.key',
        client_key_id: 'one',
        client_key_certificate_file: '/run/client.crt',
      },
      { files },
    );
    expect(entra).toMatchObject({ authMethod: 'private_key_jwt', authMethodGiven: true, clientSecret: null });
    expect(entra.settings.clientKey).toMatchObject({
      keyId: 'one',
      audience: 'token_endpoint',
      certificate: client.cert,
      pem: { origin: '/run/client.key' },
    });
    expect(JSON.stringify(entra)).not.toContain('PRIVATE KEY');
  });

  it('signs people in', async () => {
    const simulator = await startSimulator('entra-single');
    const jwk = await exportJWK(createPublicKey(client.key));
    simulator.addClient({
      client_id: 'sallyport',
      redirect_uris: [`${issuer}/oauth/callback`],
      jwks: { keys: [{ ...jwk, kid: 'one' }] },
      token_endpoint_auth_method: 'private_key_jwt',
    });
    const { client_secret_env_var: _none, ...upstream } = await upstreamAt(simulator, {
      profile: 'entra',
      tenant: '11111111-1111-4111-8111-111111111111',
    });
    const stack = await startStack(
      {
        upstreams: [{ name: 'demo', ...upstream, client_key_file: '/run/client.key', client_key_id: 'one' }],
      },
      { provider: asProvider(simulator), files },
    );
    closing.push(() => stack.close());
    await stack.signIn();
    const asked = simulator.calls.filter(({ endpoint }) => endpoint === 'token');
    expect(asked.map(({ authentication, status }) => [authentication, status])).toEqual([
      ['private_key_jwt', 200],
    ]);
  });

  it.each<[string, Json, string]>([
    [
      'a secret beside it',
      { client_key_file: '/run/client.key', client_secret_env_var: 'S' },
      'client_key_file',
    ],
    [
      'another method',
      { client_key_file: '/run/client.key', token_endpoint_auth_method: 'client_secret_post' },
      'token_endpoint_auth_method',
    ],
    ['the method alone', { token_endpoint_auth_method: 'private_key_jwt' }, 'token_endpoint_auth_method'],
    [
      'the certificate of another key',
      { client_key_file: '/run/client.key', client_key_certificate_file: '/run/other.crt' },
      'client_key_certificate_file',
    ],
    ['a certificate where the key belongs', { client_key_file: '/run/client.crt' }, 'client_key_file'],
    ['a key id without a key', { client_key_id: 'one' }, 'client_key_id'],
    ['a file that is not there', { client_key_file: '/run/missing' }, 'client_key_file'],
  ])('is refused with %s', async (_name, fields, place) => {
    const found = await problemsOf(google(fields), { files, env: { S: 'x' } });
    expect(found.map(({ path }) => path)).toEqual([`upstreams[0].${place}`]);
  });
});

describe('the way to an upstream', () => {
  const way = {
    ca_file: '/run/ca.pem',
    client_certificate_file: '/run/client.crt',
    client_certificate_key_file: '/run/client.key',
    outbound_proxy: 'http://proxy.example.com:3128',
    outbound_proxy_credentials_file: '/run/proxy',
  };

  it('has authorities, a certificate of ours and a proxy of its own', async () => {
    const { settings } = await upstreamOf({ profile: 'google', ...way }, { files });
    expect(settings.transport).toMatchObject({
      ca: authority,
      clientCertificate: { cert: client.cert },
      proxy: { url: 'http://proxy.example.com:3128' },
    });
    expect(settings.transport.clientCertificate?.key.reveal()).toBe(client.key);
    const given = settings.transport.proxy?.authorization?.reveal();
    expect(given).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
  });

  it.each<[string, Json, string]>([
    [
      'half a certificate',
      { client_certificate_file: '/run/client.crt' },
      'client_certificate_key_file: is missing',
    ],
    ['half a key', { client_certificate_key_file: '/run/client.key' }, 'client_certificate_file: is missing'],
    [
      'a key that is not the certificate’s',
      { client_certificate_file: '/run/other.crt', client_certificate_key_file: '/run/client.key' },
      'another key',
    ],
    ['an authority that is none', { ca_file: '/run/nothing' }, 'no certificate in PEM'],
    [
      'credentials in the proxy’s address',
      { outbound_proxy: 'http://user:pass@proxy.example.com' },
      'is not the address of a proxy',
    ],
    ['a proxy that is none', { outbound_proxy: 'proxy.example.com:3128' }, 'is not the address of a proxy'],
    [
      'credentials for nothing',
      { outbound_proxy_credentials_file: '/run/proxy' },
      'outbound_proxy: is missing',
    ],
    [
      'credentials without a user',
      { outbound_proxy: 'http://proxy.example.com', outbound_proxy_credentials_file: '/run/nothing' },
      'user:password',
    ],
  ])('is refused with %s, and nothing of a file is repeated', async (_name, fields, problem) => {
    const found = await places(fields);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(problem);
    expect(found[0]).not.toMatch(/but a secret|user:pass@/u);
  });

  it('is made anew when a file changes: all of them are watched, and none is shown', async () => {
    const changing: Record<string, string> = {
      ...files,
      '/etc/a.json': JSON.stringify(google({ ...way, client_key_file: '/run/client.key' })),
    };
    const source = configSource('/etc/a.json', {
      io: { env: {}, readFile: (path) => Promise.resolve(Buffer.from(changing[path] ?? '')) },
    });
    const before = await source.load();
    expect(source.files().toSorted()).toEqual([
      '/etc/a.json',
      '/run/ca.pem',
      '/run/client.crt',
      '/run/client.key',
      '/run/proxy',
    ]);
    changing['/run/ca.pem'] = idp.cert;
    changing['/run/proxy'] = 'user:another';
    const told = differences(before, await source.load());
    expect(told.map(({ path, text }) => `${path} ${text}`).toSorted()).toEqual([
      'upstreams[0].settings.transport.ca changed',
      'upstreams[0].settings.transport.proxy.authorization changed',
    ]);
  });

  it('shows no parameter that the file adds when it changes', async () => {
    const at = (secret: string): ReturnType<typeof resolve> =>
      resolve(google({ token_params: { key: secret }, refresh_params: { key: secret } }));
    const told = differences(await at('secret-1'), await at('secret-2'));
    expect(told).toHaveLength(2);
    expect(JSON.stringify(told)).not.toContain('secret-');
  });
});
