import type { RevocationReason } from '../observe/audit/event.ts';
import type { Milliseconds } from '../types/time.ts';
import type {
  AdvancePending,
  AdvancePendingResult,
  DenyPending,
  DenyPendingResult,
  PutPending,
  PutPendingResult,
  TakePending,
  TakePendingResult,
} from './pending-contract.ts';
import type { AssertionSteps } from './assertion-contract.ts';
import type { BlockSteps } from './block-contract.ts';
import type { ConsentSteps, LoginConsent } from './consent-contract.ts';
import type { EndedSteps } from './ended-contract.ts';
import type { RegistrationSteps } from './registration-contract.ts';
import type { Attempt, Bucket, ConnectionKey, GrantKey, Hash, Sealed } from './terms.ts';
import type { StepUpSteps } from './step-up-contract.ts';
import type { TurnSteps } from './turn-contract.ts';

export type { Attempt, Bucket, ConnectionKey, GrantKey, Hash, Sealed } from './terms.ts';

/** What an upstream told about a user, sealed, and when it told. */
export interface IdentityEvidence {
  readonly sealed: Sealed;
  readonly at: Milliseconds;
}

/** Tokens of one account. Access and refresh token are apart, so that an absent one never overwrites a present one. */
export interface ConnectionTokens {
  readonly access: Sealed;
  /** `null`: the upstream sent none. */
  readonly refresh: Sealed | null;
  readonly upstreamClientId: string;
  readonly scopes: readonly string[];
}

export interface ConnectionRow {
  readonly key: ConnectionKey;
  readonly tokens: ConnectionTokens;
  /** Counts writes of `tokens`; a refresh names the version it saw. */
  readonly version: number;
  /** `dead`: the upstream said that the credential is gone; only a new login helps. */
  readonly state: 'alive' | 'dead';
  /** The upstream failed; do not ask again before this moment. 0 when there is no such wait. */
  readonly backoffUntil: Milliseconds;
  /** When somebody last signed in or connected there. */
  readonly connectedAt: Milliseconds;
  /** When its tokens were last written. */
  readonly refreshedAt: Milliseconds;
}

/** A connection as its user sees it. */
export interface UserConnection extends ConnectionRow {
  /** Living grants that were signed in with it, and end with it. */
  readonly grants: number;
}

/** A connection without a login. */
export interface PutConnection {
  readonly connection: ConnectionKey;
  readonly tokens: ConnectionTokens;
}

/** Which connections lie idle. */
export interface ListIdle {
  /** The cursor of the page before; '' for the first. */
  readonly after: string;
  /** By upstream, how long; others are left out. */
  readonly idleFor: Readonly<Record<string, Milliseconds>>;
}

export interface IdlePage {
  readonly rows: readonly ConnectionRow[];
  /** The next page's cursor; `null` at the end. */
  readonly next: string | null;
}

export interface EndConnection extends ConnectionKey {
  /** Of the grants that were signed in with it. */
  readonly why: RevocationReason;
}

/** A grant to be, with its code. */
export interface NewGrant {
  readonly grantId: string;
  readonly client: Hash;
  readonly codeSeed: Hash;
  /** S256 code challenge (RFC 7636). */
  readonly challenge: string;
  readonly redirectUri: Hash;
  readonly resource: string;
  readonly codeTtl: Milliseconds;
  /** Absolute end of the session, counted from now. */
  readonly sessionTtl: Milliseconds;
  /** JSON of the layer above; no secrets. */
  readonly data: string;
}

export interface CommitLogin extends LoginConsent {
  readonly transaction: string;
  readonly leg: number;
  readonly attempt: Attempt;
  readonly connection: ConnectionKey;
  readonly tokens: ConnectionTokens;
  /** Connections of the same user at the other upstreams that the login led to. */
  readonly others?: readonly PutConnection[];
  readonly identity: IdentityEvidence;
  readonly grant: NewGrant;
}

/**
 * `kept`: an alive connection with more scopes stood there and stays; `done`: another answer of this login won; `denied`:
 * the user has said no meanwhile; `unconsented`: the remembered consent is no more, and nothing has changed: the user is to be
 * asked.
 */
export type CommitLoginResult =
  | { readonly r: 'ok'; readonly connection: 'stored' | 'kept' }
  | { readonly r: 'done' | 'denied' | 'unconsented' | 'missing' };

export interface RedeemCode extends GrantKey {
  readonly codeSeed: Hash;
  readonly client: Hash;
  readonly challenge: string;
  /** `null` when the client sent none (OAuth 2.1 no longer asks for it). */
  readonly redirectUri: Hash | null;
  /** `null` when the client sent none. */
  readonly resource: string | null;
  /** Seed of the refresh family. */
  readonly newSeed: Hash;
  readonly refreshTtl: Milliseconds;
  readonly attempt: Attempt;
}

/** What a token answer needs of a grant. */
export interface GrantView {
  readonly userId: string;
  readonly upstream: string;
  readonly account: string;
  readonly resource: string;
  readonly data: string;
  readonly createdAt: Milliseconds;
  /** Absolute end of the session. */
  readonly endsAt: Milliseconds;
  readonly identity: IdentityEvidence;
}

/**
 * `mismatch` and `expired` change nothing. `replayed`: redeemed already, at most 10 s ago, by this client: nothing
 * changes. `revoked`: the grant is dead; `now` is true when this very call ended it.
 */
export type RedeemCodeResult =
  | { readonly r: 'ok'; readonly grant: GrantView }
  | { readonly r: 'mismatch'; readonly what: 'client' | 'challenge' | 'redirect_uri' | 'resource' | 'code' }
  | { readonly r: 'expired' | 'missing' | 'replayed' }
  | { readonly r: 'revoked'; readonly now: boolean };

export interface RotateRefresh extends GrantKey {
  readonly seed: Hash;
  readonly generation: number;
  readonly client: Hash;
  /** `null` when the client sent none. */
  readonly resource: string | null;
  /** How long a superseded generation still gets the current token. */
  readonly grace: Milliseconds;
  /** The sliding lifetime that a rotation grants, never past the session's end. */
  readonly refreshTtl: Milliseconds;
  /** Oldest acceptable identity evidence, as an age; `null` when none is needed. */
  readonly identityMaxAge: Milliseconds | null;
  /** A client that was just sent to authorize is told so, once, and nothing is rotated. */
  readonly heedStepUp: boolean;
  readonly attempt: Attempt;
}

/**
 * `ok`: rotated to `generation`. `retry`: within the grace, `generation` is the current one. `advanced`: the token was
 * one ahead of the store (it lost its last write); rotated. `stale`: the identity evidence is too old, nothing changed.
 * `dead`: the upstream ended the sign-in connection. `step_up`: see {@link RotateRefresh.heedStepUp}. `revoked`: as in {@link RedeemCodeResult}; `now` means theft.
 */
export type RotateRefreshResult =
  | { readonly r: 'ok' | 'retry' | 'advanced'; readonly generation: number; readonly grant: GrantView }
  | { readonly r: 'stale' | 'dead'; readonly grant: GrantView }
  | { readonly r: 'mismatch'; readonly what: 'client' | 'resource' | 'token' }
  | { readonly r: 'expired' | 'missing' | 'step_up' }
  | { readonly r: 'revoked'; readonly now: boolean };

export interface ReadSession extends GrantKey {
  /**
   * The connection to bring along. `null`, or the grant's own upstream: the account that the user signed in with. Of another
   * upstream: the living account that was connected last, else the dead one.
   */
  readonly upstream: string | null;
}

/** A grant as the resource side sees it; `null` connection when there is none at that upstream. */
export interface SessionView {
  readonly state: 'code' | 'active' | 'revoked';
  readonly grant: GrantView;
  /** Hash of the client that holds the grant. */
  readonly client: Hash;
  /** End of the grant as it stands now (sliding). */
  readonly expiresAt: Milliseconds;
  readonly generation: number;
  readonly revokedTokens: readonly string[];
  /** Empty while it lives. */
  readonly revokedBecause: RevocationReason | '';
  readonly connection: ConnectionRow | null;
}

export interface RevokeGrant extends GrantKey {
  readonly why: RevocationReason;
  /** Nothing happens unless the grant is this client's, and the seed is of its code or refresh token. */
  readonly proof?: { readonly client: Hash; readonly seed: Hash };
}

export interface RevokeAccessToken extends GrantKey {
  readonly tokenId: string;
}

/** Which grants to list; every condition that is there must hold. */
export interface ListGrants {
  /** The cursor of the page before; '' for the first. */
  readonly after: string;
  readonly user: { readonly bucket: Bucket; readonly userId: string } | null;
  readonly client: Hash | null;
  readonly upstream: string | null;
  readonly state: GrantSummary['state'] | null;
}

/** A grant as operators see it, tombstones and expired ones included. */
export interface GrantSummary extends GrantKey {
  readonly userId: string;
  readonly upstream: string;
  readonly account: string;
  readonly client: Hash;
  readonly resource: string;
  readonly data: string;
  readonly state: 'code' | 'active' | 'expired' | 'revoked';
  readonly generation: number;
  readonly createdAt: Milliseconds;
  /** When tokens were issued last; 0 while there is only a code. */
  readonly lastUsedAt: Milliseconds;
  readonly expiresAt: Milliseconds;
  /** Absolute end of the session. */
  readonly endsAt: Milliseconds;
  /** Empty unless revoked. */
  readonly revokedBecause: RevocationReason | '';
}

/** What a bounded number of rows had to show: it may be nothing although there is more. */
export interface GrantPage {
  readonly grants: readonly GrantSummary[];
  /** The next page's cursor; `null` at the end. */
  readonly next: string | null;
}

export interface BeginUpstreamRefresh extends ConnectionKey {
  /** The version that the caller holds and found wanting. */
  readonly version: number;
  readonly owner: string;
  readonly lease: Milliseconds;
}

/**
 * `leader`: call the upstream, then end with the same `fence`, and ask again to keep the lease; `takenOver` when an earlier leader vanished, so that the
 * refresh token may be spent. `fresh`: somebody refreshed meanwhile. `busy`: somebody refreshes now.
 */
export type BeginUpstreamRefreshResult =
  | { readonly r: 'leader'; readonly row: ConnectionRow; readonly fence: number; readonly takenOver: boolean }
  | { readonly r: 'fresh'; readonly row: ConnectionRow }
  | { readonly r: 'busy'; readonly wait: Milliseconds }
  | { readonly r: 'backoff'; readonly until: Milliseconds }
  | { readonly r: 'dead' | 'missing' };

export interface EndUpstreamRefresh extends ConnectionKey {
  readonly owner: string;
  readonly fence: number;
  readonly outcome:
    | {
        readonly kind: 'tokens';
        readonly tokens: ConnectionTokens;
        readonly identity: IdentityEvidence | null;
      }
    /**
     * The upstream spent one refresh token for another: on record before anything else is looked at. The refresh goes on, and
     * if its process is lost the next one has the right token.
     */
    | { readonly kind: 'renewed'; readonly refresh: Sealed }
    | { readonly kind: 'failed'; readonly backoff: Milliseconds }
    /** `version`: the one that was refused. */
    | { readonly kind: 'dead'; readonly version: number };
}

export interface KeyRingRow {
  readonly value: Uint8Array;
  readonly version: number;
}

export interface StoreTraits {
  /** Survives a restart of the process. */
  readonly durable: boolean;
  /** Seen by every process that serves with it. */
  readonly shared: boolean;
}

export interface StoreStats {
  readonly pending: number;
  readonly grants: number;
  readonly connections: number;
  /** Ended connections whose upstream does not know yet. */
  readonly ended: number;
  /** Clients that registered themselves and are kept. */
  readonly registrations: number;
}

/**
 * What the authorization server remembers. Every method is one OAuth step: atomic, one round trip, with a closed set of
 * results; no caller composes check-then-act. The store's own clock decides. A method rejects only when the store
 * itself fails (`storage_failed`), and then nothing was consumed or the same attempt may be tried again.
 */
export interface AuthStore
  extends AssertionSteps, BlockSteps, ConsentSteps, EndedSteps, RegistrationSteps, StepUpSteps, TurnSteps {
  readonly traits: StoreTraits;
  /** Resolves when the store answers; rejects with the reason when it does not. */
  health(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
  stats(): Promise<StoreStats>;

  loadKeyRing(name: string): Promise<KeyRingRow | null>;
  /** Compare-and-set: `version` is the one that was loaded, 0 for a new ring. */
  saveKeyRing(name: string, row: KeyRingRow): Promise<'ok' | 'conflict'>;

  putPending(pending: PutPending): Promise<PutPendingResult>;
  denyPending(deny: DenyPending): Promise<DenyPendingResult>;
  takePending(take: TakePending): Promise<TakePendingResult>;
  advancePending(advance: AdvancePending): Promise<AdvancePendingResult>;
  commitLogin(login: CommitLogin): Promise<CommitLoginResult>;

  redeemCode(code: RedeemCode): Promise<RedeemCodeResult>;
  rotateRefresh(token: RotateRefresh): Promise<RotateRefreshResult>;
  readSession(read: ReadSession): Promise<SessionView | null>;

  /**
   * True when the grant was alive. The last grant of a user takes the user's identity and connections along, which then
   * wait for {@link EndedSteps.takeEnded}; one that expires does so too, and its tokens are forgotten.
   */
  revokeGrant(revoke: RevokeGrant): Promise<boolean>;
  /** For operators: looks at a bounded number of rows, so that nobody waits for it. */
  listGrants(list: ListGrants): Promise<GrantPage>;
  /** Number of grants ended. */
  revokeUser(user: { readonly bucket: Bucket; readonly userId: string }): Promise<number>;
  /** `full`: sixteen tokens were revoked already, so the grant was revoked instead. */
  revokeAccessToken(token: RevokeAccessToken): Promise<'ok' | 'full' | 'missing'>;

  /** All connections of a user, by upstream and account; `null` for somebody without a living grant. */
  listConnections(user: {
    readonly bucket: Bucket;
    readonly userId: string;
  }): Promise<readonly UserConnection[] | null>;
  /** Stores a connection of a user who has a living grant; `no_user` for anybody else. `kept` as in {@link CommitLoginResult}. */
  putConnection(put: PutConnection): Promise<'stored' | 'kept' | 'no_user'>;
  /** Ends a connection and every grant that was signed in with it; the number of those, `null` when there is no connection. */
  endConnection(end: EndConnection): Promise<number | null>;
  /**
   * Living connections with a refresh token, of one page, that were last refreshed at least so long ago. For who keeps
   * them alive: looks at a bounded number of rows.
   */
  listIdle(list: ListIdle): Promise<IdlePage>;

  saveIdentity(
    key: { readonly bucket: Bucket; readonly userId: string } & { readonly identity: IdentityEvidence },
  ): Promise<void>;
  beginUpstreamRefresh(begin: BeginUpstreamRefresh): Promise<BeginUpstreamRefreshResult>;
  endUpstreamRefresh(end: EndUpstreamRefresh): Promise<'ok' | 'lost'>;
}
