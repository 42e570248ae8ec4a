import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIo } from '../../src/config/resolve.ts';
import { configSource } from '../../src/config/source.ts';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import { dropSigningKeys, rotateSigningKey } from '../../src/gateway/state-dir.ts';
import { startGateway } from '../../src/gateway/start.ts';
import type { RunningGateway } from '../../src/gateway/start.ts';
import type { Log } from '../../src/observe/log.ts';

let folder: string;
let gateway: RunningGateway | undefined;
let heard: { message: string; fields: Readonly<Record<string, unknown>> }[];
let listeners: (() => void)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-reload-'));
  heard = [];
  listeners = [];
});

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await rm(folder, { recursive: true });
});

const log: Log = { debug: told, info: told, warn: told, error: told };

function told(fields: Readonly<Record<string, unknown>>, message: string): void {
  heard.push({ message, fields });
  for (const listener of listeners) listener();
}

/** Waits until the log has the line for the nth time. */
async function line(text: string, times = 1): Promise<Readonly<Record<string, unknown>>> {
  const { promise, resolve } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const look = (): void => {
    const found = heard.filter(({ message }) => message.startsWith(text));
    if (found.length >= times) resolve(found.at(-1)?.fields ?? {});
  };
  listeners.push(look);
  look();
  return promise;
}

const reloaded = 'the configuration was reloaded';
const refused = 'the new configuration was refused';

async function write(more = '', changes: Record<string, string> = {}): Promise<string> {
  const lines = {
    issuer: 'issuer: http://localhost:8080',
    access: 'access: anyone',
    listen: 'listen: { port: 0 }',
    proxy: "proxy: [{ path: /mcp, target: 'http://127.0.0.1:9/mcp' }]",
    storage: 'storage: { type: memory }',
    ...changes,
  };
  const file = join(folder, 'sallyport.yaml');
  const upstream = `upstreams:
  - name: demo
    type: oidc
    oidc_config: { issuer_url: 'http://127.0.0.1:9', client_id: x, client_secret_file: '${join(folder, 'secret')}' }
`;
  // As editors save: whole, under its name.
  await writeFile(`${file}.new`, `${Object.values(lines).join('\n')}\n${upstream}${more}`);
  await rename(`${file}.new`, file);
  return file;
}

async function start(file: string, pollEvery?: number): Promise<RunningGateway> {
  const source = configSource(file, { io: processIo });
  const options = { stateDir: join(folder, 'state'), log, source, ...(pollEvery && { pollEvery }) };
  gateway = await startGateway(await source.load(), options);
  return gateway;
}

async function readyz({ url }: RunningGateway): Promise<{ warnings: string[] }> {
  return (await (await fetch(`${url}/readyz`)).json()) as { warnings: string[] };
}

async function kids({ url }: RunningGateway): Promise<string[]> {
  const response = await fetch(`${url}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

describe('a file that changes', () => {
  beforeEach(() => writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream'));

  it('is taken on: the log says what changed by path, and the MCP endpoints follow', async () => {
    const running = await start(await write());
    expect((await fetch(`${running.url}/other`)).status).toBe(404);
    await write('session_lifespan: 24h\n', {
      proxy:
        "proxy: [{ path: /mcp, target: 'http://127.0.0.1:9/mcp' }, { path: /other, target: 'http://127.0.0.1:9/o' }]",
      more: 'default_resource: http://localhost:8080/mcp',
    });
    const { changes } = await line(reloaded);
    expect(changes).toContain('lifespans.session 2160h → 24h');
    expect((await fetch(`${running.url}/other`)).status).toBe(401);
    expect((await fetch(`${running.url}/mcp`)).status).toBe(401);
  });

  it('with a client secret: the change is told, and never the secret', async () => {
    await start(await write());
    await writeFile(join(folder, 'secret'), 'another-secret-entirely');
    const { changes } = await line(reloaded);
    expect(changes).toEqual(['upstreams[0].client_secret changed']);
    expect(JSON.stringify(heard)).not.toMatch(/another-secret|a-secret-of/u);
  });

  it('and is wrong is refused as a whole with every complaint; mended, it is taken on', async () => {
    const running = await start(await write());
    await write('session_lifespan: soon\nrefresh_grace: later\n');
    const { reason } = await line(refused);
    expect(reason).toContain('session_lifespan');
    expect(reason).toContain('refresh_grace');
    expect((await readyz(running)).warnings.join()).toContain('the last reload was refused');
    await write('session_lifespan: 24h\n');
    await line(reloaded);
    expect((await readyz(running)).warnings.join()).not.toContain('refused');
  });

  it.each([
    ['issuer', { issuer: 'issuer: http://localhost:8081' }],
    ['listen.host', { listen: 'listen: { port: 0, host: 127.0.0.2 }' }],
    ['storage.type', { storage: '' }],
    ['observe.log_level', { observe: 'observe: { log_level: debug }' }],
    ['limits.grants_per_user', { limits: 'limits: { grants_per_user: 7 }' }],
    ['limits.connections_per_user', { limits: 'limits: { connections_per_user: 7 }' }],
    ['limits.remembered_answers_per_user', { limits: 'limits: { remembered_answers_per_user: 7 }' }],
    ['registration.max_stored', { registration: 'registration: { mode: stored, max_stored: 500 }' }],
    ['admin', { admin: 'admin: { listen: { port: 0 } }' }],
  ])(
    'in what only a restart changes (%s) is refused, and nothing else of it is taken',
    async (path, change) => {
      const running = await start(await write());
      await write('session_lifespan: 24h\n', change);
      const { reason } = await line(refused);
      expect(reason).toContain(`${path}: cannot change while the server runs`);
      expect(heard.map(({ message }) => message)).not.toContain(reloaded);
      expect((await fetch(`${running.url}/mcp`)).status).toBe(401);
    },
  );

  it('to nothing is no change', async () => {
    const running = await start(await write());
    expect(await running.reload()).toEqual([]);
    expect(heard.map(({ message }) => message)).not.toContain(reloaded);
  });
});

describe('mounted secrets', () => {
  const keyOf = (pem: string): string => parseSigningKey(pem, 'test').kid;

  /** As Kubernetes mounts a secret: files are links into `..data`, which is a link to a folder of one version. */
  async function mount(version: string, files: Readonly<Record<string, string>>): Promise<void> {
    const root = join(folder, 'mounted');
    const data = join(root, `..${version}`);
    await mkdir(data, { recursive: true });
    for (const [name, content] of Object.entries(files)) await writeFile(join(data, name), content);
    await symlink(`..${version}`, join(root, '..data_tmp'));
    await rename(join(root, '..data_tmp'), join(root, '..data'));
    for (const name of Object.keys(files))
      await symlink(join('..data', name), join(root, name)).catch(() => null);
  }

  it.each([
    ['told by the file system', undefined],
    ['found by looking now and then', 20],
  ])('that are swapped as Kubernetes does, %s: the new key is published', async (_how, pollEvery) => {
    await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
    const [old, next] = [generateSigningKeyPem(), generateSigningKeyPem()];
    await mount('2026_01', { 'signing.pem': old, 'previous.pem': old });
    const section = `signing_key_config: { key_dir: '${join(folder, 'mounted')}', signing_key_file: signing.pem, fallback_key_files: [previous.pem] }\n`;
    const running = await start(await write(section), pollEvery);
    expect(await kids(running)).toEqual([keyOf(old)]);
    await mount('2026_02', { 'signing.pem': next, 'previous.pem': old });
    const { changes } = await line(reloaded);
    expect(changes).toEqual([`key ${keyOf(next)} is published and verifies`]);
    expect(await kids(running)).toEqual([keyOf(next), keyOf(old)]);
    await mount('2026_03', { 'signing.pem': 'half a ke', 'previous.pem': old });
    await line(refused);
    expect(await kids(running)).toEqual([keyOf(next), keyOf(old)]);
  });
});

describe('a key of the state directory that is rotated', () => {
  it('is taken up by the running gateway: published at once, and the former one still signs', async () => {
    await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
    const running = await start(await write());
    const [old = ''] = await kids(running);
    const next = generateSigningKeyPem();
    await rotateSigningKey(join(folder, 'state'), next);
    await line(reloaded);
    const { kid } = parseSigningKey(next, 'test');
    await expect.poll(() => kids(running)).toEqual([kid, old]);
  });

  it('because it leaked ends at once; so does a retired one that is taken away', async () => {
    await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
    const running = await start(await write());
    const [first = ''] = await kids(running);
    await rotateSigningKey(join(folder, 'state'), generateSigningKeyPem());
    await expect.poll(async () => (await kids(running)).length).toBe(2);
    await rm(join(folder, 'state', `signing-key-${first}.pem`));
    await expect.poll(() => kids(running)).not.toContain(first);
    const next = generateSigningKeyPem();
    await dropSigningKeys(join(folder, 'state'), next);
    await expect.poll(() => kids(running)).toEqual([parseSigningKey(next, 'test').kid]);
  });
});

describe('a storm of reloads', () => {
  it('reads the files once more for all who wait, and every change counts', async () => {
    await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
    const file = await write();
    const source = configSource(file, { io: processIo });
    let loads = 0;
    const load = (): ReturnType<typeof source.load> => {
      loads += 1;
      return source.load();
    };
    const options = { stateDir: join(folder, 'state'), log, source: { ...source, load } };
    gateway = await startGateway(await source.load(), options);
    await gateway.reload();
    loads = 0;
    const first = gateway.reload();
    await write('session_lifespan: 24h\n');
    const storm = Array.from({ length: 500 }, () => gateway?.reload());
    await Promise.all([first, ...storm]);
    // The file system tells of the change, too.
    expect(loads).toBeLessThan(6);
    expect(heard.some(({ message }) => message === reloaded)).toBe(true);
  });
});

describe('a state directory', () => {
  it('that everybody may write to, or a key that everybody may read, is told', async () => {
    await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
    await mkdir(join(folder, 'state'));
    await chmod(join(folder, 'state'), 0o777);
    const file = await write();
    const running = await start(file);
    expect((await readyz(running)).warnings.join()).toContain(
      `${join(folder, 'state')} is open to everybody`,
    );
    await chmod(join(folder, 'state'), 0o700);
    await running.reload();
    expect((await readyz(running)).warnings.join()).not.toContain('open to everybody');
    await chmod(join(folder, 'state', 'hmac-secret'), 0o644);
    await running.reload();
    expect((await readyz(running)).warnings.join()).toContain('hmac-secret is open to everybody');
  });
});

describe('requests during reloads', () => {
  it('never fail', async () => {
    await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
    const running = await start(await write());
    const stop = new AbortController();
    const statuses = new Set<string>();
    const traffic = async (path: string): Promise<void> => {
      while (!stop.signal.aborted) {
        const response = await fetch(`${running.url}${path}`);
        await response.arrayBuffer();
        statuses.add(`${path} ${response.status}`);
      }
    };
    const load = ['/mcp', '/.well-known/jwks.json', '/oauth/authorize', '/healthz'].map(traffic);
    for (let round = 1; round <= 10; round += 1) {
      await write(`session_lifespan: ${round}h\n`);
      await running.reload();
    }
    stop.abort();
    await Promise.all(load);
    expect([...statuses].sort()).toEqual([
      '/.well-known/jwks.json 200',
      '/healthz 200',
      '/mcp 401',
      '/oauth/authorize 400',
    ]);
  });
});
