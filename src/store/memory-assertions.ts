import type { Milliseconds } from '../types/time.ts';
import type { AssertionRecord } from './records.ts';

/** Used assertions of the memory store, by client, and those of strangers by source. */
export class MemoryAssertions {
  readonly #clients = new Map<string, Map<string, AssertionRecord>>();
  readonly #sources = new Map<string, Set<AssertionRecord>>();
  #strangers = 0;

  get(client: string, assertion: string): AssertionRecord | undefined {
    return this.#clients.get(client)?.get(assertion);
  }

  save(record: AssertionRecord): void {
    const { client, assertion, source } = record;
    const before = this.get(client, assertion);
    if (before) this.#delete(before);
    const known = this.#clients.get(client) ?? new Map<string, AssertionRecord>();
    this.#clients.set(client, known.set(assertion, record));
    if (source === '') return;
    this.#sources.set(source, (this.#sources.get(source) ?? new Set()).add(record));
    this.#strangers += 1;
  }

  count(of: { readonly client: string } | 'strangers'): number {
    return of === 'strangers' ? this.#strangers : (this.#clients.get(of.client)?.size ?? 0);
  }

  /** Drops those whose time is over. */
  drop(now: Milliseconds): void {
    for (const known of this.#clients.values())
      for (const record of known.values()) if (record.expiresAt <= now) this.#delete(record);
  }

  /** Drops the oldest of the source that has most. */
  dropOfHeaviest(): void {
    let heaviest: ReadonlySet<AssertionRecord> = new Set();
    for (const records of this.#sources.values()) if (records.size > heaviest.size) heaviest = records;
    const [oldest] = heaviest;
    if (oldest) this.#delete(oldest);
  }

  #delete(record: AssertionRecord): void {
    const { client, assertion, source } = record;
    const known = this.#clients.get(client);
    known?.delete(assertion);
    if (known?.size === 0) this.#clients.delete(client);
    const records = this.#sources.get(source);
    if (records?.delete(record)) this.#strangers -= 1;
    if (records?.size === 0) this.#sources.delete(source);
  }
}
