import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TakenTurns } from '../../src/store/turn-contract.ts';
import type { Bench } from './backends.ts';
import { backends, minute } from './backends.ts';

/** Keys that there is room for. */
const maxTurnKeys = 20_000;

describe.each(backends)('%s: turns that several processes give', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  /** Ten a minute. */
  const taken = (turns: number, key = 'key'): TakenTurns => ({ key, turns, burst: 10, every: minute / 10 });
  const share = async (turns: number, key?: string): Promise<number | undefined> =>
    (await bench.store.shareTurns([taken(turns, key)]))[0];

  it('add up, by key, and come back with time', async () => {
    expect(await share(3)).toBe(18_000);
    expect(await share(2)).toBe(30_000);
    expect(await share(1, 'other')).toBe(6000);
    bench.clock.now += 20_000;
    expect(await share(0)).toBe(10_000);
    expect(await share(1)).toBe(16_000);
    bench.clock.now += minute;
    expect(await share(0)).toBe(0);
  });

  it('are told of several keys in the order in which they were asked', async () => {
    await share(4, 'b');
    const backs = await bench.store.shareTurns([taken(1, 'a'), taken(1, 'b'), taken(0, 'c'), taken(2, 'a')]);
    expect(backs).toEqual([6000, 30_000, 0, 18_000]);
    expect(await bench.store.shareTurns([])).toEqual([]);
  });

  it('are owed when too many were given, up to as many again', async () => {
    expect(await share(15)).toBe(90_000);
    expect(await share(1000)).toBe(120_000);
    bench.clock.now += minute;
    expect(await share(0)).toBe(60_000);
  });

  it('keep nobody out for long when the clock is set back', async () => {
    await share(10);
    bench.clock.now -= 30 * 24 * 60 * minute;
    expect(await share(0)).toBe(120_000);
  });

  it('have room for so many keys; who finds none is counted by nobody else', async () => {
    const many = Array.from({ length: maxTurnKeys }, (_, at) => taken(1, `key ${at}`));
    await bench.store.shareTurns(many);
    expect(await share(2, 'late')).toBe(12_000);
    expect(await share(0, 'late')).toBe(0);
    expect(await share(1, 'key 7')).toBe(12_000);
    // Those whose turns are back make room.
    bench.clock.now += 6000;
    expect(await share(2, 'late')).toBe(12_000);
    expect(await share(0, 'late')).toBe(12_000);
  });

  it('leave no row when they only ask', async () => {
    const many = Array.from({ length: maxTurnKeys }, (_, at) => taken(0, `key ${at}`));
    await bench.store.shareTurns(many);
    await share(1, 'late');
    expect(await share(0, 'late')).toBe(6000);
  });
});
