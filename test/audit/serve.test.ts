import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let directory: string;
const running: { kill(signal: 'SIGKILL'): unknown }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-audit-serve-'));
});

afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

/** `sallyport serve`, listening. */
async function serve(observe: string): Promise<{
  readonly stdout: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<unknown>;
}> {
  const file = join(directory, 'sallyport.yaml');
  const text = `issuer: http://localhost:1
access: anyone
listen: { port: 0 }
allowed_audiences: ['http://localhost:1/mcp']
observe: ${observe}
upstreams:
  - name: demo
    type: oidc
    oidc_config: { issuer_url: 'http://127.0.0.1:9', client_id: x, client_secret_env_var: UPSTREAM_SECRET }
`;
  await writeFile(file, text);
  const args = ['src/cli/main.ts', 'serve', '-c', file, '--state-dir', join(directory, 'state')];
  const env = { PATH: process.env['PATH'], UPSTREAM_SECRET: 'a-secret-of-32-bytes-or-so-0123456' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const ended = once(child, 'close');
  await vi.waitFor(() => expect(stderr).toContain('sallyport serves'), { timeout: 20_000 });
  return { stdout: () => stdout, signal: (name) => void child.kill(name), ended };
}

const eventsOf = (text: string): readonly unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: unknown }).event);

describe('sallyport serve', () => {
  it('writes audit events to standard output unless told otherwise, and nothing else', async () => {
    const gateway = await serve('{ log_level: debug }');
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toEqual([0, null]);
    expect(eventsOf(gateway.stdout())).toEqual(['started', 'stopped']);
  });

  it('goes on with a new file after SIGHUP', async () => {
    const file = join(directory, 'audit.jsonl');
    const gateway = await serve(`{ audit: { file: ${file} } }`);
    await vi.waitFor(async () => expect(await readFile(file, 'utf8')).toContain('started'));
    await rename(file, `${file}.1`);
    gateway.signal('SIGHUP');
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toEqual([0, null]);
    expect(eventsOf(await readFile(file, 'utf8'))).toEqual(['stopped']);
    expect(eventsOf(await readFile(`${file}.1`, 'utf8'))).toEqual(['started']);
    expect(gateway.stdout()).toBe('');
  });
});
