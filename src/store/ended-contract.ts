/** Connections that somebody ended, until their upstream knows; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';
import type { ConnectionTokens } from './contract.ts';
import type { ConnectionKey } from './terms.ts';

/** A connection that somebody ended, and whose tokens the upstream does not know to be over. */
export interface EndedConnection {
  readonly id: string;
  readonly key: ConnectionKey;
  readonly tokens: Pick<ConnectionTokens, 'access' | 'refresh' | 'upstreamClientId'>;
  readonly endedAt: Milliseconds;
  /** How often the upstream was told in vain. */
  readonly attempts: number;
}

export interface TakeEnded {
  readonly owner: string;
  readonly lease: Milliseconds;
  readonly limit: number;
}

export interface SettleEnded {
  readonly id: string;
  readonly owner: string;
  /** When to tell the upstream again, counted from now; `null`: it knows, or will never. */
  readonly again: Milliseconds | null;
}

/** Part of the store's contract. */
export interface EndedSteps {
  /**
   * Ended connections whose upstream is to be told now, leased to the caller. One that lives again is left out for good:
   * some upstreams end everything of an account with any token of it.
   */
  takeEnded(take: TakeEnded): Promise<readonly EndedConnection[]>;
  settleEnded(settle: SettleEnded): Promise<void>;
}
