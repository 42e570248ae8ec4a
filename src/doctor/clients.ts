import { knownClients } from '../known-clients/known-clients.ts';
import type { NeedId, Search } from '../known-clients/search.ts';

/** How one client finds its way, and what it cannot do without. */
export interface ClientProfile extends Search {
  readonly id: string;
  readonly name: string;
  readonly needs: readonly NeedId[];
}

/** The main clients: those of which we know what breaks them. */
export const clientProfiles: readonly ClientProfile[] = knownClients.flatMap(
  ({ id, title, search, needs, revisions }): readonly ClientProfile[] =>
    revisions ?? (needs ? [{ id, name: title, ...search, needs }] : []),
);
