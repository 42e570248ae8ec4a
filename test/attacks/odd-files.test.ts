/**
 * A running gateway reads its files again, and what has their names by then may be anything: a pipe that nobody writes to, a
 * file without end, a directory, nothing. Each of them is refused with its name, the configuration before stays in force,
 * and neither the next reload nor the shutdown waits for it.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, truncateSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFileBounded } from '../../src/config/read-file.ts';
import { processIo } from '../../src/config/resolve.ts';
import { configSource } from '../../src/config/source.ts';
import { startGateway } from '../../src/gateway/start.ts';
import type { RunningGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';

let folder: string;
let secret: string;
let config: string;
let gateway: RunningGateway | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-odd-files-'));
  secret = join(folder, 'secret');
  config = join(folder, 'sallyport.yaml');
  await writeFile(secret, 'a-secret-of-the-upstream');
  await writeFile(config, text());
});

afterEach(async () => {
  // Whoever waits for a writer has one now.
  for (const path of [secret, config]) openAndClose(path);
  await gateway?.close();
  gateway = undefined;
  await rm(folder, { recursive: true });
});

const text = (more = ''): string => `issuer: http://localhost:8080
access: anyone
listen: { port: 0 }
storage: { type: memory }
proxy: [{ path: /mcp, target: 'http://127.0.0.1:9/mcp' }]
upstreams:
  - name: demo
    type: oidc
    oidc_config: { issuer_url: 'http://127.0.0.1:9', client_id: x, client_secret_file: '${secret}' }
${more}`;

function openAndClose(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
  } catch {
    // It is no file any more.
  }
}

async function start(): Promise<RunningGateway> {
  const source = configSource(config, { io: processIo });
  const options = { stateDir: join(folder, 'state'), log: silentLog, source, pollEvery: 20 };
  gateway = await startGateway(await source.load(), options);
  return gateway;
}

const makePipe = (path: string): void => void execFileSync('mkfifo', [path]);

/** Holes only: it takes no room on the disk. */
async function makeHuge(path: string): Promise<void> {
  await writeFile(path, '');
  truncateSync(path, 2 ** 30);
}

const odd: readonly (readonly [string, (path: string) => unknown, RegExp])[] = [
  ['a pipe that nobody writes to', makePipe, /./u],
  ['a file of a gigabyte', makeHuge, /is larger than/u],
  ['a device that never ends', (path) => symlink('/dev/zero', path), /is larger than/u],
  ['a directory', (path) => mkdir(path), /is a directory/u],
  ['a link to itself', (path) => symlink(path, path), /ELOOP/u],
];

describe.each(odd)('%s', (_what, make, reason) => {
  it.each([
    ['a secret', () => secret],
    ['the configuration', () => config],
  ])('in the place of %s is refused, and what comes after it is taken', async (_where, place) => {
    const running = await start();
    await rm(place());
    await make(place());
    await expect(running.reload()).rejects.toThrow(reason);
    expect((await fetch(`${running.url}/mcp`)).status).toBe(401);

    await rm(place(), { recursive: true });
    await writeFile(secret, 'another-secret-of-the-upstream');
    await writeFile(config, text('session_lifespan: 24h\n'));
    await running.reload();
    expect(await (await fetch(`${running.url}/readyz`)).text()).not.toContain('refused');
    await running.close();
  });
});

async function writeSome(writer: number, left: number): Promise<number> {
  try {
    return writeSync(writer, 'x'.repeat(Math.min(left, 4096)));
  } catch {
    await setImmediate();
    return 0;
  }
}

describe('a pipe', () => {
  it('with a writer is read to its end', async () => {
    const path = join(folder, 'pipe');
    makePipe(path);
    // A writer from the first moment on. More than a pipe holds: when all is written, somebody reads.
    const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const reading = readFileBounded(path);
    const size = 300_000;
    for (let left = size; left > 0;) left -= await writeSome(writer, left);
    closeSync(writer);
    expect((await reading).length).toBe(size);
  });
});
