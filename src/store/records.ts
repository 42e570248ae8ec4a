import type { Block, BlockKey } from './block-contract.ts';
import type { StoredRegistration } from './registration-contract.ts';
import type { RevocationReason } from '../observe/audit/event.ts';
import type { Milliseconds } from '../types/time.ts';
import type { ConsentKey, RememberedConsent } from './consent-contract.ts';
import type { Attempt, Bucket, ConnectionKey, GrantKey, Hash, KeyRingRow, Sealed } from './contract.ts';

/** A pending login as a backend keeps it. */
export interface PendingRecord {
  readonly transaction: string;
  readonly sealed: Sealed;
  readonly source: string;
  readonly expiresAt: Milliseconds;
  /** The leg that is waited for. */
  leg: number;
  /** The highest leg whose answer came; -1 for none. */
  takenLeg: number;
  takenBy: Attempt;
  /** Who started the current leg, so that a retry starts no other. */
  restartedBy: Attempt;
  /** Ended: committed, or denied. */
  done: boolean;
  doneBy: Attempt;
  /** What the commit did with the connection; or that the user said no instead. */
  doneAs: 'stored' | 'kept' | 'denied';
}

/** A grant for its whole life: code, refresh family, tombstone. Secrets are hashes. */
export interface GrantRecord {
  readonly bucket: Bucket;
  readonly grantId: string;
  readonly userId: string;
  readonly upstream: string;
  readonly account: string;
  readonly client: Hash;
  readonly codeSeed: Hash;
  readonly challenge: string;
  readonly redirectUri: Hash;
  readonly resource: string;
  readonly data: string;
  readonly createdAt: Milliseconds;
  readonly endsAt: Milliseconds;
  state: 'code' | 'active' | 'revoked';
  seed: Hash;
  generation: number;
  /** When the code was redeemed; 0 before. */
  redeemedAt: Milliseconds;
  redeemedBy: Attempt;
  /** The last four rotations, oldest first; the last one made `generation`. */
  rotations: readonly Milliseconds[];
  rotatedBy: Attempt;
  expiresAt: Milliseconds;
  revokedTokens: readonly string[];
  revokedBecause: RevocationReason | '';
}

/** What an upstream told about a user. */
export interface UserRecord {
  readonly bucket: Bucket;
  readonly userId: string;
  readonly identity: Sealed;
  readonly identityAt: Milliseconds;
}

/** Tokens of one account at one upstream, and who refreshes them right now. */
export interface ConnectionRecord extends ConnectionKey {
  readonly access: Sealed;
  readonly refresh: Sealed | null;
  readonly upstreamClientId: string;
  readonly scopes: readonly string[];
  readonly version: number;
  readonly state: 'alive' | 'dead';
  readonly backoffUntil: Milliseconds;
  /** The last leader. */
  readonly leaseOwner: string;
  /** 0: its refresh ended. A moment that has passed tells that it vanished, and that the refresh token may be spent. */
  readonly leaseUntil: Milliseconds;
  readonly fence: number;
  /** The last sign-in or connecting. */
  readonly connectedAt: Milliseconds;
  /** The last write of tokens. */
  readonly refreshedAt: Milliseconds;
}

/** A consent that its user wants remembered. */
export type ConsentRecord = RememberedConsent;

/** An ended connection, until its upstream knows. */
export interface EndedRecord extends ConnectionKey {
  readonly id: string;
  readonly access: Sealed;
  readonly refresh: Sealed | null;
  readonly upstreamClientId: string;
  readonly endedAt: Milliseconds;
  readonly attempts: number;
  readonly dueAt: Milliseconds;
  readonly leaseOwner: string;
}

/** A client that registered itself. */
export interface RegistrationRecord extends StoredRegistration {
  readonly source: string;
}

/** An assertion that was used, until nobody would take it any more. */
export interface AssertionRecord {
  readonly client: Hash;
  readonly assertion: Hash;
  /** '' for a client that somebody configured. */
  readonly source: Hash;
  readonly expiresAt: Milliseconds;
}

/** Something that is known by the moment when it is over: turns that somebody took are back, a client was sent to authorize. */
export interface MomentKey {
  readonly kind: 'turns' | 'step_up';
  readonly key: string;
}

/**
 * Row access of one backend. Everything is synchronous: one operation is one function body, inside one transaction. The
 * rules of OAuth are not here but in the `*-operations.ts` files, the same for every backend with this interface.
 */
export interface Rows {
  /** The store's clock. */
  now(): Milliseconds;

  pending(transaction: string): PendingRecord | undefined;
  savePending(record: PendingRecord): void;
  deletePending(transaction: string): void;
  countPending(source?: string): number;
  oldestPending(source: string): PendingRecord | undefined;
  heaviestSource(): string | undefined;

  grant(key: GrantKey): GrantRecord | undefined;
  saveGrant(record: GrantRecord): void;
  deleteGrant(key: GrantKey): void;
  /** Grants whose id comes after this one, in the order of ids. */
  grantsAfter(grantId: string, limit: number): readonly GrantRecord[];
  /** All grants of a user, tombstones included, oldest first. */
  grantsOf(bucket: Bucket, userId: string): readonly GrantRecord[];

  user(bucket: Bucket, userId: string): UserRecord | undefined;
  saveUser(record: UserRecord): void;
  connection(key: ConnectionKey): ConnectionRecord | undefined;
  /** Of that connection, without its tokens: every refresh asks. */
  connectionState(key: ConnectionKey): ConnectionRecord['state'] | undefined;
  saveConnection(record: ConnectionRecord): void;
  deleteConnection(key: ConnectionKey): void;
  /** Ordered by upstream and account. */
  connectionsOf(bucket: Bucket, userId: string): readonly ConnectionRecord[];
  /** Identity and connections of a user whose last grant ended. */
  deleteUser(bucket: Bucket, userId: string): void;

  /** Some connections of every user, in an order of the backend's own, and where the next ones begin. */
  connectionsAfter(
    cursor: string,
    limit: number,
  ): { readonly records: readonly ConnectionRecord[]; readonly next: string | null };
  consent(key: ConsentKey): ConsentRecord | undefined;
  saveConsent(record: ConsentRecord): void;
  deleteConsent(key: ConsentKey): void;
  consentsOf(bucket: Bucket, userId: string): readonly ConsentRecord[];

  ended(id: string): EndedRecord | undefined;
  saveEnded(record: EndedRecord): void;
  deleteEnded(id: string): void;
  /** Those that are due, the longest waiting first. */
  dueEnded(limit: number): readonly EndedRecord[];
  countEnded(): number;

  /** All of them. */
  blocks(): readonly Block[];
  saveBlock(block: Block): void;
  deleteBlock(key: BlockKey): void;

  assertion(client: Hash, assertion: Hash): AssertionRecord | undefined;
  saveAssertion(record: AssertionRecord): void;
  countAssertions(of: { readonly client: Hash } | 'strangers'): number;
  /** Drops those whose time is over; one of the source that has most, when none is. */
  dropAssertions(): void;
  dropAssertionOfHeaviest(): void;

  registration(id: string): RegistrationRecord | undefined;
  /** Those whose time is not over, by their ids. */
  registrationsAfter(id: string, limit: number): readonly RegistrationRecord[];
  saveRegistration(record: RegistrationRecord): void;
  deleteRegistration(id: string): void;
  /** All, or those of one source that nobody has used. */
  countRegistrations(of: 'all' | { readonly source: string }): number;
  /** The oldest of one source, or of the source that has most. True when there was one. */
  dropUnusedRegistration(of: 'all' | { readonly source: string }): boolean;
  /** Drops those whose time is over. */
  dropRegistrations(): void;

  /** When what is counted under a key is over. */
  moment(key: MomentKey): Milliseconds | undefined;
  saveMoment(key: MomentKey, at: Milliseconds): void;
  deleteMoment(key: MomentKey): void;
  countMoments(kind: MomentKey['kind']): number;
  /** Drops those that have passed, of every kind. */
  dropMoments(): void;

  keyRing(name: string): KeyRingRow | undefined;
  saveKeyRing(name: string, row: KeyRingRow): void;
}

/** Limits that keep a store from growing without end. */
export interface StoreCaps {
  /** Pending logins of one source, and of all. */
  readonly pendingPerSource: number;
  readonly pending: number;
  /** Grants of one user, tombstones included; those go first, then the oldest. */
  readonly grantsPerUser: number;
  /** Accounts that one user has connected: dead ones go first, then the one that was connected longest ago. */
  readonly connectionsPerUser: number;
  /** Consents of one user that are remembered: the one that was not used for longest goes. */
  readonly rememberedAnswersPerUser: number;
  /** Clients that registered themselves and are kept: of those that nobody has used the oldest goes. */
  readonly registrations: number;
}

/** A pending login takes up to 8 KiB: a flood fills 16 MB at most. */
export const defaultCaps: StoreCaps = {
  pendingPerSource: 1000,
  pending: 2000,
  grantsPerUser: 200,
  connectionsPerUser: 100,
  rememberedAnswersPerUser: 50,
  registrations: 10_000,
};

/** A moment in whole milliseconds, which every backend can keep. */
export function after(now: Milliseconds, span: Milliseconds): Milliseconds {
  return Math.ceil(now + span);
}

/** Neither revoked nor expired. */
export function isLive(grant: GrantRecord, now: Milliseconds): boolean {
  return grant.state !== 'revoked' && grant.expiresAt > now;
}
