import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

let directory: string;
const runs: Run[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-cli-'));
});

afterEach(async () => {
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  await rm(directory, { recursive: true });
});

function run(args: readonly string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      UPSTREAM_SECRET: 'a-secret-of-32-bytes-or-so-0123456',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', (code) => resolve(code));
  const started = { child, output: () => output, ended: promise };
  runs.push(started);
  return started;
}

async function configFile(port: number, more = ''): Promise<string> {
  const file = join(directory, 'sallyport.yaml');
  const text = `issuer: http://localhost:${port}
access: anyone
listen: { port: ${port} }
proxy: [{ path: /mcp, target: 'http://127.0.0.1:9/mcp' }]
upstreams:
  - name: demo
    type: oidc
    oidc_config: { issuer_url: 'http://127.0.0.1:9', client_id: x, client_secret_env_var: UPSTREAM_SECRET }
${more}`;
  await writeFile(file, text);
  return file;
}

/** Waits for a line of output; fails with all of it when the command ends before. */
async function until({ child, output, ended }: Run, text: string): Promise<void> {
  const seen = Promise.withResolvers<void>();
  const look = (): void => {
    if (output().includes(text)) seen.resolve();
  };
  child.stderr?.on('data', look);
  look();
  const early = ended.then((code) => Promise.reject(new Error(`ended with ${code}:\n${output()}`)));
  early.catch(() => {});
  await Promise.race([seen.promise, early]);
}

describe('sallyport serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, and logs JSON lines', async (signal) => {
    const port = await freePort();
    const served = run(['serve', '-c', await configFile(port)]);
    await until(served, 'sallyport serves');
    expect((await fetch(`http://127.0.0.1:${port}/mcp`)).status).toBe(401);
    served.child.kill(signal);
    expect({ code: await served.ended, output: served.output() }).toMatchObject({ code: 0 });
    const lines = served
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain(
      'the gateway is running',
    );
  });

  it.each([
    {
      by: 'the flag',
      args: ['--state-dir', 'flag'],
      env: { SALLYPORT_STATE_DIR: 'env', XDG_STATE_HOME: 'xdg' },
      at: 'flag',
    },
    { by: 'the variable', args: [], env: { SALLYPORT_STATE_DIR: 'env', XDG_STATE_HOME: 'xdg' }, at: 'env' },
    { by: 'XDG', args: [], env: { XDG_STATE_HOME: 'xdg' }, at: 'xdg/sallyport' },
    { by: 'the home directory', args: [], env: {}, at: '.local/state/sallyport' },
  ])('keeps its state where $by says', async ({ args, env, at }) => {
    const inside = (values: Record<string, string | undefined>): Record<string, string> =>
      Object.fromEntries(
        Object.entries(values).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, join(directory, value)]],
        ),
      );
    const port = await freePort();
    const flags = args.map((arg) => (arg.startsWith('--') ? arg : join(directory, arg)));
    const served = run(['serve', '-c', await configFile(port), ...flags], inside(env));
    await until(served, 'sallyport serves');
    expect(await readdir(join(directory, at))).toContain('signing-key.pem');
  });

  it('lists every problem of a configuration', async () => {
    const served = run(['serve', '-c', await configFile(0, 'lisen: {}\nrefresh_grace: soon\n')]);
    expect(await served.ended).toBe(1);
    expect(served.output()).toContain('lisen');
    expect(served.output()).toContain('refresh_grace');
    expect(served.output()).not.toMatch(/^\s+at /m);
  });

  it('names the setting when the port is taken', async () => {
    const other = await listen(() => {});
    const served = run(['serve', '-c', await configFile(other.port)]);
    expect(await served.ended).toBe(1);
    await other.close();
    expect(served.output()).toContain('listen.port');
  });

  it.each([
    [['serve'], 2, 'say which configuration to use: -c FILE\n\nusage: sallyport serve'],
    [['serve', '--unheard-of'], 2, '--unheard-of'],
    [['serve', '-c', '/nonexistent/file'], 1, '/nonexistent/file: does not exist\n  fix: '],
    [['serve', '-c', '/'], 1, '/: is a directory\n  fix: '],
  ])('explains what is wrong with %j, and ends with %i', async (args, code, text) => {
    const served = run(args);
    expect(await served.ended).toBe(code);
    expect(served.output()).toContain(text);
  });

  it('says where else its state could be when it cannot be there', async () => {
    const file = await configFile(0);
    const served = run(['serve', '-c', file, '--state-dir', join(file, 'state')]);
    expect(await served.ended).toBe(1);
    expect(served.output()).toMatch(
      /cannot be used \(ENOTDIR\): let this user write there, or .* --state-dir\n$/u,
    );
  });
});

describe('sallyport', () => {
  it('tells its version and its commands', async () => {
    const version = run(['--version']);
    expect(await version.ended).toBe(0);
    const { version: expected } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(version.output().trim()).toBe(expected);
    for (const args of [['--help'], ['help'], ['serve', '--help']]) {
      const help = run(args);
      expect(await help.ended).toBe(0);
      expect(help.output()).toContain('serve -c FILE');
    }
  });

  it('refuses commands that it does not know', async () => {
    const wrong = run(['srve']);
    expect(await wrong.ended).toBe(2);
    expect(wrong.output()).toContain('there is no command "srve": did you mean "serve"?');
  });
});
