import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreCaps } from '../../src/store/records.ts';
import type { Bench } from './backends.ts';
import { backends, hour } from './backends.ts';

const day = 24 * hour;

describe.each(backends)('%s: registrations that are kept', (_, open) => {
  let bench: Bench;
  const start = async (caps: Partial<StoreCaps> = {}): Promise<void> => {
    await bench.close();
    bench = await open(caps);
  };
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const put = (id: string, source = 'a'): Promise<string> =>
    bench.store.putRegistration({ id, value: `value of ${id}`, source, ttl: hour });
  const known = async (id: string): Promise<boolean> => (await bench.store.getRegistration(id)) !== null;

  it('are there as they were put, until their time is over', async () => {
    const createdAt = bench.clock.now;
    expect(await put('one')).toBe('ok');
    const expected = {
      id: 'one',
      value: 'value of one',
      used: false,
      createdAt,
      expiresAt: createdAt + hour,
    };
    expect(await bench.store.getRegistration('one')).toEqual(expected);
    bench.clock.now += hour - 1;
    expect(await known('one')).toBe(true);
    bench.clock.now += 1;
    expect(await known('one')).toBe(false);
    expect(await bench.store.removeRegistration('one')).toBeNull();
  });

  it('stay for as long as they are used', async () => {
    await put('one');
    await bench.store.keepRegistration({ id: 'one', ttl: 30 * day });
    expect(await bench.store.getRegistration('one')).toMatchObject({
      used: true,
      expiresAt: bench.clock.now + 30 * day,
    });
    const before = bench.clock.now;
    // Another hour is not worth a write; another day is.
    bench.clock.now += hour;
    await bench.store.keepRegistration({ id: 'one', ttl: 30 * day });
    expect((await bench.store.getRegistration('one'))?.expiresAt).toBe(before + 30 * day);
    bench.clock.now = before + day;
    await bench.store.keepRegistration({ id: 'one', ttl: 30 * day });
    expect((await bench.store.getRegistration('one'))?.expiresAt).toBe(before + 31 * day);
  });

  it('do not come back by being used when their time is over, or when nobody made them', async () => {
    await put('one');
    bench.clock.now += hour;
    await bench.store.keepRegistration({ id: 'one', ttl: day });
    await bench.store.keepRegistration({ id: 'two', ttl: day });
    expect([await known('one'), await known('two')]).toEqual([false, false]);
  });

  it('are changed by whoever has seen what is there, and by one of several only', async () => {
    await put('one');
    const change = (value: string): Promise<boolean> =>
      bench.store.changeRegistration({ id: 'one', before: 'value of one', value });
    const racers = await Promise.all(['a', 'b', 'c'].map(change));
    expect(racers.filter(Boolean)).toHaveLength(1);
    expect(['a', 'b', 'c']).toContain((await bench.store.getRegistration('one'))?.value);
    expect(await bench.store.changeRegistration({ id: 'two', before: '', value: 'x' })).toBe(false);
  });

  it('are listed in pages, those whose time is over left out', async () => {
    await start();
    for (let index = 0; index < 501; index += 1) await put(`r${String(index).padStart(3, '0')}`, 'one');
    const first = await bench.store.listRegistrations('');
    expect(first.map(({ id }) => id).slice(0, 2)).toEqual(['r000', 'r001']);
    expect(first).toHaveLength(500);
    const rest = await bench.store.listRegistrations(first.at(-1)?.id ?? '');
    expect(rest.map(({ id }) => id)).toEqual(['r500']);
    await bench.store.keepRegistration({ id: 'r007', ttl: day });
    bench.clock.now += hour;
    expect((await bench.store.listRegistrations('')).map(({ id }) => id)).toEqual(['r007']);
  });

  it('are removed once', async () => {
    await put('one');
    const racers = await Promise.all([1, 2, 3].map(() => bench.store.removeRegistration('one')));
    expect(racers.filter((one) => one !== null)).toMatchObject([{ id: 'one', used: false }]);
    expect(await known('one')).toBe(false);
  });

  it('make room by those that nobody has used, of whoever has most', async () => {
    await start({ registrations: 30 });
    await put('honest', 'b');
    await put('used', 'b');
    await bench.store.keepRegistration({ id: 'used', ttl: day });
    // One source holds a tenth of the room at most.
    for (let index = 0; index < 10; index += 1) {
      bench.clock.now += 1;
      expect(await put(`a${index}`)).toBe('ok');
    }
    expect([await known('a6'), await known('a7'), await known('honest'), await known('used')]).toEqual([
      false,
      true,
      true,
      true,
    ]);
    // Many sources together do not push out one who waits, either, as long as they have more each.
    for (let index = 0; index < 60; index += 1) {
      bench.clock.now += 1;
      expect(await put(`m${index}`, `m${index % 20}`)).toBe('ok');
    }
    expect([await known('honest'), await known('used')]).toEqual([true, true]);
  });

  it('are refused when all of them are in use', async () => {
    await start({ registrations: 3 });
    for (const id of ['a', 'b', 'c']) {
      await put(id, id);
      await bench.store.keepRegistration({ id, ttl: day });
    }
    expect(await put('d', 'd')).toBe('full');
    expect(await known('a')).toBe(true);
    bench.clock.now += day;
    expect(await put('d', 'd')).toBe('ok');
  });

  it('take their room back when their time is over, however many there were', async () => {
    await start({ registrations: 50 });
    for (let index = 0; index < 50; index += 1) await put(`s${index}`, `s${index}`);
    bench.clock.now += hour;
    for (let index = 0; index < 50; index += 1) expect(await put(`t${index}`, `t${index}`)).toBe('ok');
    expect(await known('t0')).toBe(true);
  });
});
