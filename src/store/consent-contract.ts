/** Consents that users want remembered; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';
import type { Bucket, Hash } from './terms.ts';

/** Which consent: of a user, to one client with one redirect target and one resource. */
export interface ConsentKey {
  readonly bucket: Bucket;
  readonly userId: string;
  /** Hash of client, redirect target and resource. */
  readonly consentId: Hash;
}

/** A consent to keep, with the login that it was given in. One that stands there is replaced. */
export interface RememberConsent {
  readonly consentId: Hash;
  readonly client: Hash;
  /** What was agreed to: JSON of the layer above; no secrets. */
  readonly data: string;
  readonly ttl: Milliseconds;
}

/** What a login is committed on. */
export interface LoginConsent {
  /** The remembered consent that it rests on; absent: its user was asked. */
  readonly consented?: Hash;
  /** What its user wants remembered. */
  readonly remember?: RememberConsent;
}

/** A consent that still counts. */
export interface RememberedConsent extends ConsentKey {
  readonly client: Hash;
  readonly data: string;
  readonly createdAt: Milliseconds;
  /** When a login last went on with it; that of the consent itself at first. */
  readonly usedAt: Milliseconds;
  readonly expiresAt: Milliseconds;
}

/** Part of the store's contract. */
export interface ConsentSteps {
  /** `null` for one that was never given, is too old, or was taken back. */
  recallConsent(key: ConsentKey): Promise<RememberedConsent | null>;
  /** What a user wants remembered, the latest first; for who shows it to the user. */
  listConsents(user: {
    readonly bucket: Bucket;
    readonly userId: string;
  }): Promise<readonly RememberedConsent[]>;
  /** True when it was there. The grants that it led to are not touched. */
  forgetConsent(key: ConsentKey): Promise<boolean>;
}
