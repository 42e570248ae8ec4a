import { request as send } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, processIo } from '../../src/config/resolve.ts';
import { configSource } from '../../src/config/source.ts';
import { startGateway } from '../../src/gateway/start.ts';
import type { RunningGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';

const token = 'an-operators-token-of-forty-characters-1';
const renewed = 'an-operators-token-of-forty-characters-2';

let folder: string;
let gateway: RunningGateway | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-admin-'));
  await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
  await writeFile(join(folder, 'token'), `${token}\n`);
});

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await rm(folder, { recursive: true });
});

async function write(more: string): Promise<string> {
  const file = join(folder, 'sallyport.yaml');
  const text = `issuer: http://localhost:8080
access: anyone
listen: { port: 0 }
proxy: [{ path: /mcp, target: 'http://127.0.0.1:9/mcp' }]
storage: { type: memory }
upstreams:
  - name: demo
    type: oidc
    oidc_config: { issuer_url: 'http://127.0.0.1:9', client_id: x, client_secret_file: '${join(folder, 'secret')}' }
${more}
`;
  await writeFile(file, text);
  return file;
}

const open = 'admin: { listen: { port: 0 } }';
const guarded = (): string => `admin: { listen: { port: 0 }, token_file: '${join(folder, 'token')}' }`;

async function start(admin: string): Promise<{ url: string; admin: string }> {
  const source = configSource(await write(admin), { io: processIo });
  const config = await source.load();
  gateway = await startGateway(config, { stateDir: join(folder, 'state'), log: silentLog, source });
  return { url: gateway.url, admin: gateway.adminUrl ?? '' };
}

const bearer = (value: string): Record<string, string> => ({ authorization: `Bearer ${value}` });

/** With a `Host` of one's own, which `fetch` does not allow. */
async function statusFor(url: string, headers: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  send(url, { headers }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  })
    .on('error', reject)
    .end();
  return promise;
}

describe('the admin listener', () => {
  it('tells health, readiness with its reasons, and numbers', async () => {
    const { admin } = await start(open);
    expect(await (await fetch(`${admin}/healthz`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${admin}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'not ready',
      problems: [expect.stringContaining('upstream demo')],
    });
    const numbers = await fetch(`${admin}/metrics`);
    expect(numbers.headers.get('content-type')).toContain('version=0.0.4');
    expect(await numbers.text()).toContain('sallyport_build_info');
    expect((await fetch(`${admin}/anything`)).status).toBe(404);
  });

  it('leaves the public listener with a yes or no', async () => {
    const { url } = await start(open);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: 'not ready' });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    for (const path of ['/metrics', '/reload']) {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
      expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBe(404);
    }
  });

  it('reloads, or says why not', async () => {
    const { admin } = await start(open);
    await write(`${open}\nsession_lifespan: 24h`);
    const good = await fetch(`${admin}/reload`, { method: 'POST' });
    expect([good.status, await good.json()]).toMatchObject([200, { status: 'reloaded' }]);
    await write(`${open}\nsession_lifespan: soon`);
    const bad = await fetch(`${admin}/reload`, { method: 'POST' });
    expect([bad.status, await bad.json()]).toMatchObject([
      422,
      { status: 'refused', problems: [{ path: 'session_lifespan' }] },
    ]);
    expect((await fetch(`${admin}/reload`)).status).toBe(405);
  });

  it('with a token answers nobody without it, except whether the process lives', async () => {
    const { admin } = await start(guarded());
    for (const headers of [{}, bearer('wrong'), bearer(token.slice(0, -1)), { authorization: token }]) {
      for (const path of ['/readyz', '/metrics', '/anything'])
        expect((await fetch(`${admin}${path}`, { headers })).status).toBe(401);
      expect((await fetch(`${admin}/reload`, { method: 'POST', headers })).status).toBe(401);
    }
    expect((await fetch(`${admin}/healthz`)).status).toBe(200);
    expect((await fetch(`${admin}/metrics`, { headers: bearer(token) })).status).toBe(200);
  });

  it('takes a new token when its file changes, and the old one no more', async () => {
    const { admin } = await start(guarded());
    await writeFile(join(folder, 'token'), renewed);
    await gateway?.reload();
    expect((await fetch(`${admin}/metrics`, { headers: bearer(renewed) })).status).toBe(200);
    expect((await fetch(`${admin}/metrics`, { headers: bearer(token) })).status).toBe(401);
  });

  it('answers no web page: not one that names itself, and not one behind a name that leads here', async () => {
    const { admin } = await start(open);
    const { port } = new URL(admin);
    for (const path of ['/readyz', '/metrics', '/healthz']) {
      expect(await statusFor(`${admin}${path}`, { host: `attacker.example:${port}` })).toBe(421);
      expect(await statusFor(`${admin}${path}`, { origin: 'https://attacker.example' })).toBe(403);
      expect(await statusFor(`${admin}${path}`, { origin: 'null' })).toBe(403);
      expect(await statusFor(`${admin}${path}`, { 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await statusFor(`${admin}${path}`, { 'sec-fetch-site': 'same-site' })).toBe(403);
    }
    const form = { method: 'POST', headers: { origin: 'http://127.0.0.1' } };
    expect((await fetch(`${admin}/reload`, form)).status).toBe(403);
    expect(await statusFor(`${admin}/healthz`, { host: `localhost:${port}` })).toBe(200);
    expect(await statusFor(`${admin}/healthz`, { host: `[::1]:${port}` })).toBe(200);
  });

  it('gives no page leave to read (CORS)', async () => {
    const { admin } = await start(open);
    for (const path of ['/readyz', '/metrics', '/reload']) {
      const asked = await fetch(`${admin}${path}`, { method: 'OPTIONS' });
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
      expect(asked.status).toBe(405);
    }
  });
});

describe('its configuration', () => {
  it.each([
    [
      'an address that others reach, without a token',
      'admin: { listen: { port: 0, host: 0.0.0.0 } }',
      'admin.token_file',
    ],
    ['every address of IPv6', "admin: { listen: { port: 0, host: '::' } }", 'admin.token_file'],
    ['a name', 'admin: { listen: { port: 0, host: admin.example.com } }', 'admin.token_file'],
    ['a token and no address', "admin: { token_file: 'FOLDER/token' }", 'admin.listen'],
    ['a short token', "admin: { listen: { port: 0 }, token_file: 'FOLDER/secret' }", 'admin.token_file'],
    ['a missing file', "admin: { listen: { port: 0 }, token_file: 'FOLDER/none' }", 'admin.token_file'],
  ])('is refused with %s', async (_what, admin, path) => {
    const file = await write(admin.replace('FOLDER', folder));
    const error: unknown = await configSource(file, { io: processIo })
      .load()
      .catch((reason: unknown) => reason);
    expect(error instanceof ConfigError && error.problems.map((problem) => problem.path)).toEqual([path]);
  });
});

describe('shutting down', () => {
  it('says not ready before the listener closes, for as long as the delay', async () => {
    const { url, admin } = await start(`${open}\nshutdown: { delay: 3s }`);
    const closed = gateway?.close();
    // `drain` comes before the first wait, but after the watcher has ended.
    await expect
      .poll(async () => JSON.stringify(await (await fetch(`${admin}/readyz`)).json()), { timeout: 2500 })
      .toContain('the gateway is shutting down');
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    await closed;
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
    await expect(fetch(`${admin}/readyz`)).rejects.toThrow();
  });
});
