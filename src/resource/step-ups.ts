import { LRUCache } from 'lru-cache';
import { sha256 } from '../crypto/hash.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { ScopeLack } from './scope-lack.ts';

/** What is remembered of challenges for more scopes, so that none of them goes round in a circle. In memory, and bounded. */
export interface StepUps {
  /** Counts a challenge; false when the user's grants before this one were challenged for the same and came back without. */
  readonly admit: (lack: ScopeLack) => boolean;
  /** Hears of a new grant: one that has what was lacking ends its row. */
  readonly granted: (grant: GrantedScopes) => void;
}

/** A new grant of a user. */
export interface GrantedScopes {
  readonly subject: string;
  readonly clientId: string;
  readonly resource: string;
  /** Whether it has this scope, by itself or in another. */
  readonly has: (scope: string) => boolean;
}

/** Grants that came back without the same scopes. */
interface Row {
  readonly at: Milliseconds;
  readonly missing: readonly string[];
  readonly sessions: readonly string[];
}

/** Grants in a row that are challenged; the next one is told in words. */
const patience = 2;

/** How long grants count as in a row. */
const memory: Milliseconds = 3_600_000;

/** Users that are remembered. */
const remembered = 10_000;

/** Rows of one user at one client: combinations of scopes that are lacking. */
const rowsEach = 8;

export function createStepUps({ clock }: { readonly clock: Clock }): StepUps {
  const users = new LRUCache<string, readonly Row[]>({ max: remembered });
  return {
    admit(lack) {
      const now = clock();
      const { missing, resource, token } = lack;
      const { sessionId } = token;
      const key = keyOf({ ...token, resource });
      const rows = (users.get(key) ?? []).filter(({ at }) => now - at < memory);
      const row = rows.find((one) => isSame(one.missing, missing));
      const known = row?.sessions ?? [];
      // The same grant may ask as often as it likes: its client can have given up, and its user try something else.
      const sessions = known.includes(sessionId) ? known : [...known, sessionId];
      if (sessions.length > patience) return false;
      const others = rows.filter((one) => one !== row).slice(0, rowsEach - 1);
      users.set(key, [{ at: now, missing, sessions }, ...others]);
      return true;
    },
    granted(grant) {
      const key = keyOf(grant);
      const rows = users.get(key);
      if (rows)
        users.set(
          key,
          rows.filter(({ missing }) => !missing.every((scope) => grant.has(scope))),
        );
    },
  };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((scope) => other.includes(scope));
}

function keyOf({ subject, clientId, resource }: Omit<GrantedScopes, 'has'>): string {
  // Ids of clients may be long.
  return sha256(JSON.stringify([subject, clientId, resource]));
}
