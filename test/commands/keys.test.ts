import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runKeysCommand } from '../../src/cli/keys.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { parseSigningKey } from '../../src/crypto/signing-key.ts';
import { withStateDir } from '../../src/gateway/state-dir.ts';
import { planKeys } from '../../src/keys/key-history.ts';
import { loadKeySet } from '../../src/keys/key-set.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { day, hour } from '../store/backends.ts';
import { run, Scene } from './scene.ts';
import type { Around, Outcome } from './scene.ts';

let scene: Scene;
let state: string;

beforeEach(() => {
  scene = new Scene();
  state = join(scene.folder, 'state');
});

afterEach(() => scene.close());

const keys = (args: readonly string[], around?: Around): Promise<Outcome> =>
  run(runKeysCommand, args, around);

/** With the scene's configuration, and a state directory where `serve` has made what nobody configured. */
const own = (args: readonly string[], around?: Around): Promise<Outcome> =>
  keys([...args, '-c', scene.config, '--state-dir', state], around);

/** What `serve` does with the state directory when it starts. */
async function served(): Promise<Awaited<ReturnType<typeof withStateDir>>> {
  const config = await resolveRunConfig(JSON.parse(readFileSync(scene.config, 'utf8')), {
    env: { UPSTREAM_SECRET: 'x'.repeat(40) },
    readFile: (path) => Promise.resolve(readFileSync(path)),
  });
  return withStateDir(config, state);
}

const kids = async (): Promise<readonly string[]> =>
  loadKeySet((await served()).signingKeys).all.map(({ kid }) => kid);

describe('sallyport keys generate', () => {
  it.each(['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA'])('makes a key for %s', async (alg) => {
    const file = join(scene.folder, 'key.pem');
    const { code, out } = await keys(['generate', '--alg', alg, '--out', file]);
    expect(code).toBe(0);
    const key = parseSigningKey(readFileSync(file, 'utf8'), file);
    expect(key.alg).toBe(alg);
    expect(out).toBe(`${file} holds a new ${alg} key with the kid ${key.kid}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('writes to standard output when it is told no file', async () => {
    const { out } = await keys(['generate']);
    expect(parseSigningKey(out, 'stdout').alg).toBe('ES256');
  });

  it('makes HMAC secrets, which are no text', async () => {
    const file = join(scene.folder, 'secret');
    expect((await keys(['generate', '--hmac', '--out', file])).out).toBe(`${file} holds a new HMAC secret\n`);
    expect(readFileSync(file)).toHaveLength(32);
    expect((await keys(['generate', '--hmac'])).code).toBe(2);
  });

  it('never overwrites, and knows its algorithms', async () => {
    const file = join(scene.folder, 'key.pem');
    await keys(['generate', '--out', file]);
    const before = readFileSync(file, 'utf8');
    expect((await keys(['generate', '--out', file])).err).toContain('is there already');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect((await keys(['generate', '--alg', 'HS256'])).err).toContain('--alg is one of ES256');
  });
});

describe('sallyport keys list', () => {
  it('shows which key signs and which verify, and no key', async () => {
    await served();
    await own(['rotate']);
    const { out } = await own(['list']);
    const [signs, verifies] = await kids();
    expect(out).toMatch(new RegExp(`^signing key +${signs} +ES256 +signs +${state}/signing-key.pem$`, 'mu'));
    expect(out).toMatch(new RegExp(`^signing key +${verifies} +ES256 +verifies`, 'mu'));
    expect(out).toMatch(/^HMAC secret +[\w-]{16} +HMAC +signs +number 1$/mu);
    expect(out).not.toContain('PRIVATE');
    const json = JSON.parse((await own(['list', '--json'])).out) as readonly { id: string }[];
    expect(json.map(({ id }) => id)).toEqual([signs, verifies, expect.any(String)]);
  });

  it('says when a new key will sign, where gateways have agreed on that in their store', async () => {
    scene.write({});
    const { storage } = await served();
    if (storage?.type !== 'sqlite') throw new Error('serve keeps a database');
    const store = await openSqliteStore({ path: storage.path });
    const plan = { store, delay: 10 * 60_000, tokenLife: hour };
    const [first = ''] = await kids();
    await planKeys({ signing: [first], hmac: [] }, { ...plan, clock: Date.now });
    await own(['rotate']);
    const [second = ''] = await kids();
    const seen = Date.parse('2026-11-23T14:00:00Z');
    await planKeys({ signing: [second, first], hmac: [] }, { ...plan, clock: () => seen });
    await store.close();
    const { out } = await own(['list'], { now: seen + 60_000 });
    expect(out).toMatch(new RegExp(`${second} +ES256 +verifies, signs from 2026-11-23 14:10:00Z `, 'u'));
    expect(out).toMatch(new RegExp(`${first} +ES256 +signs `, 'u'));
    const json = JSON.parse((await own(['list', '--json'], { now: seen + 60_000 })).out) as object[];
    expect(json[0]).toMatchObject({ role: 'verifies', signs_from: '2026-11-23T14:10:00.000Z' });
    expect((await own(['list'], { now: seen + 660_000 })).out).toMatch(
      new RegExp(`${second} +ES256 +signs `, 'u'),
    );
  });

  it('says so when there are none yet, and makes none', async () => {
    scene.write({});
    expect((await own(['list'])).out).toBe('no keys yet: the gateway makes them when it starts\n');
    expect(existsSync(state)).toBe(false);
  });
});

describe('sallyport keys rotate', () => {
  it('replaces the key of the state directory; the former one verifies on, over rotations and restarts', async () => {
    const [first] = await kids();
    expect((await own(['rotate'])).out).toMatch(
      /there is a new signing key; the former one goes on verifying as/u,
    );
    const [second, ...others] = await kids();
    expect(others).toEqual([first]);
    expect(second).not.toBe(first);
    await own(['rotate', '--alg', 'EdDSA']);
    const [third, ...retired] = await kids();
    expect(new Set(retired)).toEqual(new Set([first, second]));
    expect(loadKeySet((await served()).signingKeys).signing).toMatchObject({ kid: third, alg: 'EdDSA' });
    for (const name of readdirSync(state)) expect(statSync(join(state, name)).mode & 0o777, name).toBe(0o600);
    expect(scene.events().map(({ event, change }) => [event, change])).toEqual([
      ['key_changed', 'retired'],
      ['key_changed', 'retired'],
    ]);
  });

  it('keeps nothing of a key that leaked', async () => {
    const [first] = await kids();
    await own(['rotate']);
    const [second] = await kids();
    const { code, out } = await own(['rotate', '--leaked']);
    expect({ code, out }).toEqual({
      code: 0,
      out: 'there is a new signing key; the 2 former ones are gone: access tokens made before are worthless\n',
    });
    const [third, ...others] = await kids();
    expect(others).toEqual([]);
    expect([first, second]).not.toContain(third);
    expect(scene.events().map(({ change, key }) => [change, key])).toEqual([
      ['retired', `signing-key-${first}.pem`],
      ['retired', `signing-key-${second}.pem`],
      ['retired', `signing-key-${first}.pem`],
    ]);
    expect((await own(['rotate', '--hmac', '--leaked'])).code).toBe(2);
  });

  it('replaces the HMAC secret of the state directory likewise', async () => {
    scene.write({});
    const [first] = (await served()).hmacSecrets;
    await own(['rotate', '--hmac']);
    const [second, former, ...others] = (await served()).hmacSecrets;
    expect(others).toEqual([]);
    expect(former?.reveal()).toEqual(first?.reveal());
    expect(second?.reveal()).not.toEqual(first?.reveal());
  });

  it('writes a new key beside those that the configuration names, changes none, and says what to do', async () => {
    const folder = join(scene.folder, 'keys');
    mkdirSync(folder);
    const present = join(folder, 'present.pem');
    await keys(['generate', '--out', present]);
    scene.write({ signing_key_config: { key_dir: folder, signing_key_file: 'present.pem' } });
    const before = readFileSync(present, 'utf8');
    const { code, out } = await own(['rotate']);
    expect(code).toBe(0);
    expect(out).toContain(`name it in signing_key_config.signing_key_file, and ${present} first in`);
    expect(readFileSync(present, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toHaveLength(2);
    expect((await own(['rotate', '--leaked'])).out).toContain(`and ${present} nowhere any more`);
    expect(readFileSync(present, 'utf8')).toBe(before);
  });

  it('leaves HMAC secrets that the configuration names to the operator', async () => {
    const { code, err } = await own(['rotate', '--hmac']);
    expect(code).toBe(1);
    expect(err).toContain('sallyport keys generate --hmac --out FILE');
  });

  it('makes nothing where no gateway has been', async () => {
    scene.write({});
    expect((await own(['rotate'])).err).toContain('start the gateway once');
    expect(existsSync(state)).toBe(false);
    expect((await own(['rotate', '--hmac', '--alg', 'ES256'])).code).toBe(2);
  });
});

describe('sallyport keys prune', () => {
  it('removes what no token needs any more, when it is told to', async () => {
    await kids();
    await own(['rotate']);
    await own(['rotate']);
    expect((await own(['prune', '--yes'])).out).toContain('every retired key may still be needed');
    const [, old] = await kids();
    const file = join(state, `signing-key-${old}.pem`);
    const longAgo = (Date.now() - 3 * hour) / 1000;
    utimesSync(file, longAgo, longAgo);
    expect(await own(['prune'])).toMatchObject({
      out: `${file} (signing key) can go\n`,
      err: 'add --yes to remove them\n',
    });
    expect(existsSync(file)).toBe(true);
    expect((await own(['prune', '--yes'])).out).toBe(`${file} (signing key) is gone\n`);
    expect(existsSync(file)).toBe(false);
    expect(await kids()).toHaveLength(2);
  });

  it('keeps a retired key that signs on until its successor may', async () => {
    scene.write({ key_activation_delay: '24h' });
    await served();
    await own(['rotate']);
    expect((await own(['prune'], { now: Date.now() + 24 * hour })).out).toContain('nothing is old enough');
    expect((await own(['prune'], { now: Date.now() + 27 * hour })).out).toContain('(signing key) can go');
  });

  it('keeps a retired HMAC secret as long as a session may last', async () => {
    scene.write({ session_lifespan: '240h' });
    await served();
    await own(['rotate', '--hmac']);
    expect((await own(['prune'], { now: Date.now() + 9 * day })).out).toContain('nothing is old enough');
    expect((await own(['prune'], { now: Date.now() + 11 * day })).out).toContain('(HMAC secret) can go');
  });
});
