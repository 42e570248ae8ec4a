import type { Milliseconds } from '../types/time.ts';
import type { PendingRecord } from './records.ts';
import type { Sealed } from './terms.ts';

/** Logins under way of the memory store, the oldest first, and by source. */
export class MemoryPending {
  readonly #all = new Map<string, PendingRecord>();
  readonly #sources = new Map<string, Set<string>>();

  get(transaction: string): PendingRecord | undefined {
    return this.#all.get(transaction);
  }

  save(record: PendingRecord): void {
    this.#all.set(record.transaction, { ...record, sealed: owned(record.sealed) });
    const group = this.#sources.get(record.source) ?? new Set<string>();
    this.#sources.set(record.source, group.add(record.transaction));
  }

  delete(transaction: string): void {
    const record = this.#all.get(transaction);
    if (!record) return;
    this.#all.delete(transaction);
    const group = this.#sources.get(record.source);
    group?.delete(transaction);
    if (group?.size === 0) this.#sources.delete(record.source);
  }

  count(source?: string): number {
    return source === undefined ? this.#all.size : (this.#sources.get(source)?.size ?? 0);
  }

  oldest(source: string): PendingRecord | undefined {
    const [oldest] = this.#sources.get(source) ?? [];
    return oldest === undefined ? undefined : this.#all.get(oldest);
  }

  heaviestSource(): string | undefined {
    let heaviest: string | undefined;
    let most = 0;
    for (const [source, group] of this.#sources) {
      if (group.size <= most) continue;
      heaviest = source;
      most = group.size;
    }
    return heaviest;
  }

  /** Drops those whose time is over. */
  drop(now: Milliseconds): void {
    for (const [transaction, { expiresAt }] of this.#all) {
      if (expiresAt > now) break;
      this.delete(transaction);
    }
  }
}

/** A small buffer is a slice of a slab of 64 KiB, all of which a slice that is kept keeps too (`Buffer.poolSize`). */
function owned(sealed: Sealed): Sealed {
  return sealed.buffer.byteLength === sealed.byteLength ? sealed : new Uint8Array(sealed);
}
