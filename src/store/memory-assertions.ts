import type { Milliseconds } from '../types/time.ts';
import type { AssertionRecord } from './records.ts';

/** Used assertions of the memory store, by client. */
export class MemoryAssertions {
  readonly #clients = new Map<string, Map<string, AssertionRecord>>();
  #strangers = 0;

  get(client: string, assertion: string): AssertionRecord | undefined {
    return this.#clients.get(client)?.get(assertion);
  }

  save(record: AssertionRecord): void {
    const { client, assertion, stranger } = record;
    const known = this.#clients.get(client) ?? new Map<string, AssertionRecord>();
    if (!known.has(assertion) && stranger) this.#strangers += 1;
    this.#clients.set(client, known.set(assertion, record));
  }

  count(of: { readonly client: string } | 'strangers'): number {
    return of === 'strangers' ? this.#strangers : (this.#clients.get(of.client)?.size ?? 0);
  }

  /** Drops those whose time is over. */
  drop(now: Milliseconds): void {
    for (const [client, known] of this.#clients) {
      for (const [assertion, { stranger, expiresAt }] of known) {
        if (expiresAt > now) continue;
        known.delete(assertion);
        if (stranger) this.#strangers -= 1;
      }
      if (known.size === 0) this.#clients.delete(client);
    }
  }
}
