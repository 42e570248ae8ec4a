import type { UseAssertion, UseAssertionResult } from './assertion-contract.ts';
import type { Rows } from './records.ts';
import { after } from './records.ts';

/** Live assertions of one client, and of all strangers: an assertion lives for minutes. */
const maxOfClient = 5000;
const maxOfStrangers = 20_000;

/** See `AuthStore.useAssertion`. */
export function useAssertion(
  rows: Rows,
  { client, assertion, ttl, source }: UseAssertion,
): UseAssertionResult {
  const now = rows.now();
  const before = rows.assertion(client, assertion);
  if (before && before.expiresAt > now) return 'used';
  const isMany = (): boolean => rows.countAssertions({ client }) >= maxOfClient;
  const isCrowd = (): boolean => source !== null && rows.countAssertions('strangers') >= maxOfStrangers;
  // What is over may still be there, and is no reason to refuse anybody.
  if (isMany() || isCrowd()) rows.dropAssertions();
  if (isMany()) return 'full';
  if (isCrowd()) rows.dropAssertionOfHeaviest();
  rows.saveAssertion({ client, assertion, source: source ?? '', expiresAt: after(now, ttl) });
  return 'ok';
}
