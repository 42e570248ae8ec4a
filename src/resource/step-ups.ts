import { LRUCache } from 'lru-cache';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { ScopeLack } from './scope-lack.ts';

/** What is remembered of challenges for more scopes, so that none of them goes round in a circle. In memory, and bounded. */
export interface StepUps {
  /** Counts a challenge; false when the user's grants before this one were challenged and came back without what they lacked. */
  readonly admit: (lack: ScopeLack) => boolean;
  /** Hears of a new grant: one that has what was lacking ends the row. */
  readonly granted: (grant: GrantedScopes) => void;
  /**
   * Whether this grant was challenged so recently that a refresh can only be the client's reflex to it. Says so once for each
   * challenge.
   */
  readonly takeReflex: (sessionId: string) => boolean;
}

/** A new grant of a user. */
export interface GrantedScopes {
  readonly subject: string;
  readonly clientId: string;
  readonly resource: string;
  /** Whether it has this scope, by itself or in another. */
  readonly has: (scope: string) => boolean;
}

/** Grants that came back without what they lacked. */
interface Row {
  readonly at: Milliseconds;
  readonly sessions: readonly string[];
  readonly missing: readonly string[];
}

/** Grants in a row that are challenged; the next one is told in words. */
const patience = 2;

/** How long grants count as in a row. */
const memory: Milliseconds = 3_600_000;

/** How long after a challenge a refresh counts as the answer to it: clients send it at once. */
const reflexTime: Milliseconds = 30_000;

/** Grants and users that are remembered. */
const remembered = 10_000;

export function createStepUps({ clock }: { readonly clock: Clock }): StepUps {
  const rows = new LRUCache<string, Row>({ max: remembered });
  const challenged = new LRUCache<string, Milliseconds>({ max: remembered });
  return {
    admit(lack) {
      const now = clock();
      const { missing, resource, token } = lack;
      const { sessionId } = token;
      const key = keyOf({ ...token, resource });
      const row = rows.get(key);
      const known = row && now - row.at < memory ? row.sessions : [];
      // The same grant may ask as often as it likes: its client can have given up, and its user try something else.
      const admitted = known.includes(sessionId) || known.length < patience;
      if (!admitted) return false;
      const sessions = known.includes(sessionId) ? known : [...known, sessionId];
      rows.set(key, { at: now, sessions, missing });
      if (isYoung(lack, now)) challenged.set(sessionId, now);
      return true;
    },
    granted(grant) {
      const key = keyOf(grant);
      if (rows.get(key)?.missing.every((scope) => grant.has(scope))) rows.delete(key);
    },
    takeReflex(sessionId) {
      const at = challenged.get(sessionId);
      challenged.delete(sessionId);
      return at !== undefined && clock() - at < reflexTime;
    },
  };
}

/** Whoever refreshes a token in the first half of its life has another reason than its end. */
function isYoung({ token: { issuedAt, expiresAt } }: ScopeLack, now: Milliseconds): boolean {
  return now < ((issuedAt + expiresAt) / 2) * 1000;
}

function keyOf({ subject, clientId, resource }: Omit<GrantedScopes, 'has'>): string {
  return JSON.stringify([subject, clientId, resource]);
}
