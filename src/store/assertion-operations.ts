import type { UseAssertion, UseAssertionResult } from './assertion-contract.ts';
import type { Rows } from './records.ts';
import { after } from './records.ts';

/** Live assertions of one client, and of all strangers: an assertion lives for minutes. */
const maxOfClient = 5000;
const maxOfStrangers = 20_000;

/** See `AuthStore.useAssertion`. */
export function useAssertion(
  rows: Rows,
  { client, assertion, ttl, stranger }: UseAssertion,
): UseAssertionResult {
  const now = rows.now();
  const before = rows.assertion(client, assertion);
  if (before && before.expiresAt > now) return 'used';
  if (isFull(rows, { client, stranger })) {
    // What is over may still be there, and is no reason to refuse anybody.
    rows.dropAssertions();
    if (isFull(rows, { client, stranger })) return 'full';
  }
  rows.saveAssertion({ client, assertion, stranger, expiresAt: after(now, ttl) });
  return 'ok';
}

function isFull(rows: Rows, { client, stranger }: Pick<UseAssertion, 'client' | 'stranger'>): boolean {
  if (rows.countAssertions({ client }) >= maxOfClient) return true;
  return stranger && rows.countAssertions('strangers') >= maxOfStrangers;
}
