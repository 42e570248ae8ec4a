import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findMac, mac } from '../../src/crypto/hmac.ts';
import type { MacKey } from '../../src/crypto/hmac.ts';
import { openKeyRings } from '../../src/keys/rings.ts';
import type { KeyRings } from '../../src/keys/rings.ts';
import { SallyportError } from '../../src/types/error.ts';
import { Secret } from '../../src/types/secret.ts';
import { ringStore } from './ring-store.ts';
import type { TestRingStore } from './ring-store.ts';

const [a, b, c] = [randomBytes(32), randomBytes(48), randomBytes(64)];

async function open(store: TestRingStore, ...secrets: readonly Uint8Array[]): Promise<KeyRings> {
  return (await openKeyRings({ hmacSecrets: secrets.map((secret) => new Secret(secret)), store })).rings;
}

function tagOf([first]: readonly MacKey[]): Buffer {
  if (!first) throw new Error('an empty ring');
  return mac(first, 'data');
}

function knows(ring: readonly MacKey[], tag: Buffer): boolean {
  return findMac(ring, 'data', tag) !== null;
}

const macRings = ['token', 'loginState', 'clientIds', 'clientSecrets'] as const;

async function failure(opening: Promise<unknown>): Promise<SallyportError> {
  const error: unknown = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof SallyportError) return error;
  throw new Error('it did not fail as it should', { cause: error });
}

describe('rings over a durable store', () => {
  it('are the same after a restart', async () => {
    const store = ringStore();
    const [before, after] = [await open(store, a), await open(store, a)];
    for (const ring of macRings) expect(knows(after[ring], tagOf(before[ring]))).toBe(true);
    expect(after.vault.open(before.vault.seal('x', 'row'), 'row').toString()).toBe('x');
    expect(after.transactions.open(before.transactions.seal('x', 'row'), 'row').toString()).toBe('x');
  });

  it('have one key per purpose, never one for two', async () => {
    const rings = await open(ringStore(), a);
    const tags = macRings.map((ring) => tagOf(rings[ring]).toString('hex'));
    expect(new Set(tags).size).toBe(macRings.length);
    expect(() => rings.transactions.open(rings.vault.seal('x', 'row'), 'row')).toThrow(SallyportError);
    expect(() => rings.vault.open(rings.transactions.seal('x', 'row'), 'row')).toThrow(SallyportError);
  });

  it('are written once: a restart with the same secrets writes nothing', async () => {
    const store = ringStore();
    await open(store, a, b);
    expect(store.writes).toBe(2);
    await open(store, a, b);
    await open(store, b, a);
    expect(store.writes).toBe(2);
  });

  it('leave nothing readable in the store', async () => {
    const store = ringStore();
    const rings = await open(store, a);
    const stored = [...store.rows.values()].map(({ value }) => Buffer.from(value).toString());
    for (const key of [...rings.clientIds, ...rings.clientSecrets].map(({ key }) => key.export())) {
      for (const text of stored) {
        expect(text).not.toContain(key.toString('base64url'));
        expect(text).not.toContain(key.toString('hex'));
      }
    }
    for (const text of stored) expect(text).not.toContain(a.toString('base64url'));
  });

  it('do not open each other: a row of one ring is worthless as the other', async () => {
    const store = ringStore();
    await open(store, a);
    const [clients, vault] = [store.rows.get('clients'), store.rows.get('vault')];
    expect(clients && vault).toBeDefined();
    if (clients && vault) store.rows.set('clients', vault).set('vault', clients);
    expect((await failure(open(store, a))).code).toBe('key_ring_locked');
  });

  it('belong to one deployment: two stores with the same secret have different ones', async () => {
    const [one, other] = [await open(ringStore(), a), await open(ringStore(), a)];
    expect(knows(other.clientIds, tagOf(one.clientIds))).toBe(false);
    expect(knows(other.token, tagOf(one.token))).toBe(true);
  });
});

describe('when HMAC secrets rotate', () => {
  async function rotated(): Promise<{
    store: TestRingStore;
    first: KeyRings;
    both: KeyRings;
    last: KeyRings;
  }> {
    const store = ringStore();
    const first = await open(store, a);
    const both = await open(store, b, a);
    return { store, first, both, last: await open(store, b) };
  }

  it('client ids, client secrets and the vault outlive the retired one', async () => {
    const { first, both, last } = await rotated();
    for (const rings of [both, last]) {
      expect(knows(rings.clientIds, tagOf(first.clientIds))).toBe(true);
      expect(knows(rings.clientSecrets, tagOf(first.clientSecrets))).toBe(true);
      expect(rings.vault.open(first.vault.seal('x', 'row'), 'row').toString()).toBe('x');
    }
  });

  it('client ids and the vault are the same in both directions', async () => {
    const { first, last } = await rotated();
    expect(knows(first.clientIds, tagOf(last.clientIds))).toBe(true);
    expect(first.vault.open(last.vault.seal('x', 'row'), 'row').toString()).toBe('x');
  });

  it('tokens end with the secret that signed them, not before', async () => {
    const { first, both, last } = await rotated();
    expect(knows(both.token, tagOf(first.token))).toBe(true);
    expect(knows(last.token, tagOf(both.token))).toBe(true);
    expect(knows(last.token, tagOf(first.token))).toBe(false);
    const sealed = first.transactions.seal('x', 'row');
    expect(both.transactions.open(sealed, 'row').toString()).toBe('x');
    expect(() => last.transactions.open(sealed, 'row')).toThrow(SallyportError);
  });

  it('many generations later everything durable still opens', async () => {
    const store = ringStore();
    const first = await open(store, a);
    let previous: Buffer = a;
    for (let generation = 0; generation < 10; generation += 1) {
      const next = randomBytes(32);
      await open(store, next, previous);
      previous = next;
    }
    const last = await open(store, previous);
    expect(knows(last.clientIds, tagOf(first.clientIds))).toBe(true);
  });

  it('a change without overlap is refused, names the fix, and harms nothing', async () => {
    const store = ringStore();
    const first = await open(store, a);
    const error = await failure(open(store, c));
    expect(error.code).toBe('key_ring_locked');
    expect(error.message).toMatch(/hmac_secret_files/u);
    expect(knows((await open(store, c, a)).clientIds, tagOf(first.clientIds))).toBe(true);
    expect(knows((await open(store, c)).clientIds, tagOf(first.clientIds))).toBe(true);
  });

  it('a file whose last byte went missing does not open the ring', async () => {
    const store = ringStore();
    await open(store, c);
    expect((await failure(open(store, c.subarray(0, -1)))).code).toBe('key_ring_locked');
  });
});

describe('rings over a store that forgets', () => {
  it('follow from the secrets: the same in every process', async () => {
    const [one, other] = [
      await open(ringStore({ durable: false }), a, b),
      await open(ringStore({ durable: false }), a, b),
    ];
    for (const ring of macRings) {
      expect(other[ring]).toHaveLength(2);
      expect(tagOf(other[ring])).toEqual(tagOf(one[ring]));
    }
    expect(other.vault.open(one.vault.seal('x', 'row'), 'row').toString()).toBe('x');
  });

  it('write nothing', async () => {
    const store = ringStore({ durable: false });
    await open(store, a);
    expect(store.writes).toBe(0);
  });

  it('verify what an older secret made, and sign with the first', async () => {
    const before = await open(ringStore({ durable: false }), a);
    const after = await open(ringStore({ durable: false }), b, a);
    for (const ring of macRings) {
      expect(knows(after[ring], tagOf(before[ring]))).toBe(true);
      expect(knows(before[ring], tagOf(after[ring]))).toBe(false);
    }
  });

  it('have one key per purpose, never one for two', async () => {
    const rings = await open(ringStore({ durable: false }), a);
    expect(new Set(macRings.map((ring) => tagOf(rings[ring]).toString('hex'))).size).toBe(macRings.length);
    expect(() => rings.transactions.open(rings.vault.seal('x', 'row'), 'row')).toThrow(SallyportError);
    expect(() => rings.vault.open(rings.transactions.seal('x', 'row'), 'row')).toThrow(SallyportError);
  });

  it('are random without a configured secret', async () => {
    const [one, other] = [
      await open(ringStore({ durable: false })),
      await open(ringStore({ durable: false })),
    ];
    for (const ring of macRings) expect(knows(other[ring], tagOf(one[ring]))).toBe(false);
    expect(() => other.vault.open(one.vault.seal('x', 'row'), 'row')).toThrow(SallyportError);
  });
});

describe('without a configured secret, a durable store', () => {
  it('is refused: nothing in it could be opened after a restart', async () => {
    const store = ringStore();
    const error = await failure(open(store));
    expect(error.code).toBe('key_ring_locked');
    expect(error.message).toMatch(/hmac_secret_files/u);
    expect(store.writes).toBe(0);
  });

  it('is refused too when it holds rings, and they stay as they are', async () => {
    const store = ringStore();
    const first = await open(store, a);
    expect((await failure(open(store))).code).toBe('key_ring_locked');
    expect(knows((await open(store, a)).clientIds, tagOf(first.clientIds))).toBe(true);
  });
});

describe('the secrets themselves', () => {
  it.each([0, 1, 31])('are refused with %i bytes', async (length) => {
    await expect(open(ringStore(), a, new Uint8Array(length))).rejects.toThrow(TypeError);
  });

  it('are in no error', async () => {
    const store = ringStore();
    await open(store, a);
    const printed = inspect(await failure(open(store, b)), { depth: 9 });
    for (const form of ['hex', 'base64', 'base64url'] as const)
      expect(printed).not.toContain(b.toString(form));
  });
});
