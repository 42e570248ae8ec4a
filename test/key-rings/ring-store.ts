import type { RingStore, StoredRing } from '../../src/keys/wrapped-ring.ts';

/** A compare-and-set map; `writes` counts the ones that took effect. */
export interface TestRingStore extends RingStore {
  readonly rows: Map<string, StoredRing>;
  writes: number;
}

/** @param copy of another store's rows, as a restart or a second replica finds them */
export function ringStore({ durable = true, rows = new Map<string, StoredRing>() } = {}): TestRingStore {
  const store: TestRingStore = {
    traits: { durable },
    rows,
    writes: 0,
    async loadKeyRing(name) {
      return rows.get(name) ?? null;
    },
    async saveKeyRing(name, { value, version }) {
      if ((rows.get(name)?.version ?? 0) !== version) return 'conflict';
      rows.set(name, { value: Uint8Array.from(value), version: version + 1 });
      store.writes += 1;
      return 'ok';
    },
  };
  return store;
}
