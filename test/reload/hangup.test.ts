import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

let folder: string;
let child: ChildProcess;
let url: string;
let output = '';

/** A second name of the configuration: what is written through it is an event in this folder, not in the watched one. */
const unwatched = (): string => join(folder, 'aside', 'sallyport.yaml');

function write(path: string, more: string): void {
  const text = `issuer: http://localhost:1
access: anyone
listen: { port: 0 }
storage: { type: memory }
observe: { audit: off }
default_resource: http://localhost:1/mcp
upstreams:
  - name: demo
    type: oidc
    oidc_config: { issuer_url: 'http://127.0.0.1:9', client_id: x }
${more}`;
  writeFileSync(path, text);
}

const proxies = (...paths: string[]): string =>
  `proxy:\n${paths.map((path) => `  - { path: ${path}, target: 'http://127.0.0.1:9/mcp' }\n`).join('')}`;

const said = (text: string): Promise<void> =>
  vi.waitFor(() => expect(output).toContain(text), { timeout: 20_000 });

const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`)).status;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-hangup-'));
  const file = join(folder, 'sallyport.yaml');
  write(file, proxies('/mcp'));
  mkdirSync(join(folder, 'aside'));
  linkSync(file, unwatched());
  const args = ['src/cli/main.ts', 'serve', '-c', file, '--state-dir', join(folder, 'state')];
  child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  await said('sallyport serves');
  url = /serves \S+ on (\S+)/u.exec(output)?.[1] ?? '';
});

afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true });
});

describe('SIGHUP, in a process of its own', () => {
  it('takes on a change that the file system told nobody of', async () => {
    expect([await status('/mcp'), await status('/other')]).toEqual([401, 404]);
    write(unwatched(), proxies('/mcp', '/other'));
    child.kill('SIGHUP');
    await said('the configuration was reloaded');
    expect([await status('/mcp'), await status('/other')]).toEqual([401, 401]);
  });

  it('refuses a change for the worse as a whole, says why, and serves on', async () => {
    write(unwatched(), 'prxoy: []\n');
    child.kill('SIGHUP');
    await said('the new configuration was refused');
    expect(output).toContain('did you mean \\"proxy\\"?');
    expect([await status('/mcp'), await status('/other')]).toEqual([401, 401]);
    const ready = (await (await fetch(`${url}/readyz`)).json()) as { warnings: string[] };
    expect(ready.warnings.join()).toContain('the last reload was refused');
  });

  it('sent again and again ends nothing: the process still stops in order', async () => {
    for (let count = 0; count < 20; count += 1) child.kill('SIGHUP');
    expect(await status('/mcp')).toBe(401);
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    child.kill('SIGHUP');
    expect(await ended).toEqual([0, null]);
  });
});
