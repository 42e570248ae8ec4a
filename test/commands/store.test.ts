import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStoreCommand } from '../../src/cli/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { day } from '../store/backends.ts';
import { run, Scene } from './scene.ts';
import type { Around, Outcome } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

afterEach(() => scene.close());

const store = (args: readonly string[], around?: Around): Promise<Outcome> =>
  run(runStoreCommand, [...args, '-c', scene.config], around);

describe('sallyport store stats', () => {
  it('counts what a running gateway stores', async () => {
    const stack = await scene.start();
    await stack.signIn();
    await stack.signIn({ account: 'bob' });
    const { code, out } = await store(['stats']);
    expect(code).toBe(0);
    expect(out).toMatch(/^grants +2 active, 0 with a code, 0 revoked$/mu);
    const json = JSON.parse((await store(['stats', '--json'])).out) as Record<string, unknown>;
    expect(json).toMatchObject({
      path: scene.database,
      grants: { active: 2, code: 0, revoked: 0 },
      connections: { alive: 2, dead: 0 },
      users: 2,
    });
  });

  it('says what is wrong with a database that is not there, is somebody else’s, or is none', async () => {
    expect((await store(['stats'])).err).toContain('there is no database at');
    expect(existsSync(scene.database)).toBe(false);
    writeFileSync(scene.database, 'not a database at all, but text that is long enough'.repeat(20));
    const { code, err } = await store(['stats']);
    expect(code).toBe(1);
    expect(err).toContain('restore a backup');
  });
});

describe('sallyport store check', () => {
  it('finds a whole database whole', async () => {
    await scene.start();
    expect(await store(['check'])).toEqual({ code: 0, out: `${scene.database} is whole\n`, err: '' });
  });

  it('finds damage, and says what to do', async () => {
    const stack = await scene.start();
    await stack.signIn();
    await stack.close();
    scene.stack = undefined;
    const bytes = readFileSync(scene.database);
    // Pages of rows; the first page is the schema.
    bytes.fill(0xa5, 4096, 5 * 4096);
    writeFileSync(scene.database, bytes);
    const { code, err } = await store(['check']);
    expect(code).toBe(1);
    expect(err).toMatch(/damaged|restore a backup/u);
  });
});

describe('sallyport store backup', () => {
  it('copies the database under a running gateway, privately; a gateway over the copy has lost nothing', async () => {
    const stack = await scene.start();
    const { clientId, refresh_token } = await stack.signIn();
    const to = join(scene.folder, 'copy.db');
    const { code, out } = await store(['backup', '--to', to]);
    expect(code).toBe(0);
    expect(out).toContain(`${to} holds a checked copy`);
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect(scene.events()).toEqual([
      expect.objectContaining({ event: 'store_changed', action: 'backed_up' }),
    ]);
    const provider = stack.provider;
    await stack.auth.close();
    copyFileSync(to, scene.database);
    const { startStack } = await import('../fixtures/stack.ts');
    const again = await startStack(
      { hmac_secret_files: ['/hmac'] },
      {
        provider,
        store: await openSqliteStore({ path: to }),
        files: { '/hmac': Buffer.alloc(32, 7) },
      },
    );
    expect((await again.refresh(clientId, refresh_token)).status).toBe(200);
    scene.stack = again;
  });

  it('never writes over anything, and leaves nothing behind when it fails', async () => {
    await scene.start();
    const taken = join(scene.folder, 'taken');
    writeFileSync(taken, 'mine');
    expect(await store(['backup', '--to', taken])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${taken} is there already: choose another name`),
    });
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    const nowhere = join(scene.folder, 'no-folder', 'copy.db');
    expect((await store(['backup', '--to', nowhere])).err).toContain('cannot be written');
    expect((await store(['backup'])).code).toBe(2);
  });

  it('works without a configuration', async () => {
    await scene.start();
    const to = join(scene.folder, 'copy.db');
    const outcome = await run(runStoreCommand, ['backup', '--from', scene.database, '--to', to]);
    expect(outcome.code).toBe(0);
    expect((await store(['backup', '--from', scene.database, '--to', `${to}2`])).code).toBe(2);
  });
});

describe('sallyport store purge', () => {
  it('drops what is over and nothing else; a dry run drops nothing', async () => {
    const stack = await scene.start();
    const { clientId, refresh_token } = await stack.signIn();
    const later = { now: Date.now() + 8 * day };
    const tomorrow = { now: Date.now() + day };
    expect((await store(['purge', '--dry-run'], tomorrow)).out).toBe('1 rows would be dropped\n');
    expect((await store(['purge'], tomorrow)).out).toBe('1 rows dropped\n');
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
    expect((await store(['purge', '--vacuum'], later)).out).toBe('1 rows dropped\n');
    expect((await store(['stats', '--json'])).out).toContain('"users": 0');
    expect(scene.events().map(({ action, rows }) => [action, rows])).toEqual([
      ['purged', 1],
      ['purged', 1],
    ]);
  });
});
