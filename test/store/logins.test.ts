import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bench } from './backends.ts';
import { backends, bytes, connectionOf, login, loginOf, minute, pending, unique } from './backends.ts';

describe.each(backends)('%s: logins under way', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open({ pendingPerSource: 5, pending: 8, grantsPerUser: 3 });
  });
  afterEach(() => bench.close());

  const put = (transaction: string, source = 'a'): ReturnType<Bench['store']['putPending']> =>
    bench.store.putPending({ transaction, sealed: bytes(transaction), ttl: 10 * minute, source });
  const take = (
    transaction: string,
    leg = 0,
    attempt = unique('take'),
  ): ReturnType<Bench['store']['takePending']> => bench.store.takePending({ transaction, leg, attempt });

  it('are kept once per transaction, however often they are put', async () => {
    const results = await Promise.all(Array.from({ length: 100 }, () => put('t')));
    expect(new Set(results.map((result) => JSON.stringify(result)))).toEqual(new Set(['{"r":"ok","leg":0}']));
    expect((await bench.store.stats()).pending).toBe(1);
  });

  it('tell what waits when something else is put, and take it instead of what the caller saw', async () => {
    await put('t');
    const again = { transaction: 't', ttl: 10 * minute, source: 'a', sealed: bytes('less') };
    expect(await bench.store.putPending(again)).toEqual({ r: 'ok', leg: 0, sealed: bytes('t') });
    const other = { ...again, instead: bytes('something else') };
    expect(await bench.store.putPending(other)).toEqual({ r: 'ok', leg: 0, sealed: bytes('t') });
    const mine = { ...again, instead: bytes('t') };
    expect(await bench.store.putPending(mine)).toEqual({ r: 'ok', leg: 0 });
    expect(await take('t')).toMatchObject({ r: 'ok', sealed: bytes('less') });
    const late = { ...again, sealed: bytes('more'), instead: bytes('less') };
    expect(await bench.store.putPending(late)).toEqual({ r: 'taken' });
    expect(await take('t')).toMatchObject({ r: 'restarted', sealed: bytes('less') });
    expect(await bench.store.putPending(late)).toEqual({ r: 'ok', leg: 1 });
    expect(await take('t', 1)).toMatchObject({ r: 'ok', sealed: bytes('more') });
  });

  it('are taken once: of fifty at the same time one gets the answer', async () => {
    await put('t');
    const results = await Promise.all(Array.from({ length: 50 }, () => take('t')));
    expect(results.filter((result) => result.r === 'ok')).toHaveLength(1);
  });

  it('give the same attempt the same answer', async () => {
    await put('t');
    const first = await take('t', 0, 'same');
    expect(first).toMatchObject({ r: 'ok' });
    expect(await take('t', 0, 'same')).toEqual(first);
  });

  it('start the leg again three times, and a retry of that counts once', async () => {
    await put('t');
    await take('t');
    expect(await take('t', 0, 'again')).toMatchObject({ r: 'restarted', leg: 1 });
    expect(await take('t', 0, 'again')).toMatchObject({ r: 'restarted', leg: 1 });
    expect(await take('t', 1)).toMatchObject({ r: 'ok' });
    expect(await take('t', 1)).toMatchObject({ r: 'restarted', leg: 2 });
    expect(await take('t', 0)).toMatchObject({ r: 'restarted', leg: 3 });
    expect(await take('t', 0)).toEqual({ r: 'exhausted' });
  });

  it('know no leg that never began, and no other transaction', async () => {
    await put('t');
    expect(await take('t', 1)).toEqual({ r: 'missing' });
    expect(await take('other')).toEqual({ r: 'missing' });
    expect(await take('t')).toMatchObject({ r: 'ok' });
  });

  it('end after their time', async () => {
    await put('t');
    bench.clock.now += 10 * minute;
    expect(await take('t')).toEqual({ r: 'missing' });
    expect(await bench.store.commitLogin(loginOf('t', bench.clock.now))).toEqual({ r: 'missing' });
  });

  it('are not recreated by a second consent, before or after the end', async () => {
    await put('t');
    await take('t');
    expect(await put('t')).toEqual({ r: 'taken' });
    await bench.store.commitLogin(loginOf('t', bench.clock.now));
    expect(await put('t')).toEqual({ r: 'done' });
    expect(await take('t')).toEqual({ r: 'done' });
  });

  it('cost a source that floods its own oldest, never another’s', async () => {
    await put('honest', 'b');
    for (let count = 0; count < 20; count += 1) await put(`flood-${count}`, 'a');
    expect((await bench.store.stats()).pending).toBe(6);
    expect(await take('honest')).toMatchObject({ r: 'ok' });
    expect(await take('flood-0')).toEqual({ r: 'missing' });
    expect(await take('flood-19')).toMatchObject({ r: 'ok' });
  });

  it('cost the heaviest source its oldest when all together are too many', async () => {
    for (let count = 0; count < 5; count += 1) await put(`heavy-${count}`, 'heavy');
    for (const source of ['b', 'c', 'd', 'e']) await put(`light-${source}`, source);
    expect((await bench.store.stats()).pending).toBe(8);
    expect(await take('heavy-0')).toEqual({ r: 'missing' });
    expect(await take('light-b')).toMatchObject({ r: 'ok' });
  });

  it('end once: the same attempt is told the same, another that it is done', async () => {
    const transaction = await pending(bench.store);
    const committed = loginOf(transaction, bench.clock.now);
    expect(await bench.store.commitLogin(committed)).toEqual({ r: 'ok', connection: 'stored' });
    expect(await bench.store.commitLogin(committed)).toEqual({ r: 'ok', connection: 'stored' });
    const other = { ...loginOf(transaction, bench.clock.now), attempt: 'other' };
    expect(await bench.store.commitLogin(other)).toEqual({ r: 'done' });
    expect((await bench.store.stats()).grants).toBe(1);
  });

  it('do not end by an answer that was never taken', async () => {
    await put('t');
    const committed = loginOf('t', bench.clock.now);
    expect(await bench.store.commitLogin(committed)).toEqual({ r: 'missing' });
    await take('t');
    expect(await bench.store.commitLogin({ ...committed, leg: 1 })).toEqual({ r: 'missing' });
    expect(await bench.store.stats()).toMatchObject({ grants: 0, connections: 0 });
    expect(await bench.store.commitLogin(committed)).toMatchObject({ r: 'ok' });
  });

  it('end by the first of two legs that arrives, the restarted one or the one before', async () => {
    for (const winner of [0, 1]) {
      const transaction = await pending(bench.store);
      await take(transaction, 0);
      await take(transaction, 1);
      const leg = (index: number) => ({
        ...loginOf(transaction, bench.clock.now),
        leg: index,
        attempt: `leg ${index}`,
      });
      expect(await bench.store.commitLogin(leg(winner))).toMatchObject({ r: 'ok' });
      expect(await bench.store.commitLogin(leg(1 - winner))).toEqual({ r: 'done' });
    }
  });

  it('give one grant when many callbacks race', async () => {
    const transaction = await pending(bench.store);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) =>
        bench.store.commitLogin({ ...loginOf(transaction, bench.clock.now), attempt: `a${index}` }),
      ),
    );
    expect(results.filter((result) => result.r === 'ok')).toHaveLength(1);
    expect((await bench.store.stats()).grants).toBe(1);
  });

  describe('that the user says no to', () => {
    const deny = (transaction: string, source = 'a'): ReturnType<Bench['store']['denyPending']> =>
      bench.store.denyPending({ transaction, ttl: 10 * minute, source });

    it('are over, however often it is said: neither the answer nor another yes brings them back', async () => {
      await put('t');
      expect(await deny('t')).toEqual({ r: 'ok' });
      expect(await deny('t')).toEqual({ r: 'ok' });
      expect(await put('t')).toEqual({ r: 'denied' });
      expect(await take('t')).toEqual({ r: 'denied' });
      expect((await bench.store.stats()).pending).toBe(1);
    });

    it('are over although they never began', async () => {
      expect(await deny('t')).toEqual({ r: 'ok' });
      expect(await put('t')).toEqual({ r: 'denied' });
      expect(await take('t')).toEqual({ r: 'denied' });
    });

    it('are over although the answer was taken: the same attempt gets nothing more', async () => {
      await put('t');
      await take('t', 0, 'same');
      await deny('t');
      expect(await take('t', 0, 'same')).toEqual({ r: 'denied' });
      expect(await bench.store.commitLogin(loginOf('t', bench.clock.now))).toEqual({ r: 'denied' });
      expect(await bench.store.stats()).toMatchObject({ grants: 0, connections: 0 });
    });

    it('stay as they are when the code was issued before', async () => {
      const transaction = await pending(bench.store);
      const committed = loginOf(transaction, bench.clock.now);
      await bench.store.commitLogin(committed);
      expect(await deny(transaction)).toEqual({ r: 'done' });
      expect(await bench.store.commitLogin(committed)).toEqual({ r: 'ok', connection: 'stored' });
      expect(await take(transaction)).toEqual({ r: 'done' });
    });

    it('end one way when the no races for it with the callbacks', async () => {
      for (let round = 0; round < 20; round += 1) {
        const transaction = await pending(bench.store);
        const before = (await bench.store.stats()).grants;
        const commit = (attempt: string): Promise<{ r: string }> =>
          bench.store.commitLogin({
            ...loginOf(transaction, bench.clock.now, { connection: connectionOf(transaction) }),
            attempt,
          });
        const race = round % 2 === 0 ? [commit('a'), deny(transaction)] : [deny(transaction), commit('a')];
        const results = (await Promise.all([...race, commit('b')])).map(({ r }) => r);
        const grants = (await bench.store.stats()).grants - before;
        const denied = (await take(transaction)).r === 'denied';
        expect({ results, grants }).toEqual({
          results: expect.arrayContaining(denied ? ['ok', 'denied'] : ['ok', 'done']),
          grants: denied ? 0 : 1,
        });
      }
    });

    it('are forgotten after their time, and count against the source like any other', async () => {
      for (let count = 0; count < 20; count += 1) await deny(`flood-${count}`, 'flood');
      expect((await bench.store.stats()).pending).toBe(5);
      bench.clock.now += 10 * minute;
      expect(await put('flood-19')).toEqual({ r: 'ok', leg: 0 });
      expect(await deny('late')).toEqual({ r: 'ok' });
    });
  });

  it('drop a user’s oldest grants beyond the cap, tombstones first', async () => {
    const first = await login(bench);
    const second = await login(bench);
    await bench.store.revokeGrant({ bucket: 'abc', grantId: second, why: 'revoked_by_client' });
    bench.clock.now += 1;
    const third = await login(bench);
    await login(bench);
    expect((await bench.store.stats()).grants).toBe(3);
    const read = (grantId: string): ReturnType<Bench['store']['readSession']> =>
      bench.store.readSession({ bucket: 'abc', grantId, upstream: null });
    expect(await read(second)).toBeNull();
    expect(await read(first)).toMatchObject({ state: 'code' });
    bench.clock.now += 1;
    await login(bench);
    expect(await read(first)).toBeNull();
    expect(await read(third)).toMatchObject({ state: 'code' });
  });

  it('keep one user’s rows apart from another’s', async () => {
    await login(bench, { connection: connectionOf('one') });
    await login(bench, { connection: connectionOf('two') });
    expect(await bench.store.stats()).toMatchObject({ grants: 2, connections: 2 });
    await bench.store.revokeUser({ bucket: 'abc', userId: 'one' });
    expect(await bench.store.stats()).toMatchObject({ connections: 1 });
  });
});
