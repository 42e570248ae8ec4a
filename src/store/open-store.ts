import type { AuthStore } from './contract.ts';

/** Which backend to open. `null`: memory. */
export type StorageChoice =
  | { readonly type: 'memory' }
  | { readonly type: 'sqlite'; readonly path: string }
  | null;

/** Opens the configured backend; only that one is loaded. @throws {SallyportError} */
export async function openStore(storage: StorageChoice): Promise<AuthStore> {
  if (storage?.type === 'sqlite') {
    const { openSqliteStore } = await import('./sqlite.ts');
    return openSqliteStore({ path: storage.path });
  }
  const { createMemoryStore } = await import('./memory.ts');
  return createMemoryStore();
}
