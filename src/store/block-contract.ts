/** Whom an operator has shut out with a command; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';

/** What is told of somebody: the hash of a client's id, a host that answers go to or a document is at, a software id, or a user's id. */
export type BlockKind = 'client' | 'host' | 'software' | 'user';

export interface BlockKey {
  readonly kind: BlockKind;
  readonly value: string;
}

/** Somebody who is shut out. */
export interface Block extends BlockKey {
  /** In the operator's words; '' for none. */
  readonly reason: string;
  readonly since: Milliseconds;
  /** 0: for good. */
  readonly until: Milliseconds;
}

/** Part of the store's contract. */
export interface BlockSteps {
  /** One that stands there is replaced; `full` when there are too many. */
  putBlock(
    block: BlockKey & { readonly reason: string; readonly ttl: Milliseconds | null },
  ): Promise<'ok' | 'full'>;
  /** True when it was there. */
  removeBlock(key: BlockKey): Promise<boolean>;
  /** All that count now, the oldest first. */
  listBlocks(): Promise<readonly Block[]>;
}
