import type { Addresses } from './addresses.ts';
import type { SimulatedClient } from './clients.ts';
import type { Forgery, SigningKeys } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { Quirks } from './quirks/quirks.ts';
import type { SimulatedUser } from './users.ts';

/** What the endpoints of one simulator share. */
export interface Simulation {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly ledger: Ledger;
  readonly users: readonly SimulatedUser[];
  readonly clients: Map<string, SimulatedClient>;
  /** Values of `jti` of client assertions seen so far. */
  readonly assertionIds: Set<string>;
  keys: SigningKeys;
  quirks: Quirks;
  addresses: Addresses;
  /** Who a browser is signed in as; `null` shows the form. */
  signedIn: SimulatedUser | null;
  /** For the next ID token only. */
  forgery: Forgery | null;
}
