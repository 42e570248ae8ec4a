import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bench } from './backends.ts';
import { backends, bytes, connectionOf, loginOf, minute, unique } from './backends.ts';

describe.each(backends)('%s: a login at several upstreams', (name, open) => {
  let bench: Bench;
  let transaction: string;
  beforeEach(async () => {
    bench = await open();
    transaction = unique('t');
    const sealed = bytes('at first');
    await bench.store.putPending({ transaction, sealed, ttl: 10 * minute, source: 'here' });
  });
  afterEach(() => bench.close());

  const take = (leg: number, attempt = unique('a')) => bench.store.takePending({ transaction, leg, attempt });
  const advance = (leg: number, attempt = unique('a'), sealed = bytes('half way')) =>
    bench.store.advancePending({ transaction, leg, attempt, sealed, ttl: 10 * minute });
  const commit = (leg: number, attempt = unique('a')) =>
    bench.store.commitLogin({ ...loginOf(transaction, bench.clock.now, {}), leg, attempt });

  it('goes on with what was sealed, and ends after the last of them', async () => {
    await take(0);
    const advanced = await advance(0);
    const leg = advanced.r === 'ok' ? advanced.leg : -1;
    const taken = await take(leg);
    expect(taken.r === 'ok' && Buffer.from(taken.sealed).toString()).toBe('half way');
    expect((await commit(leg)).r).toBe('ok');
    expect((await advance(leg)).r).toBe('done');
  });

  it('keeps every connection of the user, or none', async () => {
    await take(0);
    const other = { ...connectionOf(), upstream: 'other', account: 'x' };
    const tokens = { access: bytes('o'), refresh: null, upstreamClientId: 'us', scopes: [] };
    const login = { ...loginOf(transaction, bench.clock.now, {}), leg: 0, attempt: unique('a') };
    await bench.store.commitLogin({ ...login, others: [{ connection: other, tokens }] });
    const { bucket, userId } = connectionOf();
    const rows = await bench.store.listConnections({ bucket, userId });
    expect(rows?.map(({ key }) => key.upstream)).toEqual([connectionOf().upstream, 'other'].toSorted());
  });

  it('goes on once for a request that is sent twice, and for one of several', async () => {
    await take(0);
    const attempt = unique('a');
    const [once, again, another] = await Promise.all([advance(0, attempt), advance(0, attempt), advance(0)]);
    expect(again).toEqual(once);
    expect(another).toEqual({ r: 'missing' });
  });

  it('neither goes back nor ends by an answer of an upstream that it has passed', async () => {
    await take(0);
    const advanced = await advance(0);
    expect(advanced.r).toBe('ok');
    expect(await advance(0)).toEqual({ r: 'missing' });
    expect(await commit(0)).toEqual({ r: 'missing' });
  });

  it('goes on once for a hundred racers', async () => {
    await take(0);
    const results = await Promise.all(Array.from({ length: 100 }, () => advance(0)));
    expect(results.filter(({ r }) => r === 'ok')).toHaveLength(1);
    expect(results.filter(({ r }) => r === 'missing')).toHaveLength(99);
  });

  it('goes on or ends, whichever of many comes first, and never both', async () => {
    await take(0);
    const mixed = Array.from({ length: 60 }, (_each, index) =>
      [() => commit(0), () => advance(0)][index % 2]?.(),
    );
    const results = (await Promise.all(mixed)).map((result) => result?.r);
    // The first one was a commit.
    expect([results[0], results.filter((r) => r === 'ok').length]).toEqual(['ok', 1]);
    const { grants } = await bench.store.stats();
    expect(grants).toBe(1);
  });

  it('takes the answer of each upstream once', async () => {
    await take(0);
    const advanced = await advance(0);
    const leg = advanced.r === 'ok' ? advanced.leg : -1;
    const results = await Promise.all(Array.from({ length: 50 }, () => take(leg)));
    expect(results.filter(({ r }) => r === 'ok')).toHaveLength(1);
  });

  it('ends all or nothing: of an ended login nothing is sealed in its row any more', async () => {
    await take(0);
    const attempt = unique('a');
    expect(await commit(0, attempt)).toMatchObject({ r: 'ok' });
    expect(await commit(0, attempt)).toMatchObject({ r: 'ok' });
    expect(await take(0)).toEqual({ r: 'done' });
    const again = { transaction, sealed: bytes('at first'), ttl: 10 * minute, source: 'here' };
    expect(await bench.store.putPending(again)).toEqual({ r: 'done' });
    expect((await bench.store.stats()).grants).toBe(1);
  });

  it('never replaces an alive connection by a narrower one, nor a refresh token by none, of any of them', async () => {
    const second = { ...connectionOf(), upstream: 'second', account: 'x' };
    const rich = {
      access: bytes('a'),
      refresh: bytes('r'),
      upstreamClientId: 'us',
      scopes: ['read', 'write'],
    };
    const enter = async (tokens: typeof rich | (Omit<typeof rich, 'refresh'> & { refresh: null })) => {
      transaction = unique('t');
      await bench.store.putPending({ transaction, sealed: bytes('x'), ttl: 10 * minute, source: 'here' });
      await take(0);
      const login = { ...loginOf(transaction, bench.clock.now, {}), leg: 0, attempt: unique('a') };
      await bench.store.commitLogin({ ...login, others: [{ connection: second, tokens }] });
      const { bucket, userId } = second;
      const rows = await bench.store.listConnections({ bucket, userId });
      const row = rows?.find(({ key }) => key.upstream === 'second');
      return [row?.tokens.access, row?.tokens.refresh].map((part) => part && Buffer.from(part).toString());
    };
    expect(await enter(rich)).toEqual(['a', 'r']);
    expect(await enter({ ...rich, access: bytes('b'), refresh: null })).toEqual(['b', 'r']);
    expect(await enter({ ...rich, access: bytes('c'), scopes: ['read'] })).toEqual(['b', 'r']);
  });

  it('goes on only after an answer was taken', async () => {
    expect(await advance(0)).toEqual({ r: 'missing' });
    await take(0);
    expect((await advance(0)).r).toBe('ok');
    expect(await advance(16)).toEqual({ r: 'missing' });
  });

  it('may start each upstream again three times', async () => {
    await take(0);
    const advanced = await advance(0);
    let leg = advanced.r === 'ok' ? advanced.leg : -1;
    for (let restart = 0; restart < 3; restart += 1) {
      expect((await take(leg)).r).toBe('ok');
      const again = await take(leg);
      expect(again.r).toBe('restarted');
      leg = again.r === 'restarted' ? again.leg : -1;
    }
    expect((await take(leg)).r).toBe('ok');
    expect((await take(leg)).r).toBe('exhausted');
  });

  it('leads an answer of an upstream that it has passed to where it waits, as often as that comes', async () => {
    await take(0);
    const advanced = await advance(0);
    const leg = advanced.r === 'ok' ? advanced.leg : -1;
    for (let again = 0; again < 9; again += 1) expect(await take(0)).toMatchObject({ r: 'restarted', leg });
    expect(await take(leg)).toMatchObject({ r: 'ok' });
    // Now its own answer was taken, and another one begins anew.
    expect(await take(0)).toMatchObject({ r: 'restarted', leg: leg + 1 });
  });

  it('comes back to where it is when the form is sent again', async () => {
    await take(0);
    const advanced = await advance(0);
    const again = await bench.store.putPending({
      transaction,
      sealed: bytes('at first'),
      ttl: 10 * minute,
      source: 'here',
    });
    expect(again.r === 'ok' && [again.leg, Buffer.from(again.sealed ?? []).toString()]).toEqual([
      advanced.r === 'ok' ? advanced.leg : -1,
      'half way',
    ]);
  });

  it('is over when the user says no', async () => {
    await take(0);
    await bench.store.denyPending({ transaction, ttl: 10 * minute, source: 'here' });
    expect(await advance(0)).toEqual({ r: 'denied' });
  });

  it('has its time at each upstream, and keeps nobody else’s row longer', async () => {
    const other = { transaction: unique('t'), sealed: bytes('x'), ttl: 10 * minute, source: 'here' };
    await bench.store.putPending(other);
    await take(0);
    bench.clock.now += 9 * minute;
    const advanced = await advance(0);
    bench.clock.now += 2 * minute;
    expect((await bench.store.takePending({ ...other, leg: 0, attempt: 'x' })).r).toBe('missing');
    // A write sweeps what is over.
    await bench.store.putPending({ ...other, transaction: unique('t') });
    if (name === 'memory') expect((await bench.store.stats()).pending).toBe(2);
    bench.clock.now += 7 * minute;
    expect((await take(advanced.r === 'ok' ? advanced.leg : -1)).r).toBe('ok');
    bench.clock.now += 1 * minute;
    expect((await take(advanced.r === 'ok' ? advanced.leg : -1)).r).toBe('missing');
  });

  it('expires like any other', async () => {
    await take(0);
    bench.clock.now += 10 * minute + 1;
    expect(await advance(0)).toEqual({ r: 'missing' });
  });
});
