/** What several processes count together; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';
import type { Hash } from './terms.ts';

/** Turns that one process gave to somebody since it last told. */
export interface TakenTurns {
  /** Of who takes, and of what. */
  readonly key: Hash;
  /** 0 only asks. */
  readonly turns: number;
  /** At once; whoever took more owes them, up to as many again. */
  readonly burst: number;
  /** For one more to come back. */
  readonly every: Milliseconds;
}

/** Part of the store's contract. */
export interface TurnSteps {
  /**
   * Counts turns of several keys, in one step. There is room for so many keys; of one that finds none only these turns count.
   * @returns of each how long it takes until all of its turns are back, whoever gave them
   */
  shareTurns(taken: readonly TakenTurns[]): Promise<readonly Milliseconds[]>;
}
