import type { Block, BlockKey } from './block-contract.ts';
import type { AuthStore } from './contract.ts';
import type { Rows } from './records.ts';
import { after } from './records.ts';

/** Every gateway reads them all every few seconds. */
const maxBlocks = 2000;

/** See `AuthStore.putBlock`. */
export function putBlock(
  rows: Rows,
  { kind, value, reason, ttl }: Parameters<AuthStore['putBlock']>[0],
): 'ok' | 'full' {
  const now = rows.now();
  const others = listBlocks(rows).filter((one) => one.kind !== kind || one.value !== value);
  if (others.length >= maxBlocks) return 'full';
  rows.saveBlock({ kind, value, reason, since: now, until: ttl === null ? 0 : after(now, ttl) });
  return 'ok';
}

/** See `AuthStore.removeBlock`. */
export function removeBlock(rows: Rows, key: BlockKey): boolean {
  const known = listBlocks(rows).some(({ kind, value }) => kind === key.kind && value === key.value);
  rows.deleteBlock(key);
  return known;
}

/** See `AuthStore.listBlocks`. Those whose time is over are dropped on the way. */
export function listBlocks(rows: Rows): readonly Block[] {
  const now = rows.now();
  const [live, over]: [Block[], Block[]] = [[], []];
  for (const block of rows.blocks()) (block.until === 0 || block.until > now ? live : over).push(block);
  for (const block of over) rows.deleteBlock(block);
  return live.toSorted((one, other) => one.since - other.since);
}
