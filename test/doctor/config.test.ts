import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { clockFinding } from '../../src/doctor/checks-connection.ts';
import { examineConfig } from '../../src/doctor/examine-config.ts';
import type { Finding, Report } from '../../src/doctor/finding.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, raw } from '../fixtures/hostile-server.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { newEcKey, pemOf } from '../signing-keys/pems.ts';

let directory: string;
let idp: HostileOidc;
let target: Listening;
let port: number;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-doctor-'));
  idp = await startHostileOidc();
  idp.discover({
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    userinfo_endpoint: `${idp.origin}/userinfo`,
    revocation_endpoint: `${idp.origin}/revoke`,
  });
  idp.on('/authorize', raw('<title>Sign in</title>'));
  idp.on('/token', json({ error: 'invalid_grant' }, 400));
  target = await listen((_request, response) => response.writeHead(405).end());
  port = await freePort();
  await put('signing.pem', pemOf(newEcKey('P-256')));
  await put('hmac', 'h'.repeat(40));
  await put('client-secret', 'upstream-secret');
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await target.close();
  await idp.close();
  await rm(directory, { recursive: true });
});

async function put(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, { mode });
  return path;
}

type Json = Record<string, unknown>;

function runConfig(changes: Json = {}, oidc: Json = {}): Json {
  const oidc_config = {
    issuer_url: idp.origin,
    client_id: 'sallyport',
    client_secret_file: join(directory, 'client-secret'),
    ...oidc,
  };
  return {
    issuer: `http://127.0.0.1:${port}`,
    upstreams: [{ name: 'corp', type: 'oidc', oidc_config }],
    access: 'anyone',
    signing_key_config: { key_dir: directory, signing_key_file: 'signing.pem' },
    hmac_secret_files: [join(directory, 'hmac')],
    listen: { host: '127.0.0.1', port },
    proxy: [{ path: '/mcp', target: `${target.url}/mcp` }],
    // Nobody in here asks the network for them.
    cimd: { enabled: false },
    ...changes,
  };
}

async function examine(config: unknown): Promise<Report> {
  const file = await put('sallyport.yaml', typeof config === 'string' ? config : stringify(config));
  return examineConfig(file, { stateDir: join(directory, 'state'), env: {} });
}

async function findingOf(check: string, config: unknown): Promise<Finding | undefined> {
  const { findings } = await examine(config);
  const found = findings.filter((one) => one.check === check);
  return found.find(({ level }) => level !== 'ok') ?? found[0];
}

describe('a configuration that is right', () => {
  it('has nothing to mend before its first start', async () => {
    const { ok, findings } = await examine(runConfig());
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
    // Nobody answers yet.
    expect(findings.filter(({ level }) => level === 'warn').map(({ check }) => check)).toEqual(['issuer']);
    const said = findings.map(({ check }) => check);
    for (const check of [
      'discovery',
      'jwks',
      'auth-method',
      'pkce',
      'refresh',
      'target',
      'port',
      'secret-file',
    ])
      expect(said).toContain(check);
    expect(findings.find(({ check }) => check === 'redirect-uri')?.message).toContain(
      `http://127.0.0.1:${port}/oauth/callback`,
    );
    expect(ok).toBe(true);
  });

  it('is recognised while its own gateway runs', async () => {
    await start();
    const { ok, findings } = await examine(runConfig());
    expect(findings.find(({ check }) => check === 'issuer')).toMatchObject({ level: 'ok' });
    expect(findings.find(({ check }) => check === 'port')).toMatchObject({ level: 'warn' });
    expect(ok).toBe(true);
  });

  it('sends its credentials to the token endpoint, once, and nothing else anywhere', async () => {
    await examine(runConfig());
    const sent = idp.received.filter(({ headers }) => headers['authorization'] !== undefined);
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /token']);
    for (const { method, body } of idp.received.filter((one) => !sent.includes(one))) {
      expect(method).toBe('GET');
      expect(body).toBe('');
    }
  });
});

async function start(): Promise<void> {
  const io = {
    env: {},
    readFile: (path: string) => import('node:fs/promises').then((fs) => fs.readFile(path)),
  };
  const gateway = await startGateway(await resolveRunConfig(runConfig(), io), {
    stateDir: join(directory, 'state'),
    log: silentLog,
  });
  closers.push(() => gateway.close());
}

describe('the text of a configuration', () => {
  it('is refused with place and fix', async () => {
    const { ok, findings } = await examine({ ...runConfig(), issuerr: 1 });
    expect({ ok, findings }).toMatchObject({ ok: false, findings: [{ check: 'config', level: 'fail' }] });
    expect(findings[0]).toMatchObject({ message: expect.stringContaining('issuerr') as string });
  });

  it('that is no YAML, or not there at all, is a finding', async () => {
    expect(await findingOf('config', 'a: [')).toMatchObject({ level: 'fail' });
    const { findings } = await examineConfig(join(directory, 'none.yaml'), { stateDir: directory, env: {} });
    expect(findings).toMatchObject([{ check: 'config', level: 'fail' }]);
    expect(findings[0]?.message).toContain('none.yaml: does not exist');
  });
});

describe('files', () => {
  it('with secrets must not be open to everybody', async () => {
    await chmod(join(directory, 'hmac'), 0o644);
    const found = await findingOf('secret-file', runConfig());
    expect(found).toMatchObject({ level: 'fail', fix: `chmod 600 ${join(directory, 'hmac')}` });
  });

  it('of public keys may be open to everybody', async () => {
    const key = newEcKey('P-256').export({ format: 'jwk' });
    const { kty, crv, x, y } = key;
    const path = await put('app.jwks.json', JSON.stringify({ keys: [{ kty, crv, x, y }] }), 0o644);
    const clients = [{ client_id: 'app', redirect_uris: ['https://app.example.com/cb'], jwks_file: path }];
    const { findings } = await examine(runConfig({ clients }));
    expect(findings.filter(({ message }) => message.includes(path))).toEqual([]);
  });

  it('with secrets may be open to a group, as mounted secrets are, with a warning', async () => {
    await chmod(join(directory, 'signing.pem'), 0o640);
    expect(await findingOf('secret-file', runConfig())).toMatchObject({ level: 'warn' });
  });

  it('of another kind are no database', async () => {
    const path = await put('state.db', 'a text that somebody put here');
    const config = runConfig({ storage: { type: 'sqlite', sqlite: { path } } });
    expect(await findingOf('database', config)).toMatchObject({ level: 'fail' });
  });

  it('of the state must be the owner’s alone', async () => {
    await mkdir(join(directory, 'state'), { mode: 0o755 });
    await chmod(join(directory, 'state'), 0o755);
    const config = { ...runConfig(), signing_key_config: undefined };
    expect(await findingOf('state-dir', config)).toMatchObject({ level: 'fail' });
  });

  it('are not used by sessions in memory, which end with a restart', async () => {
    const config = runConfig({ storage: { type: 'memory' } });
    expect(await findingOf('database', config)).toMatchObject({ level: 'warn' });
  });
});

describe('an identity provider', () => {
  it('with another issuer is found', async () => {
    const found = await findingOf('discovery', runConfig({}, { issuer_url: `${idp.origin}/` }));
    expect(found).toMatchObject({ level: 'fail' });
    expect(found?.message).toContain('corp: ');
  });

  it('without keys is found', async () => {
    idp.on('/jwks', raw('', {}, 500));
    expect(await findingOf('jwks', runConfig())).toMatchObject({ level: 'fail' });
  });

  it.each([
    [
      'that wants a signed assertion',
      'auth-method',
      'fail',
      { token_endpoint_auth_methods_supported: ['private_key_jwt'] },
    ],
    ['that does not speak of PKCE', 'pkce', 'warn', { code_challenge_methods_supported: undefined }],
    ['that offers no offline_access', 'refresh', 'warn', { scopes_supported: ['openid'] }],
    [
      'without any way to renew a login',
      'refresh',
      'fail',
      { scopes_supported: ['openid'], userinfo_endpoint: undefined },
    ],
  ])('%s is told about', async (_name, check, level, members) => {
    idp.discover({
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      code_challenge_methods_supported: ['S256'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      userinfo_endpoint: `${idp.origin}/userinfo`,
      ...members,
    });
    expect(await findingOf(check, runConfig())).toMatchObject({ level });
  });

  it('is one of several, each with its own redirect URI and its own secret', async () => {
    const other = await startHostileOidc();
    closers.push(() => other.close());
    other.on('/authorize', raw('<title>Sign in</title>'));
    other.on('/token', json({ error: 'invalid_client' }, 401));
    const client_secret_file = await put('other-secret', 'another-secret');
    const upstreams = [
      ...(runConfig()['upstreams'] as Json[]),
      {
        name: 'other',
        type: 'oidc',
        oidc_config: { issuer_url: other.origin, client_id: 'sallyport', client_secret_file },
      },
    ];
    const { findings } = await examine(runConfig({ upstreams }));
    const uris = findings.filter(({ check }) => check === 'redirect-uri');
    expect(uris.map(({ upstream }) => upstream)).toEqual(['corp', 'other']);
    for (const { message, upstream } of uris) expect(message).toContain(`/oauth/callback/${upstream}`);
    const known = findings.filter(({ check }) => check === 'client-authentication');
    expect(known).toMatchObject([
      { upstream: 'corp', level: 'ok' },
      { upstream: 'other', level: 'fail' },
    ]);
    expect(known[1]?.fix).toContain(client_secret_file);
    expect(JSON.stringify(findings)).not.toContain('another-secret');
  });

  it('of plain OAuth 2.0 must at least be there', async () => {
    const oauth2_config = {
      authorization_endpoint: `${idp.origin}/nowhere`,
      token_endpoint: `${idp.origin}/jwks`,
      client_id: 'c',
      client_secret_file: join(directory, 'client-secret'),
      userinfo: { endpoint_url: `${idp.origin}/jwks` },
    };
    const config = runConfig({ upstreams: [{ name: 'git', type: 'oauth2', oauth2_config }] });
    const found = await findingOf('endpoint', config);
    expect(found).toMatchObject({ level: 'fail' });
    expect(found?.message).toContain('authorization endpoint answers with 404');
  });

  it('whose clock is wrong is told about', () => {
    const now = Date.parse('2026-07-28T12:00:00Z');
    const answer = (date: string): Parameters<typeof clockFinding>[1] => ({
      url: 'https://idp.example.com/',
      status: 200,
      text: '',
      document: null,
      problem: null,
      headers: new Headers({ date }),
    });
    const levels = ['12:00:05', '12:01:00', '11:00:00'].map(
      (time) => clockFinding('clock', answer(`Tue, 28 Jul 2026 ${time} GMT`), now)[0]?.level,
    );
    expect(levels).toEqual(['ok', 'warn', 'fail']);
    expect(clockFinding('clock', answer('yesterday'), now)).toEqual([]);
  });
});

describe('around the gateway', () => {
  it('an MCP server that is down is found', async () => {
    const config = runConfig({
      proxy: [{ path: '/mcp', target: `http://127.0.0.1:${await freePort()}/mcp` }],
    });
    expect(await findingOf('target', config)).toMatchObject({ level: 'fail' });
  });

  it('somebody else at our address is found', async () => {
    const stranger = createServer((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"issuer":"https://other.example"}');
    });
    await new Promise<void>((resolve) => {
      stranger.listen(port, '127.0.0.1', resolve);
    });
    closers.push(() => new Promise((resolve) => stranger.close(resolve)));
    expect(await findingOf('issuer', runConfig())).toMatchObject({ level: 'fail' });
    expect(await findingOf('port', runConfig())).toMatchObject({ level: 'warn' });
    const elsewhere = { listen: { port: await freePort() }, admin: { listen: { port } } };
    const text = JSON.stringify(runConfig(elsewhere));
    await writeFile(join(directory, 'admin.yaml'), text);
    const { findings } = await examineConfig(join(directory, 'admin.yaml'), { stateDir: directory, env: {} });
    expect(findings.filter(({ check }) => check === 'port')).toMatchObject([
      { level: 'ok' },
      { level: 'warn', fix: expect.stringContaining('admin.listen.port') as string },
    ]);
  });

  it('a gateway of ours with other keys is found', async () => {
    await start();
    await put('signing.pem', pemOf(newEcKey('P-256')));
    const found = await findingOf('issuer', runConfig());
    expect(found).toMatchObject({ level: 'fail' });
    expect(found?.message).toContain('signing key');
  });
});
