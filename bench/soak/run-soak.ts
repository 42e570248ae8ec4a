import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/fixtures/mcp-web-bridge.ts';
import { startProcess } from '../process/remote.ts';
import type { Remote } from '../process/remote.ts';
import { SoakClient } from './client.ts';
import type { Held } from './gateway-process.ts';
import { GatewayProcess } from './gateway-process.ts';
import { createSoakHttp } from './http.ts';
import { keyFiles, makeKeys, rotateKeys } from './keys.ts';
import { Tally } from './tally.ts';
import type { Summary } from './verdict.ts';
import { judge } from './verdict.ts';

/** How long and how hard. */
export interface SoakOptions {
  readonly minutes: number;
  /** Requests per second to aim at. */
  readonly rate: number;
  readonly users: number;
  /** Share of the provider's answers that go wrong, between 0 and 1. */
  readonly faults: number;
  /** Seconds between two outages of the provider, kills of the gateway, rotations of its key; 0 for never. */
  readonly outageEvery: number;
  readonly killEvery: number;
  readonly rotateEvery: number;
  readonly onSample?: (held: Held, requests: number) => void;
}

const clientSecret = 'upstream-secret-upstream-secret-1';

/** Seconds between two looks at the process. */
const sampleEvery = 5;

/** Real processes, real flows, for as long as it is told. */
export async function runSoak(options: SoakOptions): Promise<Summary> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-soak-'));
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const outside = await startProcess(new URL('outside.ts', import.meta.url), { core: null });
  let gateway: GatewayProcess | null = null;
  try {
    const files = await writeFiles(folder, { outside, issuer, port, options });
    gateway = new GatewayProcess(files, `http://127.0.0.1:${port}`);
    await gateway.start();
    const summary = await load({ gateway, outside, issuer, keyFolder: join(folder, 'keys') }, options);
    // What it printed helps to find out why.
    if (summary.violations.length === 0) await rm(folder, { recursive: true });
    return summary;
  } finally {
    await gateway?.stop();
    await outside.stop();
  }
}

interface Places {
  readonly outside: Remote;
  readonly issuer: string;
  readonly port: number;
  readonly options: SoakOptions;
}

async function writeFiles(
  folder: string,
  { outside, issuer, port, options }: Places,
): Promise<{ config: string; stateDir: string; log: string }> {
  const keyFolder = join(folder, 'keys');
  await mkdir(keyFolder, { mode: 0o700 });
  await makeKeys(keyFolder);
  const { faults: share, outageEvery } = options;
  const callback = `${issuer}/oauth/callback`;
  const places = { callback, clientSecret, share, outageEvery };
  const around = await outside.ask<{ issuer: string; mcp: string }>('open', places);
  const secretFile = join(folder, 'client-secret');
  await writeFile(secretFile, clientSecret, { mode: 0o600 });
  const oidc_config = {
    issuer_url: around.issuer,
    client_id: 'sallyport',
    client_secret_file: secretFile,
    redirect_uri: callback,
    scopes: ['openid', 'profile', 'email', 'offline_access'],
  };
  const config = {
    issuer,
    upstreams: [{ name: 'demo', type: 'oidc', oidc_config }],
    listen: { host: '127.0.0.1', port },
    proxy: [{ path: '/mcp', target: around.mcp }],
    signing_key_config: {
      key_dir: keyFolder,
      signing_key_file: keyFiles.signing,
      fallback_key_files: [keyFiles.previous],
    },
    // Rules and a short age, so that refreshing asks the provider about the user again and again.
    access: [{ email_domains: ['example.com'] }],
    // All users register from one address, as fast as they can.
    registration: { max_per_minute: 1_000_000 },
    identity_max_age: '60s',
    token_lifespans: { access_token_lifespan: '60s' },
    storage: { type: 'sqlite', sqlite: { path: join(folder, 'sallyport.db') } },
  };
  const file = join(folder, 'sallyport.json');
  await writeFile(file, JSON.stringify(config));
  return { config: file, stateDir: join(folder, 'state'), log: join(folder, 'gateway.log') };
}

interface Parts {
  readonly gateway: GatewayProcess;
  readonly outside: Remote;
  readonly issuer: string;
  readonly keyFolder: string;
}

async function load({ gateway, outside, issuer, keyFolder }: Parts, options: SoakOptions): Promise<Summary> {
  const tally = new Tally();
  const before = (await gateway.held())?.fds;
  const began = Date.now();
  const endsAt = began + options.minutes * 60_000;
  const running = (): boolean => Date.now() < endsAt;
  const away = (): boolean => gateway.away;
  const http = createSoakHttp({ base: issuer, tally, away });
  const signIn = (url: string, account: string): Promise<string> => outside.ask('signIn', { url, account });
  const pause = (options.users / options.rate) * 1000;
  const clients = Array.from({ length: options.users }, (_, index) =>
    new SoakClient({ issuer, http, tally, signIn, pause, running, away, account: `user-${index}` }).run(),
  );
  const samples: Held[] = [];
  const keysSeen = new Set<string>();
  const done = { restarts: 0, rotations: 0 };
  const often = [
    every(sampleEvery, running, async () => {
      const held = await gateway.held();
      if (held) {
        samples.push(held);
        options.onSample?.(held, tally.requests);
      }
      for (const kid of await keyIds(issuer)) keysSeen.add(kid);
    }),
    every(options.rotateEvery, running, async () => {
      await rotateKeys(keyFolder);
      done.rotations += 1;
    }),
    every(options.killEvery, running, async () => {
      await gateway.crash();
      done.restarts += 1;
    }),
  ];
  await Promise.all([...clients, ...often]);
  const seconds = (Date.now() - began) / 1000;
  const after = before === undefined ? undefined : await filesAtRest(gateway, before);
  const exitCode = await gateway.stop();
  const run = {
    minutes: options.minutes,
    requests: tally.requests,
    requestsPerSecond: Math.round(tally.requests / seconds),
    counts: tally.counts,
    failures: tally.failures,
    outside: await outside.ask<Record<string, number>>('counts'),
    restarts: done.restarts,
    keys: { rotations: done.rotations, seen: keysSeen.size },
    filesAtRest: before === undefined || after === undefined ? null : { before, after },
    exitCode,
  };
  return judge(run, samples);
}

/** Connections that lie idle take their time to close: the least that is seen within two minutes. */
async function filesAtRest(gateway: GatewayProcess, before: number): Promise<number | undefined> {
  let least: number | undefined;
  for (let look = 0; look < 120 && (least ?? Infinity) > before; look += 1) {
    await sleep(1000);
    const fds = (await gateway.held())?.fds;
    if (fds !== undefined) least = Math.min(least ?? fds, fds);
  }
  return least;
}

/** Does something again and again, never twice at the same time. */
async function every(seconds: number, running: () => boolean, work: () => Promise<void>): Promise<void> {
  if (seconds === 0) return;
  let next = Date.now() + seconds * 1000;
  while (running()) {
    await sleep(200);
    if (Date.now() < next || !running()) continue;
    await work();
    next = Date.now() + seconds * 1000;
  }
}

/** Of the keys that the gateway publishes; none while it is away. */
async function keyIds(issuer: string): Promise<readonly string[]> {
  try {
    const metadata = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
    const { jwks_uri } = (await metadata.json()) as { jwks_uri: string };
    const { keys } = (await (await fetch(jwks_uri)).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  } catch {
    return [];
  }
}
