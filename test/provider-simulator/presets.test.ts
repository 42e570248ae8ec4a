import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { presets } from '../../src/testing/index.ts';
import type { PresetName, ProviderSimulator } from '../../src/testing/index.ts';
import { ask, readJwt, start } from './bare-client.ts';
import { badCode, loginFittingly, refreshFittingly, tokensIn, userinfoFittingly } from './fitting-client.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const names = Object.keys(presets) as PresetName[];

/** Keys and types; a list is as its first item, and `null` may stand for whatever else is not there. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}

/** Texts and `null` are told apart only where both sides have something. */
function withoutNulls(shape: unknown, other: unknown): unknown {
  if (typeof shape !== 'object' || shape === null || Array.isArray(shape)) return shape;
  const others: Record<string, unknown> = typeof other === 'object' && other !== null ? { ...other } : {};
  return Object.fromEntries(
    Object.entries(shape).map(([key, member]) => {
      const either = member === 'null' || others[key] === 'null';
      return [key, key in others && either ? 'anything' : withoutNulls(member, others[key])];
    }),
  );
}

function expectShape(actual: unknown, recorded: unknown): void {
  const [mine, theirs] = [shapeOf(actual), shapeOf(recorded)];
  expect(withoutNulls(mine, theirs)).toEqual(withoutNulls(theirs, mine));
}

/** All keys of `part` are in `whole`, with the same types. */
function expectPart(part: unknown, whole: unknown): void {
  expect(shapeOf(whole)).toEqual(expect.objectContaining(shapeOf(part) as Record<string, unknown>));
}

function recorded(name: PresetName, file: string): unknown {
  return JSON.parse(readFileSync(join(fixtures, name, `${file}.json`), 'utf8'));
}

type Check = (simulator: ProviderSimulator, fixture: unknown) => Promise<void>;

/** What the simulator does for each kind of recorded answer. */
const checks: Readonly<Record<string, Check>> = {
  token: async (simulator, fixture) => expectShape((await loginFittingly(simulator)).body, fixture),
  refresh: async (simulator, fixture) => {
    const tokens = tokensIn(simulator, await loginFittingly(simulator));
    expectShape((await refreshFittingly(simulator, tokens['refresh_token'])).body, fixture);
  },
  error: async (simulator, fixture) => expectShape((await badCode(simulator)).body, fixture),
  userinfo: async (simulator, fixture) => {
    const tokens = tokensIn(simulator, await loginFittingly(simulator));
    expectShape((await userinfoFittingly(simulator, tokens['access_token'])).body, fixture);
  },
  'id-token': async (simulator, fixture) => {
    const { body } = await loginFittingly(simulator);
    expectPart(fixture, readJwt(body['id_token']).claims);
  },
  'access-token': async (simulator, fixture) => {
    const { body } = await loginFittingly(simulator);
    expectPart(fixture, readJwt(body['access_token']).claims);
  },
  discovery: async (simulator, fixture) => {
    expectPart((await ask(simulator.discovery[0] ?? '')).body, fixture);
  },
  revoked: async (simulator, fixture) => {
    const tokens = tokensIn(simulator, await loginFittingly(simulator));
    const token = String(tokens['access_token']);
    const { text } = await ask(simulator.endpoints.revoke, {
      method: 'POST',
      body: new URLSearchParams({ token }),
    });
    expectShape(JSON.parse(text), fixture);
  },
  'auth-test': async (simulator, fixture) => {
    const tokens = tokensIn(simulator, await loginFittingly(simulator));
    expectShape(await askApi(simulator, '/api/auth.test', tokens), fixture);
  },
  emails: async (simulator, fixture) => {
    const tokens = tokensIn(simulator, await loginFittingly(simulator));
    expectShape(await askApi(simulator, '/user/emails', tokens), [
      { ...(fixture as object[])[0], visibility: null },
    ]);
  },
  membership: async (simulator, fixture) => {
    const tokens = tokensIn(simulator, await loginFittingly(simulator));
    expectShape(await askApi(simulator, '/orgs/acme/teams/platform/memberships/alice', tokens), fixture);
  },
};

async function askApi(
  simulator: ProviderSimulator,
  path: string,
  tokens: Record<string, unknown>,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${String(tokens['access_token'])}`, 'user-agent': 'test' };
  return JSON.parse((await ask(simulator.api + path, { headers })).text);
}

describe.each(names)('%s', (name) => {
  const files = readdirSync(join(fixtures, name)).filter((file) => file.endsWith('.json'));

  test.each(files)('answers in the shape of %s', async (file) => {
    const kind = file.replace('.json', '');
    const check = checks[kind];
    if (!check) throw new Error(`no check for ${file}`);
    await using simulator = await start({ preset: name });
    await check(simulator, recorded(name, kind));
    expect(simulator.calls).not.toEqual([]);
  });

  test('logs two users in, tells them apart, and keeps them signed in', async () => {
    await using simulator = await start({ preset: name });
    // Where only one tenant may sign in, Bob is of another.
    const { onlyTenant } = simulator.quirks;
    const logins = onlyTenant === null ? ['alice', 'bob'] : ['alice'];
    for (const login of logins) {
      const first = await loginFittingly(simulator, login);
      expect(first.status).toBe(200);
      const tokens = tokensIn(simulator, first);
      expect(tokens['access_token']).toBeTypeOf('string');
      if (simulator.quirks.userinfo !== 'absent')
        expect((await userinfoFittingly(simulator, tokens['access_token'])).status).toBe(200);
      expect('refresh_token' in tokens).toBe(simulator.quirks.refreshTokenWhen !== 'never');
      if (!('refresh_token' in tokens)) continue;
      const again = await refreshFittingly(simulator, tokens['refresh_token']);
      expect(again.body['access_token']).toBeTypeOf('string');
      expect(again.body['access_token']).not.toBe(tokens['access_token']);
    }
    expect(simulator.reuseDetected).toEqual([]);
  });

  test('names public documentation and says of each fact how sure it is', () => {
    const { documentation, quirks } = presets[name];
    expect(documentation.length).toBeGreaterThan(0);
    for (const url of documentation) expect(new URL(url).protocol).toBe('https:');
    for (const fact of Object.values(quirks)) expect(['docs', 'reports', 'assumed']).toContain(fact.verified);
  });
});

test('the form that GitHub answers has the fields of its JSON', async () => {
  await using simulator = await start({ preset: 'github-oauth-app', quirks: { answerEncoding: 'form' } });
  const text = readFileSync(join(fixtures, 'github-oauth-app', 'token.txt'), 'utf8');
  const told = await loginFittingly(simulator);
  const fields = (form: string): string[] => [...new URLSearchParams(form.trim()).keys()].toSorted();
  expect(fields(told.text)).toEqual(fields(text));
});
