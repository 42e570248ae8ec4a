import { LRUCache } from 'lru-cache';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { ScopeLack } from './scope-lack.ts';

/** What is remembered of challenges for more scopes, so that none of them goes round in a circle. In memory, and bounded. */
export interface StepUps {
  /** Counts a challenge; false when the user's grants before this one were challenged for the same and came back without. */
  readonly admit: (lack: ScopeLack) => boolean;
  /**
   * Whether this grant was challenged so recently that a refresh can only be the client's reflex to it. Says so once for each
   * challenge.
   */
  readonly takeReflex: (sessionId: string) => boolean;
}

/** Grants in a row that are challenged for the same scopes; the next one is told in words. */
const patience = 2;

/** How long grants count as in a row. */
const memory: Milliseconds = 3_600_000;

/** How long after a challenge a refresh counts as the answer to it: clients send it at once. */
const reflexTime: Milliseconds = 30_000;

/** Grants and users that are remembered. */
const remembered = 10_000;

export function createStepUps({ clock }: { readonly clock: Clock }): StepUps {
  const rows = new LRUCache<string, { readonly at: Milliseconds; readonly sessions: readonly string[] }>({
    max: remembered,
  });
  const challenged = new LRUCache<string, Milliseconds>({ max: remembered });
  return {
    admit(lack) {
      const now = clock();
      const { sessionId } = lack.token;
      const row = rows.get(keyOf(lack));
      const known = row && now - row.at < memory ? row.sessions : [];
      // The same grant may ask as often as it likes: its client can have given up, and its user try something else.
      const admitted = known.includes(sessionId) || known.length < patience;
      if (!admitted) return false;
      if (!known.includes(sessionId)) rows.set(keyOf(lack), { at: now, sessions: [...known, sessionId] });
      if (isYoung(lack, now)) challenged.set(sessionId, now);
      return true;
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

function keyOf({ token, resource, missing }: ScopeLack): string {
  return JSON.stringify([token.subject, token.clientId, resource, [...missing].sort()]);
}
