import type { Milliseconds } from '../types/time.ts';
import type { RegistrationRecord } from './records.ts';

type Of = 'all' | { readonly source: string };

/** Registrations of the memory store. */
export class MemoryRegistrations {
  readonly #all = new Map<string, RegistrationRecord>();
  /** Ids of those that nobody has used, by source, the oldest first. */
  readonly #unused = new Map<string, Set<string>>();

  get(id: string): RegistrationRecord | undefined {
    return this.#all.get(id);
  }

  after(
    id: string,
    { limit, now }: { readonly limit: number; readonly now: Milliseconds },
  ): readonly RegistrationRecord[] {
    return [...this.#all.values()]
      .filter((one) => one.id > id && one.expiresAt > now)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .slice(0, limit);
  }

  save(record: RegistrationRecord): void {
    this.delete(record.id);
    this.#all.set(record.id, record);
    if (record.used) return;
    const ids = this.#unused.get(record.source) ?? new Set();
    this.#unused.set(record.source, ids.add(record.id));
  }

  delete(id: string): void {
    const record = this.#all.get(id);
    if (!record) return;
    this.#all.delete(id);
    const ids = this.#unused.get(record.source);
    ids?.delete(id);
    if (ids?.size === 0) this.#unused.delete(record.source);
  }

  count(of: Of): number {
    return of === 'all' ? this.#all.size : (this.#unused.get(of.source)?.size ?? 0);
  }

  /** Of all: the oldest of whoever has most. @returns whether there was one */
  dropUnused(of: Of): boolean {
    const [first] = of === 'all' ? this.#fullest() : (this.#unused.get(of.source) ?? []);
    if (first === undefined) return false;
    this.delete(first);
    return true;
  }

  drop(now: Milliseconds): void {
    for (const { id, expiresAt } of this.#all.values()) if (expiresAt <= now) this.delete(id);
  }

  #fullest(): ReadonlySet<string> {
    let most: ReadonlySet<string> = new Set();
    for (const ids of this.#unused.values()) if (ids.size > most.size) most = ids;
    return most;
  }
}
