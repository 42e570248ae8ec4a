import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import diagnostics from 'node:diagnostics_channel';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthStore } from '../../src/store/contract.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { activeGrant, bytes, pending, refreshOf } from './backends.ts';

describe('the SQLite store, when something breaks', () => {
  let folder: string;
  let path: string;
  const opened: AuthStore[] = [];
  const threads: Worker[] = [];
  // Node announces each thread that is started; so the test reaches one without the store's help.
  const noticeThread = (message: unknown): void => {
    threads.push((message as { worker: Worker }).worker);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-faults-'));
    path = join(folder, 'store.db');
    diagnostics.subscribe('worker_threads', noticeThread);
  });
  afterEach(async () => {
    diagnostics.unsubscribe('worker_threads', noticeThread);
    threads.length = 0;
    await Promise.all(opened.splice(0).map((store) => store.close()));
    rmSync(folder, { recursive: true });
  });

  const open = async (): Promise<AuthStore> => {
    const store = await openSqliteStore({ path });
    opened.push(store);
    return store;
  };
  const killThread = async (): Promise<void> => {
    const thread = threads.at(-1);
    if (!thread) throw new Error('no thread was started');
    await thread.terminate();
  };
  const put = (store: AuthStore, name: string): Promise<string> =>
    store.saveKeyRing(name, { value: bytes(name), version: 0 });

  it('starts another thread when the first one ended, and has lost nothing', async () => {
    const store = await open();
    const bench = { store, clock: { now: Date.now() }, close: () => store.close() };
    const grantId = await activeGrant(bench);
    await killThread();
    expect(await store.rotateRefresh(refreshOf(grantId, 1))).toMatchObject({ r: 'ok', generation: 2 });
    expect(threads).toHaveLength(2);
  });

  it('rejects what was under way with storage_failed, and the next call works', async () => {
    const store = await open();
    const calls = Array.from({ length: 50 }, (_, index) => put(store, `ring-${index}`));
    // The batch leaves at the end of this turn of the event loop; the thread ends before it can answer.
    await new Promise((resolve) => setImmediate(resolve));
    await killThread();
    const results = await Promise.allSettled(calls);
    const failures = results.filter((result) => result.status === 'rejected');
    expect(failures.length).toBeGreaterThan(0);
    for (const { reason } of failures) expect(reason).toMatchObject({ code: 'storage_failed' });
    expect(await put(store, 'after')).toBe('ok');
  });

  it('gives each caller its own answer while threads die again and again', async () => {
    const store = await open();
    const names = Array.from({ length: 20 }, (_, index) => `ring-${index}`);
    for (const name of names) await put(store, name);
    for (let round = 0; round < 15; round += 1) {
      const reads: Promise<void>[] = [];
      const read = (name: string): Promise<void> =>
        store.loadKeyRing(name).then(
          (row) => expect(Buffer.from(row?.value ?? '').toString()).toBe(name),
          (error: unknown) => expect(error).toMatchObject({ code: 'storage_failed' }),
        );
      for (const [index, name] of names.entries()) {
        reads.push(read(name));
        if (index % 4 === round % 4) await new Promise((resolve) => setImmediate(resolve));
        if (index === 9) void killThread();
      }
      await Promise.all(reads);
    }
    expect(await put(store, 'after')).toBe('ok');
  });

  it('runs no call twice when the thread ends between two batches', async () => {
    const store = await open();
    for (let round = 0; round < 15; round += 1) {
      const first = put(store, `first-${round}`).catch(() => 'lost');
      await new Promise((resolve) => setImmediate(resolve));
      const second = put(store, `second-${round}`).catch(() => 'lost');
      const killed = killThread();
      const third = put(store, `third-${round}`).catch(() => 'lost');
      await killed;
      const fourth = put(store, `fourth-${round}`).catch(() => 'lost');
      // A call that ran twice would find its own row: `conflict`.
      for (const result of await Promise.all([first, second, third, fourth]))
        expect(['ok', 'lost']).toContain(result);
      expect(await put(store, `fifth-${round}`)).toBe('ok');
    }
  });

  it('keeps batches apart when a thread dies while it starts: who waits is served by the next one', async () => {
    const store = await open();
    await killThread();
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const first = put(store, 'first').catch((error: unknown) => error);
    await turn();
    const second = put(store, 'second').catch((error: unknown) => error);
    await killThread();
    // Whatever comes of the second call, the third leaves at once, and the fourth when that is answered.
    const third = second.then(() => put(store, 'third'));
    const fourth = third.then(() => store.loadKeyRing('first'));
    expect(await first).toMatchObject({ code: 'storage_failed' });
    expect(await second).toBe('ok');
    expect(await third).toBe('ok');
    expect(await fourth).toBeNull();
    expect(await store.loadKeyRing('third')).toMatchObject({ version: 1 });
  });

  it('is set up once when many start on a new file at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open()));
    const results = await Promise.all(stores.map((store) => put(store, 'one')));
    expect(results.filter((result) => result === 'ok')).toHaveLength(1);
  });

  it('closes although the thread is gone', async () => {
    const store = await open();
    await killThread();
    await store.close();
    await expect(store.health()).rejects.toMatchObject({ code: 'closed' });
  });

  it('closes while the thread is dying, and leaves nobody without an answer', async () => {
    const store = await open();
    const calls = Array.from({ length: 10 }, (_, index) => put(store, `ring-${index}`));
    const killed = killThread();
    const closed = store.close();
    const results = await Promise.allSettled(calls);
    expect(results).toHaveLength(10);
    await killed;
    await closed;
  });

  it('waits for a lock once per batch, not once per call', async () => {
    const store = await open();
    const intruder = new DatabaseSync(path);
    intruder.exec('BEGIN EXCLUSIVE');
    // One after another, these would take longer than a test may.
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => put(store, `r-${index}`)),
    );
    expect(results.map((result) => result.status)).toEqual(Array.from({ length: 12 }, () => 'rejected'));
    intruder.exec('ROLLBACK');
    intruder.close();
    expect(await put(store, 'r-0')).toBe('ok');
  });

  it('turns away who waits behind a stuck transaction, and tells the truth to who is in it', async () => {
    const store = await openSqliteStore({ path, patience: 50 });
    opened.push(store);
    const intruder = new DatabaseSync(path);
    intruder.exec('BEGIN EXCLUSIVE');
    const inside = put(store, 'inside');
    await new Promise((resolve) => setImmediate(resolve));
    const behind = put(store, 'behind');
    const stuck = { code: 'storage_failed', message: 'the storage does not answer' };
    await expect(behind).rejects.toMatchObject(stuck);
    await expect(put(store, 'later')).rejects.toMatchObject(stuck);
    await expect(store.health()).rejects.toMatchObject(stuck);
    intruder.exec('ROLLBACK');
    intruder.close();
    expect(await inside).toBe('ok');
    expect(await put(store, 'behind')).toBe('ok');
    expect(await store.loadKeyRing('later')).toBeNull();
  });

  it('reports a database whose tables are gone, call by call, and stays alive', async () => {
    const store = await open();
    const intruder = new DatabaseSync(path);
    intruder.exec('ALTER TABLE pending RENAME TO elsewhere');
    const results = await Promise.allSettled([put(store, 'a'), pending(store), put(store, 'b')]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    intruder.exec('ALTER TABLE elsewhere RENAME TO pending');
    intruder.close();
    expect(await pending(store)).toContain('t-');
  });

  it.each([
    ['that counts no versions', 'CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)'],
    ['that signs its files', 'PRAGMA application_id = 4711'],
    ['that counts versions', 'PRAGMA user_version = 1; CREATE TABLE theirs (a)'],
    ['that is ahead of us in counting', 'PRAGMA user_version = 99; CREATE TABLE theirs (a)'],
  ])('does not touch the database of a program %s', async (_name, sql) => {
    const theirs = new DatabaseSync(path);
    theirs.exec(sql);
    theirs.close();
    const before = readFileSync(path);
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'storage_failed',
      message: expect.stringContaining('another program'),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('does not touch the database of a newer version either', async () => {
    await (await open()).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = readFileSync(path);
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'storage_schema_newer' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
