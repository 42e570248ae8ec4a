import { DatabaseSync } from 'node:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndedConnection } from '../../src/store/ended-contract.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Bench } from './backends.ts';
import {
  activeGrant,
  backends,
  bytes,
  connectionOf,
  day,
  login,
  loginOf,
  minute,
  pending,
  unique,
} from './backends.ts';

describe.each(backends)('%s: connections that end', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const user = { bucket: 'abc', userId: 'user-1' };
  const take = (owner = unique('o'), limit = 10): Promise<readonly EndedConnection[]> =>
    bench.store.takeEnded({ owner, lease: minute, limit });
  const tokensOf = ({ tokens }: EndedConnection): readonly (string | null)[] => [
    Buffer.from(tokens.access).toString(),
    tokens.refresh && Buffer.from(tokens.refresh).toString(),
  ];

  it('wait for their upstream to be told when the last grant of their user is revoked', async () => {
    const one = await login(bench);
    const other = await login(bench);
    await bench.store.revokeGrant({ bucket: 'abc', grantId: one, why: 'revoked_by_client' });
    expect(await take()).toEqual([]);
    await bench.store.revokeGrant({ bucket: 'abc', grantId: other, why: 'revoked_by_client' });
    const [ended, ...rest] = await take();
    expect(rest).toEqual([]);
    expect(ended?.key).toEqual(connectionOf());
    expect(ended && tokensOf(ended)).toEqual(['access', 'refresh']);
    expect(ended?.attempts).toBe(0);
    expect(await bench.store.listConnections(user)).toBeNull();
  });

  it('are not told of when their grants expire by themselves', async () => {
    await login(bench);
    bench.clock.now += day;
    await login(bench, { connection: connectionOf('user-2') });
    expect(await take()).toEqual([]);
  });

  it('are not told of when the upstream ended them', async () => {
    const grantId = await activeGrant(bench);
    const owner = unique('o');
    const begun = await bench.store.beginUpstreamRefresh({
      ...connectionOf(),
      version: 1,
      owner,
      lease: minute,
    });
    const fence = begun.r === 'leader' ? begun.fence : 0;
    const outcome = { kind: 'dead', version: 1 } as const;
    await bench.store.endUpstreamRefresh({ ...connectionOf(), owner, fence, outcome });
    await bench.store.revokeGrant({ bucket: 'abc', grantId, why: 'revoked_by_client' });
    expect(await take()).toEqual([]);
  });

  it('are taken by one caller at a time, and by another when that one is gone', async () => {
    await login(bench);
    await bench.store.revokeUser(user);
    const [first] = await take('first');
    expect(await take('second')).toEqual([]);
    bench.clock.now += minute + 1;
    const [second] = await take('second');
    expect(second?.id).toBe(first?.id);
    // Who came too late has nothing to say any more.
    await bench.store.settleEnded({ id: first?.id ?? '', owner: 'first', again: null });
    expect((await bench.store.stats()).ended).toBe(1);
    await bench.store.settleEnded({ id: second?.id ?? '', owner: 'second', again: null });
    expect((await bench.store.stats()).ended).toBe(0);
  });

  it('come again as late as the caller says, and count how often', async () => {
    await login(bench);
    await bench.store.revokeUser(user);
    const [ended] = await take('one');
    await bench.store.settleEnded({ id: ended?.id ?? '', owner: 'one', again: 10 * minute });
    expect(await take()).toEqual([]);
    bench.clock.now += 10 * minute + 1;
    const [again] = await take();
    expect(again?.attempts).toBe(1);
  });

  it('are given up after a week', async () => {
    await login(bench);
    await bench.store.revokeUser(user);
    bench.clock.now += 7 * day + 1;
    expect(await take()).toEqual([]);
    expect((await bench.store.stats()).ended).toBe(0);
  });

  it('are left alone when the same account is connected again', async () => {
    await login(bench);
    await bench.store.revokeUser(user);
    await login(bench);
    expect(await take()).toEqual([]);
    expect((await bench.store.stats()).ended).toBe(0);
  });

  it('end with every grant that was signed in with them, and no other', async () => {
    const grantId = await login(bench);
    const elsewhere = { ...connectionOf(), upstream: 'other', account: 'x' };
    expect(await bench.store.putConnection({ connection: elsewhere, tokens: tokens() })).toBe('stored');
    expect(await bench.store.endConnection({ ...elsewhere, why: 'user_revoked' })).toBe(0);
    expect((await bench.store.readSession({ bucket: 'abc', grantId, upstream: null }))?.state).not.toBe(
      'revoked',
    );
    expect(await bench.store.endConnection({ ...elsewhere, why: 'user_revoked' })).toBeNull();
    expect(await bench.store.endConnection({ ...connectionOf(), why: 'user_revoked' })).toBe(1);
    expect((await bench.store.readSession({ bucket: 'abc', grantId, upstream: null }))?.state).toBe(
      'revoked',
    );
    expect((await take()).map(({ key }) => key.upstream).toSorted()).toEqual(
      [connectionOf().upstream, 'other'].toSorted(),
    );
  });

  const tokens = () => ({
    access: bytes('later'),
    refresh: bytes('later refresh'),
    upstreamClientId: 'us',
    scopes: ['read'],
  });

  it('are stored without a login only for a user who is signed in', async () => {
    const connection = { ...connectionOf(), upstream: 'other' };
    expect(await bench.store.putConnection({ connection, tokens: tokens() })).toBe('no_user');
    await login(bench);
    expect(await bench.store.putConnection({ connection, tokens: tokens() })).toBe('stored');
    const rows = (await bench.store.listConnections(user)) ?? [];
    expect(rows.map(({ key }) => key.upstream)).toEqual([connectionOf().upstream, 'other'].toSorted());
    expect(rows.map(({ connectedAt }) => connectedAt)).toEqual([bench.clock.now, bench.clock.now]);
  });

  it('tell when they were made and when they were refreshed', async () => {
    await login(bench);
    const made = bench.clock.now;
    bench.clock.now += minute;
    const owner = unique('o');
    const begun = await bench.store.beginUpstreamRefresh({
      ...connectionOf(),
      version: 1,
      owner,
      lease: minute,
    });
    const fence = begun.r === 'leader' ? begun.fence : 0;
    const outcome = { kind: 'tokens', tokens: tokens(), identity: null } as const;
    await bench.store.endUpstreamRefresh({ ...connectionOf(), owner, fence, outcome });
    const [row] = (await bench.store.listConnections(user)) ?? [];
    expect([row?.connectedAt, row?.refreshedAt]).toEqual([made, made + minute]);
    await bench.store.commitLogin(loginOf(await pending(bench.store), bench.clock.now, {}));
    expect((await bench.store.listConnections(user))?.[0]?.connectedAt).toBe(made + minute);
  });

  it('are listed with the living grants that would end with them', async () => {
    const ended = await login(bench);
    await login(bench);
    await login(bench, { connection: connectionOf('user-1', 'b') });
    await bench.store.revokeGrant({ bucket: 'abc', grantId: ended, why: 'revoked_by_client' });
    const rows = (await bench.store.listConnections(user)) ?? [];
    const counts = Object.fromEntries(rows.map(({ key, grants }) => [key.account, grants]));
    expect(counts).toEqual({ 'user-1': 1, b: 1 });
  });

  it('are listed to nobody whose grants have all expired', async () => {
    await login(bench);
    bench.clock.now += day;
    expect(await bench.store.listConnections(user)).toBeNull();
  });

  it('are taken as many at a time as the caller asks for', async () => {
    for (let count = 0; count < 3; count += 1) {
      await login(bench, { connection: connectionOf(`user-${count}`) });
      await bench.store.revokeUser({ bucket: 'abc', userId: `user-${count}` });
    }
    expect(await take(unique('o'), 2)).toHaveLength(2);
  });
});

describe('memory: connections that end', () => {
  it('are forgotten when ten thousand wait', async () => {
    const [, open] = backends[0] ?? [];
    const bench = await open?.();
    if (!bench) throw new Error('there is no backend');
    for (let count = 0; count <= 10_000; count += 1) {
      await login(bench, { connection: connectionOf(`user-${count}`) });
      await bench.store.revokeUser({ bucket: 'abc', userId: `user-${count}` });
    }
    expect((await bench.store.stats()).ended).toBe(10_000);
    await bench.close();
  });
});

describe('a database of the first version', () => {
  it('is brought up to date with everything that is in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
    const path = join(folder, 'store.db');
    const clock = { now: Date.now() };
    const store = await openSqliteStore({ path, clock: () => clock.now });
    const grantId = await login({ store, clock, close: () => store.close() });
    await store.close();
    const database = new DatabaseSync(path);
    database.exec(`DROP TABLE ended; ALTER TABLE connections DROP COLUMN connectedAt;
      ALTER TABLE connections DROP COLUMN refreshedAt; DROP TABLE consents; DROP TABLE assertions;
      DROP TABLE blocks; DROP TABLE registrations; DROP TABLE moments; PRAGMA user_version = 1`);
    database.close();
    const newer = await openSqliteStore({ path, clock: () => clock.now });
    const session = await newer.readSession({ bucket: 'abc', grantId, upstream: null });
    expect(session?.connection?.connectedAt).toBe(0);
    await newer.revokeUser({ bucket: 'abc', userId: 'user-1' });
    expect((await newer.stats()).ended).toBe(1);
    await newer.close();
    rmSync(folder, { recursive: true });
  });
});
