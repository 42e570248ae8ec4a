import type { Sealer } from '../../crypto/seal.ts';
import { SallyportError } from '../../types/error.ts';
import type { Milliseconds } from '../../types/time.ts';
import type { Registration } from './registration.ts';

/** What the store keeps of our registration at one upstream, sealed. */
export interface RegistrationRecord {
  /** `null`: we are not registered, or not any more. */
  readonly current: Registration | null;
  /** Superseded ones whose secrets still live: refresh tokens that they were given are good with them alone. */
  readonly earlier: readonly Registration[];
  /** Who registers right now; whoever comes later waits until then. */
  readonly lease: { readonly owner: string; readonly until: Milliseconds } | null;
  /** The provider refused or did not answer; do not ask again before this moment. 0: no such wait. */
  readonly backoffUntil: Milliseconds;
  /** When we last registered, whatever became of it; 0: never. */
  readonly registeredAt: Milliseconds;
}

/** The part of a store that keeps it: opaque bytes under a version for compare-and-set. */
interface RegistrationStore {
  loadKeyRing(name: string): Promise<{ readonly value: Uint8Array; readonly version: number } | null>;
  saveKeyRing(
    name: string,
    row: { readonly value: Uint8Array; readonly version: number },
  ): Promise<'ok' | 'conflict'>;
}

/** Where registrations are kept and what seals them. */
export interface Registrations {
  readonly store: RegistrationStore;
  readonly sealer: Sealer;
}

/** The place of one of them. */
export interface RecordPlace extends Registrations {
  readonly name: string;
}

/** A record as it was read; `version` 0 when there is none. */
export interface LoadedRecord {
  readonly record: RegistrationRecord;
  readonly version: number;
}

const nothing: RegistrationRecord = {
  current: null,
  earlier: [],
  lease: null,
  backoffUntil: 0,
  registeredAt: 0,
};

/** A record that no key opens is as good as none: the provider will know us under another name. */
export async function loadRecord({ store, sealer, name }: RecordPlace): Promise<LoadedRecord> {
  const row = await store.loadKeyRing(name);
  if (!row) return { record: nothing, version: 0 };
  try {
    // Only `saveRecord` seals in this context.
    const record = JSON.parse(sealer.open(row.value, contextOf(name)).toString()) as RegistrationRecord;
    return { record, version: row.version };
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'seal_broken')
      return { record: nothing, version: row.version };
    throw error;
  }
}

/** Compare-and-set: false when somebody else wrote since it was loaded. */
export async function saveRecord(
  { store, sealer, name }: RecordPlace,
  record: RegistrationRecord,
  version: number,
): Promise<boolean> {
  const value = sealer.seal(JSON.stringify(record), contextOf(name));
  return (await store.saveKeyRing(name, { value, version })) === 'ok';
}

function contextOf(name: string): string {
  return `registration:${name}`;
}
