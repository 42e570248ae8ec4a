import type { Account } from 'oidc-provider';

/** Somebody who can sign in at the demo provider. */
export interface DemoPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** Everybody who can sign in at the demo provider, with a click and without a password. */
export const people: readonly DemoPerson[] = [
  { id: 'alice', name: 'Alice Archer', email: 'alice@example.com' },
  { id: 'bob', name: 'Bob Baker', email: 'bob@example.com' },
];

/** The account in oidc-provider's words; `undefined` when nobody has this id. */
export function findAccount(id: string): Account | undefined {
  const person = people.find((candidate) => candidate.id === id);
  if (person === undefined) return undefined;
  return {
    accountId: person.id,
    claims: () => ({ sub: person.id, name: person.name, email: person.email, email_verified: true }),
  };
}
