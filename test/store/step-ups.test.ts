import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bench } from './backends.ts';
import { activeGrant, backends, minute, refreshOf } from './backends.ts';

describe.each(backends)('%s: a grant whose client was sent to authorize', (_, open) => {
  let bench: Bench;
  let grantId: string;
  beforeEach(async () => {
    bench = await open();
    grantId = await activeGrant(bench);
  });
  afterEach(() => bench.close());

  // Shorter than the pause between two purges.
  const ttl = 10_000;
  const note = (): Promise<void> => bench.store.noteStepUp({ bucket: 'abc', grantId, ttl });
  const refresh = async (change = {}): Promise<string> =>
    (await bench.store.rotateRefresh(refreshOf(grantId, 1, { heedStepUp: true, ...change }))).r;

  it('is not rotated by its reflex, once', async () => {
    await note();
    expect(await refresh()).toBe('step_up');
    expect(await refresh()).toBe('ok');
  });

  it('is rotated by a refresh that is none, by one that comes late, and when nobody sent anybody', async () => {
    await note();
    expect(await refresh({ heedStepUp: false })).toBe('ok');
    bench.clock.now += ttl;
    expect(await refresh({ grace: minute })).toBe('retry');
    const other = await activeGrant(bench);
    await note();
    expect((await bench.store.rotateRefresh(refreshOf(other, 1, { heedStepUp: true }))).r).toBe('ok');
  });

  it('tells nobody who has no right to it, and forgets nothing by that', async () => {
    await note();
    expect(await refresh({ client: 'another' })).toBe('mismatch');
    expect(await refresh({ seed: 'another' })).toBe('mismatch');
    expect(await refresh()).toBe('step_up');
  });
});
