import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openWrappedRing } from '../../src/keys/wrapped-ring.ts';
import type { TestRingStore } from './ring-store.ts';
import { ringStore } from './ring-store.ts';

const [a, b, c] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const day = 86_400_000;
const grace = 7 * day;

/** A store and a clock; each opening is a start of some replica. */
function deployment() {
  const store: TestRingStore = ringStore();
  let now = 1_800_000_000_000;
  const start = (secrets: readonly Uint8Array[], more: { grace?: number } = {}): Promise<Uint8Array> =>
    openWrappedRing(store, 'vault', { secrets, clock: () => now, grace, ...more });
  return { store, start, wait: (ms: number) => (now += ms) };
}

const locked = { code: 'key_ring_locked' };

describe('an HMAC secret that was retired', () => {
  it('opens the ring during the grace: replicas with older files start during a roll-out', async () => {
    const { start, wait } = deployment();
    const secret = await start([a]);
    await start([b, a]);
    await start([b]);
    wait(grace - 1);
    await start([b]);
    expect(await start([a])).toEqual(secret);
  });

  it('opens it no more after the grace: leaked, it is worth nothing with a copy of the store', async () => {
    const { start, wait, store } = deployment();
    const secret = await start([a]);
    await start([b, a]);
    wait(grace);
    expect(await start([b])).toEqual(secret);
    const copy = { ...store, saveKeyRing: () => Promise.resolve('ok' as const) };
    await expect(
      openWrappedRing(copy, 'vault', { secrets: [a], clock: Date.now, grace }),
    ).rejects.toMatchObject(locked);
  });

  it('stays as long as one replica has it configured, however old it is', async () => {
    const { start, wait } = deployment();
    const secret = await start([a]);
    for (let round = 0; round < 5; round += 1) {
      wait(grace - day);
      await start([b, a]);
      await start([b]);
    }
    expect(await start([a])).toEqual(secret);
  });

  it('is dropped at once with a grace of 0', async () => {
    const { start } = deployment();
    await start([a]);
    await start([b, a]);
    await start([b], { grace: 0 });
    await expect(start([a])).rejects.toMatchObject(locked);
  });

  it('is never dropped by whoever has not opened the ring', async () => {
    const { start, wait, store } = deployment();
    const secret = await start([a]);
    wait(10 * grace);
    const writes = store.writes;
    await expect(start([c])).rejects.toMatchObject(locked);
    expect(store.writes).toBe(writes);
    expect(await start([a])).toEqual(secret);
  });

  it('of a row from before the grace was kept counts from now on', async () => {
    const { start, wait, store } = deployment();
    const secret = await start([b, a]);
    const row = store.rows.get('vault');
    const wraps = JSON.parse(Buffer.from(row?.value ?? []).toString()) as { wrap: string }[];
    const old = Buffer.from(JSON.stringify(wraps.map(({ wrap }) => wrap)));
    store.rows.set('vault', { value: old, version: 7 });
    expect(await start([b])).toEqual(secret);
    expect(await start([a])).toEqual(secret);
    await start([b]);
    wait(grace);
    await start([b]);
    await expect(start([a])).rejects.toMatchObject(locked);
  });

  it('of a moment when a clock was years ahead counts from now on', async () => {
    const { start, wait } = deployment();
    wait(20 * 365 * day);
    const secret = await start([b, a]);
    wait(-20 * 365 * day);
    expect(await start([b])).toEqual(secret);
    wait(grace);
    expect(await start([b])).toEqual(secret);
    await expect(start([a])).rejects.toMatchObject(locked);
  });
});
