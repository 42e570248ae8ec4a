import type { Clock, Milliseconds } from '../types/time.ts';
import type { Bucket, ConnectionKey, GrantKey, KeyRingRow, StoreStats } from './contract.ts';
import type { Block, BlockKey } from './block-contract.ts';
import type { ConsentKey } from './consent-contract.ts';
import { dropExpired } from './grant-operations.ts';
import { MemoryAssertions } from './memory-assertions.ts';
import { MemoryRegistrations } from './memory-registrations.ts';
import { MemoryConsents } from './memory-consents.ts';
import { MemoryPending } from './memory-pending.ts';
import { PackedRecords } from './packed-records.ts';
import type {
  AssertionRecord,
  RegistrationRecord,
  ConnectionRecord,
  ConsentRecord,
  EndedRecord,
  GrantRecord,
  MomentKey,
  PendingRecord,
  Rows,
  UserRecord,
} from './records.ts';

/** Width of one slot of the expiry wheel. */
const slotWidth: Milliseconds = 60_000;

/** Between two looks at logins under way: a `Map` finds its first row only by passing all that were deleted before it. */
const sweepEvery: Milliseconds = 1000;

/** Rows that one write may sweep, so that no single request pays for many. */
const sweepLimit = 64;

/** What belongs to one user; lists that are replaced, because nearly all of them have one entry. */
interface Owned {
  user: string | undefined;
  grants: readonly string[];
  connections: readonly string[];
}

/** Packed rows in maps. Expiry goes by slots of a wheel, so that nothing is ever scanned. */
export class MemoryRows implements Rows {
  readonly #clock: Clock;
  readonly #pending = new MemoryPending();
  readonly #records = new PackedRecords();
  readonly #grants = new Map<string, string>();
  readonly #users = new Map<string, Owned>();
  readonly #consents = new MemoryConsents();
  readonly #assertions = new MemoryAssertions();
  readonly #registrations = new MemoryRegistrations();
  readonly #blocks = new Map<string, Block>();
  readonly #moments = {
    turns: new Map<string, Milliseconds>(),
    step_up: new Map<string, Milliseconds>(),
  };
  readonly #ended = new Map<string, EndedRecord>();
  readonly #rings = new Map<string, KeyRingRow>();
  readonly #wheel = new Map<number, string[]>();
  #sweptAt: Milliseconds = 0;
  /** The first slot that may still hold something. */
  #slot: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#slot = Math.floor(clock() / slotWidth);
  }

  now(): Milliseconds {
    return this.#clock();
  }

  get stats(): StoreStats {
    let connections = 0;
    for (const owned of this.#users.values()) connections += owned.connections.length;
    return {
      pending: this.#pending.count(),
      grants: this.#grants.size,
      connections,
      ended: this.#ended.size,
      registrations: this.#registrations.count('all'),
    };
  }

  pending(transaction: string): PendingRecord | undefined {
    return this.#pending.get(transaction);
  }

  savePending(record: PendingRecord): void {
    this.#pending.save(record);
  }

  deletePending(transaction: string): void {
    this.#pending.delete(transaction);
  }

  countPending(source?: string): number {
    return this.#pending.count(source);
  }

  oldestPending(source: string): PendingRecord | undefined {
    return this.#pending.oldest(source);
  }

  heaviestSource(): string | undefined {
    return this.#pending.heaviestSource();
  }

  grant(key: GrantKey): GrantRecord | undefined {
    return this.#open(grantKey(key));
  }

  saveGrant(record: GrantRecord): void {
    const key = grantKey(record);
    const known = this.#grants.get(key);
    if (known === undefined) {
      const owned = this.#owned(record.bucket, record.userId);
      owned.grants = [...owned.grants, key];
      this.#schedule(key, record.expiresAt);
    }
    this.#grants.set(key, this.#records.packGrant(record, known));
  }

  deleteGrant(key: GrantKey): void {
    const gone = grantKey(key);
    const record = this.#open(gone);
    if (!record) return;
    this.#grants.delete(gone);
    const owned = this.#users.get(userKey(record.bucket, record.userId));
    if (owned) owned.grants = owned.grants.filter((one) => one !== gone);
  }

  grantsAfter(grantId: string, limit: number): readonly GrantRecord[] {
    const ids = (key: string): string => key.slice(key.indexOf('.') + 1);
    const keys = [...this.#grants.keys()].filter((key) => ids(key) > grantId);
    const ordered = keys.toSorted((one, other) => (ids(one) < ids(other) ? -1 : 1));
    return ordered.slice(0, limit).flatMap((key) => this.#open(key) ?? []);
  }

  grantsOf(bucket: Bucket, userId: string): readonly GrantRecord[] {
    const keys = this.#users.get(userKey(bucket, userId))?.grants ?? [];
    return keys.flatMap((key) => this.#open(key) ?? []);
  }

  user(bucket: Bucket, userId: string): UserRecord | undefined {
    const packed = this.#users.get(userKey(bucket, userId))?.user;
    return packed === undefined ? undefined : this.#records.openUser({ bucket, userId }, packed);
  }

  saveUser(record: UserRecord): void {
    this.#owned(record.bucket, record.userId).user = this.#records.packUser(record);
  }

  connection(key: ConnectionKey): ConnectionRecord | undefined {
    return this.#connections(key).find((one) => isOf(one, key));
  }

  connectionState(key: ConnectionKey): ConnectionRecord['state'] | undefined {
    for (const packed of this.#users.get(userKey(key.bucket, key.userId))?.connections ?? []) {
      const state = this.#records.connectionState(key, packed);
      if (state !== undefined) return state;
    }
    return undefined;
  }

  saveConnection(record: ConnectionRecord): void {
    const others = this.#connections(record).filter((one) => !isOf(one, record));
    const all = [...others, record].map((one) => this.#records.packConnection(one));
    this.#owned(record.bucket, record.userId).connections = all;
  }

  deleteConnection(key: ConnectionKey): void {
    const others = this.#connections(key).filter((one) => !isOf(one, key));
    const owned = this.#users.get(userKey(key.bucket, key.userId));
    if (owned) owned.connections = others.map((one) => this.#records.packConnection(one));
  }

  connectionsOf(bucket: Bucket, userId: string): readonly ConnectionRecord[] {
    return this.#connections({ bucket, userId }).toSorted(
      (one, other) => order(one.upstream, other.upstream) || order(one.account, other.account),
    );
  }

  deleteUser(bucket: Bucket, userId: string): void {
    const owned = this.#users.get(userKey(bucket, userId));
    if (!owned) return;
    owned.user = undefined;
    owned.connections = [];
    if (owned.grants.length === 0) this.#users.delete(userKey(bucket, userId));
  }

  connectionsAfter(cursor: string, limit: number): ReturnType<Rows['connectionsAfter']> {
    const start = Number(cursor);
    const keys = [...this.#users.keys()].slice(start, start + limit);
    const records = keys.flatMap((key) => {
      const dot = key.indexOf('.');
      return this.#connections({ bucket: key.slice(0, dot), userId: key.slice(dot + 1) });
    });
    return { records, next: keys.length < limit ? null : String(start + limit) };
  }

  consent(key: ConsentKey): ConsentRecord | undefined {
    return this.#consents.get(key);
  }

  saveConsent(record: ConsentRecord): void {
    this.#consents.save(record);
  }

  deleteConsent(key: ConsentKey): void {
    this.#consents.delete(key);
  }

  consentsOf(bucket: Bucket, userId: string): readonly ConsentRecord[] {
    return this.#consents.of(bucket, userId);
  }

  ended(id: string): EndedRecord | undefined {
    return this.#ended.get(id);
  }

  saveEnded(record: EndedRecord): void {
    this.#ended.set(record.id, record);
  }

  deleteEnded(id: string): void {
    this.#ended.delete(id);
  }

  dueEnded(limit: number): readonly EndedRecord[] {
    const now = this.now();
    const due = [...this.#ended.values()].filter(({ dueAt }) => dueAt <= now);
    return due.toSorted((one, other) => one.dueAt - other.dueAt).slice(0, limit);
  }

  countEnded(): number {
    return this.#ended.size;
  }

  blocks(): readonly Block[] {
    return [...this.#blocks.values()];
  }

  saveBlock(block: Block): void {
    this.#blocks.set(`${block.kind}:${block.value}`, block);
  }

  deleteBlock({ kind, value }: BlockKey): void {
    this.#blocks.delete(`${kind}:${value}`);
  }

  assertion(client: string, assertion: string): AssertionRecord | undefined {
    return this.#assertions.get(client, assertion);
  }

  saveAssertion(record: AssertionRecord): void {
    this.#assertions.save(record);
  }

  countAssertions(of: { readonly client: string } | 'strangers'): number {
    return this.#assertions.count(of);
  }

  dropAssertions(): void {
    this.#assertions.drop(this.now());
  }

  dropAssertionOfHeaviest(): void {
    this.#assertions.dropOfHeaviest();
  }

  registration(id: string): RegistrationRecord | undefined {
    return this.#registrations.get(id);
  }

  registrationsAfter(id: string, limit: number): readonly RegistrationRecord[] {
    return this.#registrations.after(id, { limit, now: this.now() });
  }

  saveRegistration(record: RegistrationRecord): void {
    this.#registrations.save(record);
  }

  deleteRegistration(id: string): void {
    this.#registrations.delete(id);
  }

  countRegistrations(of: 'all' | { readonly source: string }): number {
    return this.#registrations.count(of);
  }

  dropUnusedRegistration(of: 'all' | { readonly source: string }): boolean {
    return this.#registrations.dropUnused(of);
  }

  dropRegistrations(): void {
    this.#registrations.drop(this.now());
  }

  moment({ kind, key }: MomentKey): Milliseconds | undefined {
    return this.#moments[kind].get(key);
  }

  saveMoment({ kind, key }: MomentKey, at: Milliseconds): void {
    this.#moments[kind].set(key, at);
  }

  deleteMoment({ kind, key }: MomentKey): void {
    this.#moments[kind].delete(key);
  }

  countMoments(kind: MomentKey['kind']): number {
    return this.#moments[kind].size;
  }

  dropMoments(): void {
    const now = this.now();
    for (const moments of Object.values(this.#moments))
      for (const [key, at] of moments) if (at <= now) moments.delete(key);
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
    if (Math.abs(now - this.#sweptAt) >= sweepEvery) {
      this.#sweptAt = now;
      this.#pending.drop(now);
      this.#consents.sweep(now);
      this.#assertions.drop(now);
      this.#registrations.drop(now);
      this.dropMoments();
    }
    let left = sweepLimit;
    while (left > 0 && this.#slot <= Math.floor(now / slotWidth)) {
      const key = this.#wheel.get(this.#slot)?.pop();
      left -= 1;
      if (key !== undefined) this.#expire(key, now);
      else this.#wheel.delete(this.#slot++);
    }
  }

  #open(key: string): GrantRecord | undefined {
    const packed = this.#grants.get(key);
    const dot = key.indexOf('.');
    const names = { bucket: key.slice(0, dot), grantId: key.slice(dot + 1) };
    return packed === undefined ? undefined : this.#records.openGrant(names, packed);
  }

  #connections({ bucket, userId }: Pick<ConnectionKey, 'bucket' | 'userId'>): readonly ConnectionRecord[] {
    const packed = this.#users.get(userKey(bucket, userId))?.connections ?? [];
    return packed.map((one) => this.#records.openConnection({ bucket, userId }, one));
  }

  #expire(key: string, now: Milliseconds): void {
    const grant = this.#open(key);
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
    const owned: Owned = { user: undefined, grants: [], connections: [] };
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

/** As SQLite orders texts. */
function order(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function isOf({ upstream, account }: ConnectionRecord, key: ConnectionKey): boolean {
  return upstream === key.upstream && account === key.account;
}
