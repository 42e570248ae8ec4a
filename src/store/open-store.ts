import type { AuthStore } from './contract.ts';
import type { StoreCaps } from './records.ts';

/** Which backend to open. `null`: memory. */
export type StorageChoice =
  | { readonly type: 'memory' }
  | { readonly type: 'sqlite'; readonly path: string }
  | null;

/** Opens the configured backend; only that one is loaded. @throws {SallyportError} */
export async function openStore(storage: StorageChoice, caps: Partial<StoreCaps> = {}): Promise<AuthStore> {
  if (storage?.type === 'sqlite') {
    const { openSqliteStore } = await import('./sqlite.ts');
    return openSqliteStore({ path: storage.path, caps });
  }
  const { createMemoryStore } = await import('./memory.ts');
  return createMemoryStore({ caps });
}
