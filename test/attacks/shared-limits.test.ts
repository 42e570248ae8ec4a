import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../src/http/exchange.ts';
import type { AuthStore } from '../../src/store/contract.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { redirectUri, startStack } from '../fixtures/stack.ts';

// Whoever is held back by one process goes to the next one.

let folder: string;
let provider: Awaited<ReturnType<typeof startOidcProvider>>;
const open: Stack[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-limits-'));
  provider = await startOidcProvider({ clients: [] });
});
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.auth.close();
  await provider.close();
  rmSync(folder, { recursive: true });
});

const path = (): string => join(folder, 'store.db');

const clients = [
  { client_id: 'app', redirect_uris: ['https://app.example.com/cb'], client_secret_env_var: 'APP' },
];
const config = {
  limits: { pages_per_minute: 60, failures_per_minute: 60 },
  registration: { max_per_minute: 60 },
  clients,
  hmac_secret_files: ['hmac'],
};

/** One more server over the same database. */
async function replica(wrapStore: (store: AuthStore) => AuthStore = (store) => store): Promise<Stack> {
  const clock = { now: 0 };
  const store = await openSqliteStore({ path: path(), clock: () => Date.now() + clock.now });
  const files = { hmac: 'h'.repeat(64) };
  const env = { APP: 'x'.repeat(40) };
  const stack = await startStack(config, { store, provider, wrapStore, files, env, clock });
  open.push(stack);
  return stack;
}

const here = '93.184.0.1';
const elsewhere = '93.184.0.2';

type Ask = (stack: Stack, from: string) => Promise<HttpResponse>;

function asking(request: { path: string; type?: string; body?: string }): Ask {
  return (stack, remoteAddress) =>
    Promise.resolve(
      stack.auth.handle({
        method: request.body === undefined ? 'GET' : 'POST',
        path: request.path,
        query: '',
        headers: request.type === undefined ? {} : { 'content-type': request.type },
        remoteAddress,
        text: () => Promise.resolve(request.body ?? ''),
      }),
    );
}

const form = 'application/x-www-form-urlencoded';
const visit = asking({ path: '/connections' });
const fail = asking({
  path: '/oauth/revoke',
  type: form,
  body: 'token=x&client_id=app&client_secret=wrong',
});
const register = asking({
  path: '/oauth/register',
  type: 'application/json',
  body: JSON.stringify({ redirect_uris: [redirectUri] }),
});

/** How often somebody gets through before it is held back, asking for at most so long. */
async function untilRefused(stack: Stack, ask: Ask, pause = 0): Promise<number> {
  for (let passed = 0; passed < 80; passed += 1) {
    if ((await ask(stack, here)).status === 429) return passed;
    await wait(pause);
  }
  return Number.POSITIVE_INFINITY;
}

describe.each([
  ['pages', visit, 200],
  ['wrong proofs', fail, 401],
])('who asks too often for %s', (_, ask, usual) => {
  it('is held back by every process, and nobody else is', async () => {
    const [one, two] = [await replica(), await replica()];
    expect(await untilRefused(one, ask)).toBeGreaterThanOrEqual(60);
    // The second process hears of it with what it tells itself; it has given few turns until then.
    expect(await untilRefused(two, ask, 100)).toBeLessThan(40);
    expect((await ask(two, elsewhere)).status).toBe(usual);
  });

  it('is let through by each process on its own when the store fails', async () => {
    const broken = (store: AuthStore): AuthStore => ({
      ...store,
      shareTurns: () => Promise.reject(new Error('the store is away')),
    });
    const [one, two] = [await replica(broken), await replica(broken)];
    expect(await untilRefused(one, ask)).toBeGreaterThanOrEqual(60);
    // Long enough for the second process to have tried to hear of it.
    expect((await ask(two, here)).status).toBe(usual);
    await wait(1500);
    expect((await ask(one, elsewhere)).status).toBe(usual);
    expect(await untilRefused(two, ask)).toBeGreaterThanOrEqual(59);
  });
});

describe('who registers without end', () => {
  it('is held back by every process; who registers little is not', async () => {
    const [one, two] = [await replica(), await replica()];
    expect(await untilRefused(one, register)).toBeGreaterThanOrEqual(60);
    expect(await untilRefused(two, register, 100)).toBeLessThan(40);
    for (const stack of [one, two]) expect((await register(stack, elsewhere)).status).toBe(201);
    const refused = await register(two, here);
    expect(refused.headers).toMatchObject({
      'retry-after': '60',
      'ratelimit-policy': '"registrations";q=60;w=60',
      ratelimit: '"registrations";r=0;t=60',
    });
  });
});

describe('what the database holds of it', () => {
  it('is no address, no client and no secret, and soon gone', async () => {
    const stack = await replica();
    for (const ask of [visit, fail, register]) await ask(stack, here);
    const rows = (): readonly unknown[] => {
      const database = new DatabaseSync(path(), { readOnly: true });
      const found = database.prepare('SELECT * FROM moments').all();
      database.close();
      return found;
    };
    await expect.poll(() => rows().length, { timeout: 10_000 }).toBe(3);
    expect(JSON.stringify(rows())).not.toMatch(/93\.184|app|wrong|registrations/u);
    stack.advance(3_600_000);
    await visit(stack, elsewhere);
    await expect.poll(() => rows().length, { timeout: 10_000 }).toBe(1);
  });
});

describe('what an operator hears of it', () => {
  it('is each refusal in the numbers, and one event a minute that says who', async () => {
    const events: string[] = [];
    const store = await openSqliteStore({ path: path() });
    const audit = (event: { readonly event: string }): void => {
      if (event.event === 'limit_reached') events.push(JSON.stringify(event));
    };
    const stack = await startStack(
      { ...config, limits: { pages_per_minute: 1 }, clients: [], hmac_secret_files: ['hmac'] },
      { store, provider, files: { hmac: 'h'.repeat(64) }, collaborators: { audit } },
    );
    open.push(stack);
    for (let time = 0; time < 5; time += 1) await visit(stack, here);
    expect(await stack.auth.metrics()).toContain('sallyport_limited_total{limit="pages"} 4');
    expect(events.map((event) => JSON.parse(event) as unknown)).toEqual([
      expect.objectContaining({ limit: 'pages', source: here, outcome: 'denied' }),
    ]);
  });
});
