import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { examineUrl } from '../../src/doctor/examine.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import { gatewayConfig } from '../gateway/config.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A gateway of ours that is what it says it is: its issuer is where it listens. */
async function start(path = '', changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const stateDir = await mkdtemp(join(tmpdir(), 'sallyport-doctor-'));
  closers.push(() => rm(stateDir, { recursive: true }));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const config = await gatewayConfig({
    issuer: origin + path,
    listen: { host: '127.0.0.1', port },
    scopes_supported: ['openid', 'offline_access', 'mcp:read'],
    ...changes,
  });
  const gateway = await startGateway(config, { stateDir, log: silentLog });
  closers.push(() => gateway.close());
  return origin;
}

describe('our own gateway', () => {
  it('breaks no client, and has everything in order', async () => {
    const origin = await start();
    const { ok, findings, clients } = await examineUrl(new URL(`${origin}/mcp`), { register: true });
    // It is on this machine, which hosted clients cannot reach.
    expect(findings.filter(({ level }) => level !== 'ok').map(({ check }) => check)).toEqual(['public']);
    expect(clients.filter(({ verdict }) => verdict === 'breaks')).toEqual([]);
    expect(ok).toBe(true);
  });

  it('is also examined as an authorization server', async () => {
    const origin = await start();
    const { ok, findings } = await examineUrl(new URL(origin), { register: false });
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(findings.map(({ check }) => check)).not.toContain('challenge-post');
    expect(ok).toBe(true);
  });

  it('under an issuer with a path serves all but clients of 2025-03-26, which know only the root', async () => {
    const origin = await start('/tenant');
    const { clients } = await examineUrl(new URL(`${origin}/mcp`), { register: false });
    expect(clients.filter(({ verdict }) => verdict === 'breaks').map(({ id }) => id)).toEqual([
      'sdk-2025-03-26',
    ]);
  });

  it('notices an endpoint that is called by another name than its own', async () => {
    const origin = await start();
    const { ok, findings } = await examineUrl(new URL(`${origin.replace('127.0.0.1', 'localhost')}/mcp`), {
      register: false,
    });
    expect(ok).toBe(false);
    expect(findings.find(({ check }) => check === 'resource-match')).toMatchObject({ level: 'fail' });
  });
});
