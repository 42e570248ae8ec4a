import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthStore } from '../../src/store/contract.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Bench } from './backends.ts';
import { activeGrant, bytes, codeOf, day, login, loginOf, pending, refreshOf } from './backends.ts';

describe('the SQLite store', () => {
  let folder: string;
  let path: string;
  const clock = { now: 0 };
  const opened: AuthStore[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-sqlite-'));
    path = join(folder, 'store.db');
    clock.now = Date.UTC(2026, 10, 23, 12);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    rmSync(folder, { recursive: true });
  });

  const open = async (): Promise<Bench> => {
    const store = await openSqliteStore({ path, clock: () => clock.now });
    opened.push(store);
    return { store, clock, close: () => store.close() };
  };

  it('keeps everything over a restart', async () => {
    const first = await open();
    const grantId = await activeGrant(first);
    await first.store.rotateRefresh(refreshOf(grantId, 1));
    await first.store.saveKeyRing('vault', { value: bytes('ring'), version: 0 });
    const transaction = await pending(first.store);
    await first.close();
    const { store } = await open();
    expect(await store.rotateRefresh(refreshOf(grantId, 2))).toMatchObject({ r: 'ok', generation: 3 });
    expect(Buffer.from((await store.loadKeyRing('vault'))?.value ?? '').toString()).toBe('ring');
    expect(await store.commitLogin(loginOf(transaction, clock.now))).toMatchObject({ r: 'ok' });
    const session = await store.readSession({ bucket: 'abc', grantId, upstream: null });
    expect(Buffer.from(session?.connection?.tokens.refresh ?? '').toString()).toBe('refresh');
  });

  it('is private to its owner, side files included', async () => {
    const bench = await open();
    await login(bench);
    for (const file of [path, `${path}-wal`, `${path}-shm`])
      expect(statSync(file).mode & 0o777, file).toBe(0o600);
  });

  it('keeps nothing of what was asked for or came from earlier upstreams when a login has ended', async () => {
    const bench = await open();
    const transaction = await pending(bench.store);
    const sealed = bytes('tokens of the first upstream');
    await bench.store.advancePending({ transaction, leg: 0, attempt: 'on', sealed, ttl: 60_000 });
    await bench.store.takePending({ transaction, leg: 16, attempt: 'take' });
    const database = new DatabaseSync(path);
    const kept = (): unknown => database.prepare('SELECT length(sealed) AS n FROM pending').get()?.['n'];
    expect(kept()).toBe(sealed.length);
    await bench.store.commitLogin({ ...loginOf(transaction, clock.now), leg: 16 });
    expect(kept()).toBe(0);
    database.close();
  });

  it('lets a login at several upstreams go on once, whichever process is asked', async () => {
    const [one, other] = [await open(), await open()];
    const transaction = await pending(one.store);
    const results = await Promise.all(
      Array.from({ length: 40 }, (_each, index) =>
        (index % 2 === 0 ? one : other).store.advancePending({
          transaction,
          leg: 0,
          attempt: `a${index}`,
          sealed: bytes(`s${index}`),
          ttl: 60_000,
        }),
      ),
    );
    expect(results.filter(({ r }) => r === 'ok')).toHaveLength(1);
  });

  it('refuses the database of a newer version, and says so', async () => {
    await (await open()).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'storage_schema_newer',
      message: expect.stringContaining('99'),
    });
  });

  it('refuses the database of another program, and a file that is none', async () => {
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 1; CREATE TABLE theirs (a)');
    database.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'storage_failed' });
    const other = join(folder, 'text.db');
    await promisify(execFile)('sh', ['-c', `printf 'this is no database at all, but some text' > ${other}`]);
    await expect(openSqliteStore({ path: other })).rejects.toMatchObject({ code: 'storage_failed' });
  });

  it('refuses a folder that does not exist, and names the file', async () => {
    const missing = join(folder, 'nowhere', 'store.db');
    await expect(openSqliteStore({ path: missing })).rejects.toMatchObject({
      code: 'storage_failed',
      message: expect.stringContaining(missing),
    });
  });

  it('serves two of its kind on one file: steps of one login alternate', async () => {
    const [one, two] = [await open(), await open()];
    const transaction = await pending(one.store);
    const committed = loginOf(transaction, clock.now);
    expect(await two.store.commitLogin(committed)).toMatchObject({ r: 'ok' });
    expect((await one.store.redeemCode(codeOf(committed.grant.grantId))).r).toBe('ok');
    for (let generation = 1; generation < 10; generation += 1) {
      const { store } = generation % 2 === 0 ? one : two;
      expect(await store.rotateRefresh(refreshOf(committed.grant.grantId, generation))).toMatchObject({
        r: 'ok',
      });
    }
  });

  it('gives a code to one of two processes only', async () => {
    const bench = await open();
    const grantId = await login(bench);
    const script = new URL('second-process.ts', import.meta.url).pathname;
    const other = promisify(execFile)(process.execPath, [script, path, grantId, '20']);
    const own = Promise.all(Array.from({ length: 20 }, () => bench.store.redeemCode(codeOf(grantId))));
    const theirs = JSON.parse((await other).stdout) as string[];
    const all = [...theirs, ...(await own).map((result) => result.r)];
    expect(all.filter((result) => result === 'ok')).toHaveLength(1);
    expect(all.filter((result) => result === 'replayed')).toHaveLength(39);
  });

  it('lets no call of a batch suffer for another', async () => {
    const { store } = await open();
    // A value that no column takes: it breaks its own transaction.
    const broken = { value: Symbol.iterator as unknown as Uint8Array, version: 0 };
    const put = (name: string): Promise<string> =>
      store.saveKeyRing(name, { value: bytes(name), version: 0 });
    const unfit = { value: { nested: true } as unknown as Uint8Array, version: 0 };
    const results = await Promise.allSettled([put('a'), store.saveKeyRing('b', unfit), put('c')]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(store.saveKeyRing('d', broken)).rejects.toThrow();
    expect(await store.loadKeyRing('a')).not.toBeNull();
    expect(await store.loadKeyRing('b')).toBeNull();
    expect(await put('e')).toBe('ok');
  });

  it('is made once by many that open it in the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const path = join(mkdtempSync(join(tmpdir(), 'sallyport-race-')), 'store.db');
      const stores = await Promise.all(Array.from({ length: 6 }, () => openSqliteStore({ path })));
      expect(await stores[0]?.saveKeyRing('vault', { value: bytes('ring'), version: 0 })).toBe('ok');
      for (const store of stores) {
        expect((await store.loadKeyRing('vault'))?.version).toBe(1);
        await store.close();
      }
      rmSync(dirname(path), { recursive: true });
    }
  });

  it('waits for another process that is making the same database', async () => {
    const fresh = join(folder, 'fresh.db');
    const other = new DatabaseSync(fresh);
    other.exec('BEGIN IMMEDIATE');
    setTimeout(() => other.exec('ROLLBACK'), 200);
    const store = await openSqliteStore({ path: fresh });
    opened.push(store);
    other.close();
    expect(await store.saveKeyRing('vault', { value: bytes('ring'), version: 0 })).toBe('ok');
  });

  it('tells of a database that was locked for good, and works again when it is free', async () => {
    const { store } = await open();
    const intruder = new DatabaseSync(path);
    intruder.exec('BEGIN IMMEDIATE');
    await expect(store.saveKeyRing('a', { value: bytes('a'), version: 0 })).rejects.toMatchObject({
      code: 'storage_failed',
    });
    intruder.exec('ROLLBACK');
    intruder.close();
    expect(await store.saveKeyRing('a', { value: bytes('a'), version: 0 })).toBe('ok');
  });

  it('finishes what is under way when it is closed', async () => {
    const { store } = await open();
    const saves = Array.from({ length: 50 }, (_, index) =>
      store.saveKeyRing(`ring-${index}`, { value: bytes('x'), version: 0 }),
    );
    const closed = store.close();
    expect(await Promise.all(saves)).toEqual(Array.from({ length: 50 }, () => 'ok'));
    await closed;
  });

  it('drops what has expired by and by, without being asked', async () => {
    const bench = await open();
    for (let count = 0; count < 5; count += 1) await login(bench);
    clock.now += 2 * day;
    await bench.store.health();
    await expect.poll(async () => (await bench.store.stats()).grants, { timeout: 5000 }).toBe(0);
    expect(await bench.store.stats()).toMatchObject({ pending: 0, grants: 0, connections: 0, ended: 0 });
  });
});
