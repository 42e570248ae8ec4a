/** Assertions that clients have used; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';
import type { Hash } from './terms.ts';

/** An assertion whose signature was found good (RFC 7523 §3). */
export interface UseAssertion {
  readonly client: Hash;
  /** Of its `jti`. */
  readonly assertion: Hash;
  /** Until nobody would take it any more. */
  readonly ttl: Milliseconds;
  /** Nobody configured its client: strangers share one limit, so that they cannot take the room of others. */
  readonly stranger: boolean;
}

/**
 * `used`: it was used before, by whichever process. `full`: too many assertions of this client, or of all strangers, are
 * remembered, and nothing changed.
 */
export type UseAssertionResult = 'ok' | 'used' | 'full';

/** Part of the store's contract. */
export interface AssertionSteps {
  /** Once: whoever else brings the same assertion while it lives finds it used. */
  useAssertion(use: UseAssertion): Promise<UseAssertionResult>;
}
