import type { Milliseconds } from '../types/time.ts';
import type { ConsentKey } from './consent-contract.ts';
import type { ConsentRecord } from './records.ts';

/** Users that one sweep looks at. */
const sweepLimit = 16;

/** Remembered consents of the memory store, by user. */
export class MemoryConsents {
  readonly #users = new Map<string, ReadonlyMap<string, ConsentRecord>>();
  /** Goes round the users again and again, so that no sweep is long. */
  #round = this.#users.entries();

  get({ bucket, userId, consentId }: ConsentKey): ConsentRecord | undefined {
    return this.#users.get(nameOf(bucket, userId))?.get(consentId);
  }

  save(record: ConsentRecord): void {
    const name = nameOf(record.bucket, record.userId);
    this.#users.set(name, new Map([...(this.#users.get(name) ?? []), [record.consentId, record]]));
  }

  delete({ bucket, userId, consentId }: ConsentKey): void {
    const name = nameOf(bucket, userId);
    this.#keep(name, (record) => record.consentId !== consentId);
  }

  of(bucket: string, userId: string): readonly ConsentRecord[] {
    return [...(this.#users.get(nameOf(bucket, userId))?.values() ?? [])];
  }

  /** Drops some of those whose time is over. */
  sweep(now: Milliseconds): void {
    for (let left = Math.min(sweepLimit, this.#users.size); left > 0; left -= 1) {
      const next = this.#round.next();
      if (next.done) this.#round = this.#users.entries();
      else this.#keep(next.value[0], ({ expiresAt }) => expiresAt > now);
    }
  }

  #keep(name: string, isKept: (record: ConsentRecord) => boolean): void {
    const known = this.#users.get(name);
    if (!known) return;
    const kept = [...known].filter(([, record]) => isKept(record));
    if (kept.length === 0) this.#users.delete(name);
    else if (kept.length < known.size) this.#users.set(name, new Map(kept));
  }
}

function nameOf(bucket: string, userId: string): string {
  return `${bucket}.${userId}`;
}
