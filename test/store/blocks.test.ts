import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Block } from '../../src/store/block-contract.ts';
import type { Bench } from './backends.ts';
import { backends, hour } from './backends.ts';

describe.each(backends)('%s: who is shut out', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const put = (
    value: string,
    more: Partial<Parameters<Bench['store']['putBlock']>[0]> = {},
  ): Promise<string> =>
    bench.store.putBlock({ kind: 'client', value, reason: 'phishing', ttl: null, ...more });
  const values = async (): Promise<readonly string[]> =>
    (await bench.store.listBlocks()).map(({ kind, value }) => `${kind}:${value}`);

  it('is listed with the reason and the moment, the oldest first', async () => {
    const since = bench.clock.now;
    await put('a');
    bench.clock.now += 1;
    await put('evil.example', { kind: 'host', reason: '' });
    const first: Block = { kind: 'client', value: 'a', reason: 'phishing', since, until: 0 };
    expect((await bench.store.listBlocks())[0]).toEqual(first);
    expect(await values()).toEqual(['client:a', 'host:evil.example']);
  });

  it('is told apart by kind, and written once', async () => {
    await put('x');
    await put('x', { kind: 'user' });
    await put('x', { reason: 'again' });
    expect((await values()).toSorted()).toEqual(['client:x', 'user:x']);
    expect((await bench.store.listBlocks()).find(({ kind }) => kind === 'client')?.reason).toBe('again');
  });

  it('is let in again by name, and when the time is over', async () => {
    await put('a');
    await put('b', { ttl: hour });
    expect(await bench.store.removeBlock({ kind: 'client', value: 'a' })).toBe(true);
    expect(await bench.store.removeBlock({ kind: 'client', value: 'a' })).toBe(false);
    bench.clock.now += hour - 1;
    expect(await values()).toEqual(['client:b']);
    bench.clock.now += 1;
    expect(await values()).toEqual([]);
  });

  it('are not more than every gateway can look at every few seconds', async () => {
    const many = Array.from({ length: 2000 }, (_none, index) => put(`c${index}`));
    expect(new Set(await Promise.all(many))).toEqual(new Set(['ok']));
    expect(await put('one more')).toBe('full');
    expect(await put('c7', { reason: 'known' })).toBe('ok');
  });
});
