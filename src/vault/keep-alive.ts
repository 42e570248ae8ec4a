import type { Refresher } from './refresh.ts';
import type { VaultParts } from './vault.ts';

/** Refreshed side by side: a provider is not to notice when many are due. */
const atOnce = 4;

/**
 * Makes what refreshes connections that lie idle, where the operator wants that: one page of the store at each call, and
 * from the beginning again after the last. Dead ones are found out on the way. Never rejects.
 */
export function createKeeper({ store, log, idleFor }: VaultParts, refresher: Refresher): () => Promise<void> {
  let running: Promise<void> | null = null;
  let cursor = '';

  const page = async (): Promise<void> => {
    try {
      const { rows, next } = await store.listIdle({ after: cursor, idleFor });
      cursor = next ?? '';
      for (let at = 0; at < rows.length; at += atOnce)
        await Promise.all(rows.slice(at, at + atOnce).map((row) => refresher.refresh(row, null)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      log.warn({ reason }, 'idle connections could not be refreshed; tried again later');
    }
  };

  if (Object.keys(idleFor).length === 0) return () => Promise.resolve();
  return () => (running ??= page().finally(() => (running = null)));
}
