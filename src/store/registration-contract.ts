/** Clients that registered themselves and are kept; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';

/** A registration as it is kept. */
export interface StoredRegistration {
  readonly id: string;
  /** What was registered, as the layer above signs it. */
  readonly value: string;
  /** Whether it was ever given tokens. */
  readonly used: boolean;
  readonly createdAt: Milliseconds;
  readonly expiresAt: Milliseconds;
}

export interface PutRegistration {
  readonly id: string;
  readonly value: string;
  /** Who registers, as `sourceOf` tells it: nobody fills the room of all. */
  readonly source: string;
  /** As long as nobody uses it. */
  readonly ttl: Milliseconds;
}

/** Part of the store's contract. */
export interface RegistrationSteps {
  /** Unused ones make room, the oldest first; `full`: all that are kept are in use. */
  putRegistration(registration: PutRegistration): Promise<'ok' | 'full'>;
  /** `null` for one that is unknown, removed, or over. */
  getRegistration(id: string): Promise<StoredRegistration | null>;
  /** It was given tokens: it counts for so long from now. Written only when that adds a day, or it was never used. */
  keepRegistration(use: { readonly id: string; readonly ttl: Milliseconds }): Promise<void>;
  /** Another value in the place of the one that the caller has seen; false when that is there no more. */
  changeRegistration(change: {
    readonly id: string;
    readonly before: string;
    readonly value: string;
  }): Promise<boolean>;
  /** Those that count, by their ids, from the one behind `after` on: at most 500. */
  listRegistrations(after: string): Promise<readonly StoredRegistration[]>;
  /** What was there; `null`: nothing was. */
  removeRegistration(id: string): Promise<StoredRegistration | null>;
}
