import type { Clock, Milliseconds } from '../types/time.ts';
import type { Bucket, ConnectionKey, GrantKey, KeyRingRow } from './contract.ts';
import { dropExpired } from './grant-operations.ts';
import type { ConnectionRecord, GrantRecord, PendingRecord, Rows, UserRecord } from './records.ts';

/** Width of one slot of the expiry wheel. */
const slotWidth: Milliseconds = 60_000;

/** Rows that one write may sweep, so that no single request pays for many. */
const sweepLimit = 64;

interface Owned {
  record: UserRecord | undefined;
  readonly grants: Set<string>;
  readonly connections: Map<string, ConnectionRecord>;
}

/** Rows in maps. Expiry goes by slots of a wheel, so that nothing is ever scanned. */
export class MemoryRows implements Rows {
  readonly #clock: Clock;
  readonly #pending = new Map<string, PendingRecord>();
  readonly #sources = new Map<string, Set<string>>();
  readonly #grants = new Map<string, GrantRecord>();
  readonly #users = new Map<string, Owned>();
  readonly #rings = new Map<string, KeyRingRow>();
  readonly #wheel = new Map<number, string[]>();
  /** The first slot that may still hold something. */
  #slot: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#slot = Math.floor(clock() / slotWidth);
  }

  now(): Milliseconds {
    return this.#clock();
  }

  get stats(): { pending: number; grants: number; connections: number } {
    let connections = 0;
    for (const owned of this.#users.values()) connections += owned.connections.size;
    return { pending: this.#pending.size, grants: this.#grants.size, connections };
  }

  pending(transaction: string): PendingRecord | undefined {
    return this.#pending.get(transaction);
  }

  savePending(record: PendingRecord): void {
    this.#pending.set(record.transaction, record);
    const group = this.#sources.get(record.source) ?? new Set<string>();
    this.#sources.set(record.source, group.add(record.transaction));
  }

  deletePending(transaction: string): void {
    const record = this.#pending.get(transaction);
    if (!record) return;
    this.#pending.delete(transaction);
    const group = this.#sources.get(record.source);
    group?.delete(transaction);
    if (group?.size === 0) this.#sources.delete(record.source);
  }

  countPending(source?: string): number {
    return source === undefined ? this.#pending.size : (this.#sources.get(source)?.size ?? 0);
  }

  oldestPending(source: string): PendingRecord | undefined {
    const [oldest] = this.#sources.get(source) ?? [];
    return oldest === undefined ? undefined : this.#pending.get(oldest);
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

  grant(key: GrantKey): GrantRecord | undefined {
    return this.#grants.get(grantKey(key));
  }

  saveGrant(record: GrantRecord): void {
    const key = grantKey(record);
    if (!this.#grants.has(key)) {
      this.#owned(record.bucket, record.userId).grants.add(key);
      this.#schedule(key, record.expiresAt);
    }
    this.#grants.set(key, record);
  }

  deleteGrant(key: GrantKey): void {
    const record = this.#grants.get(grantKey(key));
    if (!record) return;
    this.#grants.delete(grantKey(key));
    this.#users.get(userKey(record.bucket, record.userId))?.grants.delete(grantKey(key));
  }

  grantsOf(bucket: Bucket, userId: string): readonly GrantRecord[] {
    const keys = this.#users.get(userKey(bucket, userId))?.grants ?? [];
    return [...keys].flatMap((key) => this.#grants.get(key) ?? []);
  }

  user(bucket: Bucket, userId: string): UserRecord | undefined {
    return this.#users.get(userKey(bucket, userId))?.record;
  }

  saveUser(record: UserRecord): void {
    this.#owned(record.bucket, record.userId).record = record;
  }

  connection(key: ConnectionKey): ConnectionRecord | undefined {
    return this.#users.get(userKey(key.bucket, key.userId))?.connections.get(connectionKey(key));
  }

  saveConnection(record: ConnectionRecord): void {
    this.#owned(record.bucket, record.userId).connections.set(connectionKey(record), record);
  }

  deleteUser(bucket: Bucket, userId: string): void {
    const owned = this.#users.get(userKey(bucket, userId));
    if (!owned) return;
    owned.record = undefined;
    owned.connections.clear();
    if (owned.grants.size === 0) this.#users.delete(userKey(bucket, userId));
  }

  keyRing(name: string): KeyRingRow | undefined {
    return this.#rings.get(name);
  }

  saveKeyRing(name: string, row: KeyRingRow): void {
    this.#rings.set(name, row);
  }

  /** Drops rows whose time is over; at most a few per call. */
  sweep(): void {
    const now = this.now();
    for (const [transaction, { expiresAt }] of this.#pending) {
      if (expiresAt > now) break;
      this.deletePending(transaction);
    }
    let left = sweepLimit;
    while (left > 0 && this.#slot <= Math.floor(now / slotWidth)) {
      const key = this.#wheel.get(this.#slot)?.pop();
      left -= 1;
      if (key !== undefined) this.#expire(key, now);
      else this.#wheel.delete(this.#slot++);
    }
  }

  #expire(key: string, now: Milliseconds): void {
    const grant = this.#grants.get(key);
    if (!grant) return;
    if (grant.expiresAt > now) this.#schedule(key, grant.expiresAt);
    else dropExpired(this, grant);
  }

  /** A grant is in one slot at a time: the one of its expiry when it was put there. It slides on when that comes. */
  #schedule(key: string, expiresAt: Milliseconds): void {
    const slot = Math.max(this.#slot, Math.floor(expiresAt / slotWidth) + 1);
    const keys = this.#wheel.get(slot);
    if (keys) keys.push(key);
    else this.#wheel.set(slot, [key]);
  }

  #owned(bucket: Bucket, userId: string): Owned {
    const key = userKey(bucket, userId);
    const known = this.#users.get(key);
    if (known) return known;
    const owned: Owned = { record: undefined, grants: new Set(), connections: new Map() };
    this.#users.set(key, owned);
    return owned;
  }
}

function grantKey({ bucket, grantId }: GrantKey): string {
  return `${bucket}.${grantId}`;
}

function userKey(bucket: Bucket, userId: string): string {
  return `${bucket}.${userId}`;
}

/** Lengths keep two parts from running into each other. */
function connectionKey({ upstream, account }: ConnectionKey): string {
  return `${upstream.length}:${upstream}:${account}`;
}
