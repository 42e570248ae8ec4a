import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMac, mac } from '../../src/crypto/hmac.ts';
import { openKeyRings } from '../../src/keys/rings.ts';
import type { KeyRings } from '../../src/keys/rings.ts';
import { openWrappedRing } from '../../src/keys/wrapped-ring.ts';
import type { RingStore } from '../../src/keys/wrapped-ring.ts';
import { Secret } from '../../src/types/secret.ts';
import { ringStore } from './ring-store.ts';

const [a, b] = [randomBytes(32), randomBytes(32)];

async function open(store: RingStore, ...secrets: readonly Uint8Array[]): Promise<KeyRings> {
  return (await openKeyRings({ hmacSecrets: secrets.map((secret) => new Secret(secret)), store })).rings;
}

function agree(one: KeyRings, other: KeyRings): boolean {
  const [key] = one.clientIds;
  const sameIds = key !== undefined && findMac(other.clientIds, 'data', mac(key, 'data')) !== null;
  return sameIds && other.vault.open(one.vault.seal('x', 'row'), 'row').toString() === 'x';
}

/** Both load before either saves: the tightest race. */
function inLockstep(store: RingStore): RingStore {
  let loads = 0;
  const { promise: bothLoaded, resolve } = Promise.withResolvers<void>();
  return {
    traits: store.traits,
    loadKeyRing: (name) => store.loadKeyRing(name),
    async saveKeyRing(name, row) {
      loads += 1;
      if (loads === 2) resolve();
      if (loads <= 2) await bothLoaded;
      return store.saveKeyRing(name, row);
    },
  };
}

describe('two starters that race for a new store', () => {
  it('end with the same rings', async () => {
    const store = ringStore();
    const racing = inLockstep(store);
    const [one, other] = await Promise.all([open(racing, a), open(racing, a)]);
    expect(agree(one, other)).toBe(true);
    expect(agree(await open(store, a), one)).toBe(true);
  });

  it('end with the same rings when one has a newer secret already', async () => {
    const racing = inLockstep(ringStore());
    const [one, other] = await Promise.all([open(racing, a), open(racing, b, a)]);
    expect(agree(one, other)).toBe(true);
    expect(agree(await open(racing, b), one)).toBe(true);
  });

  it('and share no secret: the loser is told instead of making rings of its own', async () => {
    const racing = inLockstep(ringStore());
    const results = await Promise.allSettled([open(racing, a), open(racing, b)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = results.find((result) => result.status === 'rejected');
    expect(loser?.reason).toMatchObject({ code: 'key_ring_locked' });
  });
});

describe('replicas that add a wrap at the same time', () => {
  it('lose none of them', async () => {
    const store = ringStore();
    const first = await open(store, a);
    const added = Array.from({ length: 6 }, () => randomBytes(32));
    await Promise.all(added.map((secret) => open(store, a, secret)));
    for (const secret of added) expect(agree(await open(store, secret), first)).toBe(true);
  });

  it('agree whatever the order of their steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const store = ringStore();
        const scheduled: RingStore = {
          traits: store.traits,
          loadKeyRing: scheduler.scheduleFunction((name: string) => store.loadKeyRing(name)),
          saveKeyRing: (name, row) =>
            scheduler.schedule(Promise.resolve(), 'save').then(() => store.saveKeyRing(name, row)),
        };
        const starting = [open(scheduled, a), open(scheduled, b, a), open(scheduled, a, b)];
        await scheduler.waitFor(Promise.all(starting));
        const [one, ...others] = await Promise.all(starting);
        for (const other of others) expect(one && agree(one, other)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a store that misbehaves', () => {
  it('by conflicting for ever is given up, as a failure of the store', async () => {
    const store: RingStore = { ...ringStore(), saveKeyRing: async () => 'conflict' };
    await expect(open(store, a)).rejects.toMatchObject({ code: 'storage_failed' });
  });

  it('by failing is reported as it failed', async () => {
    const failure = new Error('disk on fire');
    const store: RingStore = { ...ringStore(), loadKeyRing: async () => Promise.reject(failure) };
    await expect(open(store, a)).rejects.toBe(failure);
  });

  it.each([
    ['nothing', ''],
    ['half a row', '["AQ'],
    ['another form', '{"wraps":1}'],
    ['other content', '[1,null]'],
    ['no wraps', '[]'],
    ['a wrap that is too short', '["AA"]'],
    ['text', 'sqlite'],
  ])('by returning %s is refused as locked, and the row is not overwritten', async (_, text) => {
    const store = ringStore();
    store.rows.set('clients', { value: Buffer.from(text), version: 3 });
    await expect(open(store, a)).rejects.toMatchObject({ code: 'key_ring_locked' });
    expect(store.rows.get('clients')).toEqual({ value: Buffer.from(text), version: 3 });
  });

  it('by losing one of two wraps is mended', async () => {
    const store = ringStore();
    const secret = await openWrappedRing(store, 'clients', {
      secrets: [a, b],
      clock: Date.now,
      grace: 60_000,
    });
    const row = store.rows.get('clients');
    const [, second] = JSON.parse(Buffer.from(row?.value ?? []).toString()) as readonly string[];
    store.rows.set('clients', { value: Buffer.from(JSON.stringify([second])), version: 7 });
    expect(
      await openWrappedRing(store, 'clients', { secrets: [a, b], clock: Date.now, grace: 60_000 }),
    ).toEqual(secret);
    expect(await openWrappedRing(store, 'clients', { secrets: [a], clock: Date.now, grace: 60_000 })).toEqual(
      secret,
    );
  });
});
