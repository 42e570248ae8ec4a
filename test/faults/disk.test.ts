import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Actor } from './actor.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

const sideFiles = ['', '-wal', '-shm'];

describe('a database file', () => {
  let world: World;
  let instance: Instance;
  let actor: Actor;

  beforeEach(async () => {
    world = await World.start();
    instance = await world.boot();
    actor = new Actor(world, instance);
    await actor.carryOn();
  });
  afterEach(() => world.close());

  const move = (from: string, to: string): void => {
    for (const side of sideFiles) if (existsSync(from + side)) renameSync(from + side, to + side);
  };
  const copy = (to: string): void => {
    for (const side of sideFiles)
      if (existsSync(world.path + side)) copyFileSync(world.path + side, to + side);
  };
  const problems = async (): Promise<string> => {
    // An answer about the store's health stands for a second.
    world.clock.now += 1000;
    return (await instance.stack.auth.readiness()).problems.join();
  };

  const refused = async (): Promise<void> => {
    expect(await actor.refresh()).toBe('again');
    expect(actor.complaints.at(-1)).toBe('refresh 503 temporarily_unavailable');
    // Past the moments in which a grant seen alive counts as alive.
    world.clock.now += 6000;
    expect(await actor.callMcp()).toBe('again');
    expect(actor.complaints.at(-1)).toBe('mcp 503');
  };
  const worksAgain = async (): Promise<void> => {
    expect(await actor.refresh()).toBe('done');
    expect(await actor.callMcp()).toBe('done');
    expect(actor.logins).toBe(1);
  };

  it('that is moved away: 503 instead of writing where nothing is kept, and all is well when it is back', async () => {
    move(world.path, `${world.path}.away`);
    await refused();
    expect(await problems()).toMatch(/storage: .*moved.*restart/u);
    move(`${world.path}.away`, world.path);
    expect(await problems()).toBe('');
    await worksAgain();
  });

  it('that is deleted: 503 until somebody decides; no empty one takes its place', async () => {
    for (const side of sideFiles) rmSync(world.path + side, { force: true });
    await refused();
    expect(existsSync(world.path)).toBe(false);
  });

  it('that is replaced by a backup: 503, and a restart goes on from the backup, even one that is a rotation old', async () => {
    copy(`${world.path}.backup`);
    expect(await actor.refresh()).toBe('done');
    move(`${world.path}.backup`, world.path);
    await refused();
    await world.stopAll();
    instance = await world.boot();
    actor.instance = instance;
    await worksAgain();
  });

  it('whose write-ahead log lost its end: the client’s newer token is accepted', async () => {
    expect(await actor.refresh()).toBe('done');
    copy(`${world.path}.crash`);
    await world.stopAll();
    for (const side of sideFiles) rmSync(world.path + side, { force: true });
    move(`${world.path}.crash`, world.path);
    const wal = `${world.path}-wal`;
    truncateSync(wal, statSync(wal).size - 100);
    instance = await world.boot();
    actor.instance = instance;
    await worksAgain();
    expect(instance.stack.log.map(({ message }) => message).join()).toContain('ahead of the store');
  });

  it('whose header is garbage stops the start, and the message says what to do', async () => {
    await world.stopAll();
    scribble(world.path, 0, 8192);
    await expect(world.boot()).rejects.toMatchObject({
      code: 'storage_failed',
      message: expect.stringMatching(/store\.db.*damaged.*backup/u) as string,
    });
  });

  it('with damaged pages: 503, nobody’s grant is taken for a dead one, and the backup brings all back', async () => {
    await world.stopAll();
    copyFileSync(world.path, `${world.path}.backup`);
    const database = new DatabaseSync(world.path);
    const pages = database.prepare("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'grants'").all();
    database.close();
    for (const { rootpage } of pages) scribble(world.path, (Number(rootpage) - 1) * 4096, 4096);
    instance = await world.boot();
    actor.instance = instance;
    await refused();
    const reasons = instance.stack.log.map(({ fields }) => String(fields['reason'])).join();
    expect(reasons).toContain('the database is damaged');
    await world.stopAll();
    renameSync(`${world.path}.backup`, world.path);
    actor.instance = await world.boot();
    await worksAgain();
  });

  it('that lost its tail: 503 or no start, and the backup brings everything back', async () => {
    await world.stopAll();
    const { size } = statSync(world.path);
    copyFileSync(world.path, `${world.path}.backup`);
    truncateSync(world.path, Math.floor(size / 2));
    const started = await world.boot().catch((error: unknown) => error);
    expect(started).toMatchObject({ message: expect.stringMatching(/damaged.*backup/u) as string });
    renameSync(`${world.path}.backup`, world.path);
    actor.instance = await world.boot();
    await worksAgain();
  });

  it('of a newer version stops the start, names the fix, and stays as it is', async () => {
    await world.stopAll();
    const database = new DatabaseSync(world.path);
    database.exec('PRAGMA user_version = 999');
    database.close();
    await expect(world.boot()).rejects.toMatchObject({
      code: 'storage_schema_newer',
      message: expect.stringContaining('use the newer one') as string,
    });
  });
});

function scribble(path: string, position: number, length: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(length, 'garbage '), 0, length, position);
  closeSync(file);
}
