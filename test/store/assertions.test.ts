import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UseAssertion, UseAssertionResult } from '../../src/store/assertion-contract.ts';
import type { Bench } from './backends.ts';
import { backends, minute, unique } from './backends.ts';

describe.each(backends)('%s: assertions of clients', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const use = (more: Partial<UseAssertion> = {}): Promise<UseAssertionResult> =>
    bench.store.useAssertion({
      client: 'client-1',
      assertion: 'a',
      ttl: minute,
      source: null,
      ...more,
    });

  it('count once', async () => {
    expect([await use(), await use()]).toEqual(['ok', 'used']);
  });

  it('count once among any number who bring one at the same time', async () => {
    const results = await Promise.all(Array.from({ length: 200 }, () => use()));
    expect(results.filter((one) => one === 'ok')).toHaveLength(1);
    expect(results.filter((one) => one === 'used')).toHaveLength(199);
  });

  it('of two clients are two, whatever they are called', async () => {
    expect([await use(), await use({ client: 'client-2' })]).toEqual(['ok', 'ok']);
  });

  it('are forgotten when nobody would take them any more, and not before', async () => {
    await use();
    bench.clock.now += minute - 1;
    expect(await use()).toBe('used');
    bench.clock.now += 1;
    expect(await use()).toBe('ok');
  });

  it('of a client that brings too many are refused, and nobody else’s', async () => {
    const many = Array.from({ length: 5000 }, () => use({ assertion: unique('many') }));
    expect(new Set(await Promise.all(many))).toEqual(new Set(['ok']));
    expect(await use({ assertion: 'more' })).toBe('full');
    expect(await use({ client: 'client-2' })).toBe('ok');
    bench.clock.now += minute;
    expect(await use({ assertion: 'more' })).toBe('ok');
  });

  it('of strangers share one limit, which holds up nobody: whoever has most forgets one of its own', async () => {
    const crowd = (from: string, count: number): Promise<UseAssertionResult[]> =>
      Promise.all(
        Array.from({ length: count }, (_none, index) =>
          use({ client: `${from}-${index % 100}`, assertion: `${from}-${index}`, source: from }),
        ),
      );
    const fair = { client: 'fair', assertion: 'fair', source: 'elsewhere' };
    expect(await use(fair)).toBe('ok');
    expect(new Set(await crowd('heavy', 15_000))).toEqual(new Set(['ok']));
    expect(new Set(await crowd('other', 4999))).toEqual(new Set(['ok']));
    expect(new Set(await crowd('late', 50))).toEqual(new Set(['ok']));
    // Only what the heaviest brought is not known any more.
    expect(await use(fair)).toBe('used');
    expect(await use({ client: 'late-0', assertion: 'late-0', source: 'late' })).toBe('used');
    expect(await use({ client: 'other-0', assertion: 'other-0', source: 'other' })).toBe('used');
    const again = Array.from({ length: 60 }, (_none, index) =>
      use({ client: `heavy-${index}`, assertion: `heavy-${index}`, source: 'heavy' }),
    );
    expect((await Promise.all(again)).filter((one) => one === 'ok').length).toBeGreaterThan(0);
    expect(await use()).toBe('ok');
  });
});
