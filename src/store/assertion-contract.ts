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
  /** Where a client that nobody configured asks from: strangers share one limit. `null`: somebody configured it. */
  readonly source: Hash | null;
}

/**
 * `used`: it was used before, by whichever process. `full`: too many assertions of this client are remembered, and nothing
 * changed. Too many of all strangers hold nobody up: whichever source has most forgets one of its own, which is then no longer
 * known to have been used.
 */
export type UseAssertionResult = 'ok' | 'used' | 'full';

/** Part of the store's contract. */
export interface AssertionSteps {
  /** Once: whoever else brings the same assertion while it lives finds it used. */
  useAssertion(use: UseAssertion): Promise<UseAssertionResult>;
}
