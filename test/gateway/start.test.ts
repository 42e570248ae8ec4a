import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { RunningGateway } from '../../src/gateway/start.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import { gatewayConfig } from './config.ts';

let directory: string;
let stateDir: string;
const running: RunningGateway[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-gateway-'));
  stateDir = join(directory, 'state');
});

afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
  await rm(directory, { recursive: true });
});

async function start(config: Config): Promise<RunningGateway> {
  const gateway = await startGateway(config, { stateDir, log: silentLog });
  running.push(gateway);
  return gateway;
}

async function keysOf(gateway: RunningGateway): Promise<unknown> {
  const metadata = await fetch(`${gateway.url}/.well-known/oauth-authorization-server`);
  const { jwks_uri } = (await metadata.json()) as { jwks_uri: string };
  const response = await fetch(`${gateway.url}${new URL(jwks_uri).pathname}`);
  return response.json();
}

describe('a gateway', () => {
  it('starts and serves while its provider is down, and says that it is not ready', async () => {
    const gateway = await start(await gatewayConfig());
    expect(await (await fetch(`${gateway.url}/healthz`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${gateway.url}/readyz`);
    expect(ready.status).toBe(503);
    const body = (await ready.json()) as { problems: string[] };
    expect(body.problems.join()).toContain('demo');
    const mcp = await fetch(`${gateway.url}/mcp`);
    expect(mcp.status).toBe(401);
    expect(mcp.headers.get('www-authenticate')).toContain('resource_metadata="http://localhost:8080/');
  });

  it('serves exact paths only, and answers every other in JSON', async () => {
    const gateway = await start(await gatewayConfig());
    for (const path of ['/', '/mcp/', '/MCP', '/mcp/x', '/%6dcp', '/healthz/']) {
      const response = await fetch(`${gateway.url}${path}`);
      expect({ path, status: response.status }).toEqual({ path, status: 404 });
      expect(await response.json()).toEqual({ error: 'not_found' });
    }
  });

  it('keeps generated keys in files that only the owner can read', async () => {
    const gateway = await start(await gatewayConfig());
    const before = await keysOf(gateway);
    await gateway.close();
    expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
    const files = await readdir(stateDir);
    expect(files).toEqual(expect.arrayContaining(['hmac-secret', 'signing-key.pem', 'sallyport.db']));
    for (const file of files) expect((await stat(join(stateDir, file))).mode & 0o077).toBe(0);
    expect(await keysOf(await start(await gatewayConfig()))).toEqual(before);
  });

  it('agrees with another that starts in the same moment', async () => {
    const config = await gatewayConfig();
    const gateways = await Promise.all(Array.from({ length: 6 }, () => start(config)));
    const keys = await Promise.all(gateways.map((gateway) => keysOf(gateway)));
    expect(new Set(keys.map((key) => JSON.stringify(key))).size).toBe(1);
    expect((await readdir(stateDir)).filter((file) => file.includes('.pem.'))).toEqual([]);
  });

  it('leaves the database alone when memory was asked for', async () => {
    await start(await gatewayConfig({ storage: { type: 'memory' } }));
    expect(await readdir(stateDir)).not.toContain('sallyport.db');
  });

  it('names the setting when the port is taken, keeps the code, and frees what it had opened', async () => {
    const other = await listen(() => {});
    const config = await gatewayConfig({ listen: { host: '127.0.0.1', port: other.port } });
    const failure = await startGateway(config, { stateDir, log: silentLog }).catch((error: unknown) => error);
    await other.close();
    expect(failure).toMatchObject({ message: expect.stringContaining('listen.port') as string });
    const codes = [];
    for (let error = failure; error instanceof Error; error = error.cause)
      codes.push((error as NodeJS.ErrnoException).code);
    expect(codes).toContain('EADDRINUSE');
    await start(config);
  });

  it('names the setting when the address is none of this machine', async () => {
    const config = await gatewayConfig({ listen: { host: '192.0.2.1', port: 0 } });
    await expect(start(config)).rejects.toThrow(
      'this machine has no such address: choose another listen.host',
    );
  });

  it('says what is wrong with a state directory that is a file', async () => {
    stateDir = join(directory, 'file');
    await start(await gatewayConfig()).then((gateway) => gateway.close());
    stateDir = join(stateDir, 'signing-key.pem');
    const text = await readFile(stateDir, 'utf8');
    await expect(start(await gatewayConfig())).rejects.toMatchObject({ code: 'storage_failed' });
    expect(await readFile(stateDir, 'utf8')).toBe(text);
  });
});

describe('who may sign in', () => {
  const google = (access: object): Promise<Config> => {
    const oidc_config = {
      issuer_url: 'https://accounts.google.com',
      client_id: 'x',
      client_secret_env_var: 'UPSTREAM_SECRET',
    };
    return gatewayConfig({
      access: undefined,
      upstreams: [{ name: 'google', type: 'oidc', oidc_config }],
      ...access,
    });
  };

  it('must be said where anybody can have an account', async () => {
    const config = await google({});
    await expect(start(config)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/access.*Google/) as string,
    });
  });

  it('may be anyone, when that is what the operator says', async () => {
    const config = await google({ access: 'anyone' });
    expect(config.access).toBe('anyone');
    await start(config);
  });

  it('is left open with a warning for a file of ToolHive', async () => {
    const config = { ...(await google({})), toolhiveFile: true };
    const gateway = await start(config);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });
});

describe('the door', () => {
  it('refuses requests without a host, and heads without an end', async () => {
    const gateway = await start(await gatewayConfig());
    const { port } = new URL(gateway.url);
    for (const head of [
      'GET /healthz HTTP/1.1\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
    ]) {
      const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
      socket.write(head);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 4(?:00|31) /);
      socket.destroy();
    }
  });
});

describe('stopping', () => {
  it('is idempotent, ends idle connections, and frees the port', async () => {
    const port = await freePort();
    const config = await gatewayConfig({ listen: { host: '127.0.0.1', port } });
    const gateway = await start(config);
    await fetch(`${gateway.url}/healthz`);
    await Promise.all([gateway.close(), gateway.close()]);
    await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow();
    await start(config);
  });
});
