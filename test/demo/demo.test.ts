import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Player, hasLeft } from '../../examples/demo/player.ts';
import type { Departure, Page } from '../../examples/demo/player.ts';
import { pkce } from '../fixtures/stack.ts';

interface Run {
  readonly child: ChildProcess;
  /** Everything printed so far. */
  output(): string;
  /** The exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

let directory: string;
let env: Record<string, string>;
const runs: Run[] = [];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address object.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function run(script: string): Run {
  const child = spawn(process.execPath, [`examples/demo/${script}`], {
    env: { ...process.env, ...env },
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

/** Waits until the demo has greeted; fails with its output when it ended instead. */
async function startDemo(): Promise<Run> {
  const demo = run('start.ts');
  const greeted = Promise.withResolvers<void>();
  demo.child.stdout?.on('data', () => {
    if (demo.output().includes('Ctrl-C stops everything.')) greeted.resolve();
  });
  const ended = demo.ended.then((code) => {
    throw new Error(`the demo ended with ${code}:\n${demo.output()}`);
  });
  await Promise.race([greeted.promise, ended]);
  ended.catch(() => {});
  return demo;
}

/** The keys that the running gateway publishes. */
async function signingKeys(): Promise<readonly unknown[]> {
  const issuer = `http://localhost:${env['PORT']}`;
  const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
  const { keys } = await (await fetch(metadata.jwks_uri)).json();
  return keys;
}

const redirectUri = 'http://127.0.0.1:9/callback';

async function post(path: string, body: URLSearchParams | string): Promise<Response> {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
  return fetch(`http://localhost:${env['PORT']}${path}`, { method: 'POST', body, headers });
}

/** A sign-in as alice with a registration; the tokens. */
async function signIn(clientId: string): Promise<Record<string, string>> {
  const { challenge, verifier } = pkce();
  const player = new Player({ belongsToApp: (url) => url.href.startsWith(redirectUri) });
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
  });
  query.set('code_challenge', challenge);
  query.set('code_challenge_method', 'S256');
  let place: Page | Departure = await player.open(`http://localhost:${env['PORT']}/oauth/authorize?${query}`);
  for (const button of ['allow', 'alice']) if (!hasLeft(place)) place = await player.press(place, button);
  if (!hasLeft(place)) throw new Error(`stopped at ${place.url.href}: ${place.html.slice(0, 300)}`);
  const code = place.leftFor.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier };
  return (await (await post('/oauth/token', new URLSearchParams(form))).json()) as Record<string, string>;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-demo-'));
  env = {
    PORT: String(await freePort()),
    DEMO_PROVIDER_PORT: String(await freePort()),
    SALLYPORT_STATE_DIR: directory,
  };
});

afterEach(async () => {
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  await rm(directory, { recursive: true });
});

describe('the demo', () => {
  it('takes the official client from the first 401 to a refreshed call, and stops on Ctrl-C', async () => {
    const demo = await startDemo();
    const trial = run('try.ts');
    expect({ code: await trial.ended, output: trial.output() }).toMatchObject({ code: 0 });
    const text = trial.output();
    expect(text).toMatch(/WWW-Authenticate: Bearer .*resource_metadata=/);
    expect(text).toContain('whoami: You are Alice Archer <alice@example.com>, says the identity provider.');
    expect(text).toContain('add: 42');
    expect(text).toContain("The client's own token stayed at the gateway.");
    expect(text).toContain('Everything worked.');
    expect(text).not.toMatch(/sp_(?:ac|rt)_[\w-]{8}|eyJ[\w-]{20}/);
    demo.child.kill('SIGINT');
    expect({ code: await demo.ended, output: demo.output() }).toMatchObject({ code: 0 });
  });

  it('keeps its signing key over a restart, so that tokens stay good', async () => {
    const first = await startDemo();
    const before = await signingKeys();
    first.child.kill('SIGTERM');
    expect({ code: await first.ended, output: first.output() }).toMatchObject({ code: 0 });
    await startDemo();
    expect(await signingKeys()).toEqual(before);
    expect(before).not.toEqual([]);
  });

  it('keeps registrations and sign-ins, even when it was killed', async () => {
    const first = await startDemo();
    const registered = await post('/oauth/register', JSON.stringify({ redirect_uris: [redirectUri] }));
    const { client_id: clientId } = (await registered.json()) as { client_id: string };
    const tokens = await signIn(clientId);
    first.child.kill('SIGKILL');
    await first.ended;
    await startDemo();
    const form = {
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: tokens['refresh_token'] ?? '',
    };
    const refreshed = await post('/oauth/token', new URLSearchParams(form));
    expect(refreshed.status).toBe(200);
    const { access_token: token } = (await refreshed.json()) as { access_token: string };
    const { status } = await fetch(`http://localhost:${env['PORT']}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}',
    });
    expect(status).toBe(200);
    expect(await signIn(clientId)).toHaveProperty('access_token');
  });

  it('names the variable that helps when a port is taken', async () => {
    await startDemo();
    const second = run('start.ts');
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`Port ${env['DEMO_PROVIDER_PORT']} is taken`);
    expect(second.output()).toContain('DEMO_PROVIDER_PORT=');
    env = { ...env, DEMO_PROVIDER_PORT: String(await freePort()) };
    const third = run('start.ts');
    expect(await third.ended).toBe(1);
    expect(third.output()).toContain(`Port ${env['PORT']} is taken`);
  });

  it('refuses a port that is none', async () => {
    env = { ...env, PORT: 'eighty' };
    const demo = run('start.ts');
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toBe('"eighty" is not a port: use a number up to 65535\n');
  });

  it('tells whoever tries it too early to start it first', async () => {
    const trial = run('try.ts');
    expect(await trial.ended).toBe(1);
    expect(trial.output()).toContain(`Nothing answers at http://localhost:${env['PORT']}/mcp.`);
    expect(trial.output()).toContain('npm start');
  });
});
