import { statSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { AuthStore } from '../store/contract.ts';
import { openStore } from '../store/open-store.ts';
import { SallyportError } from '../types/error.ts';
import type { Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { databaseOf, loadConfigured } from './configured.ts';

/**
 * Works on the database of a configuration, beside the gateway that may be running.
 * @throws {SallyportError} `storage_failed` when there is none
 */
export async function withStore<T>(
  given: Given,
  io: CommandIo,
  work: (store: AuthStore, config: Config) => Promise<T>,
): Promise<T> {
  const config = await loadConfigured(given, io);
  const path = databaseOf(config);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new SallyportError('storage_failed', `there is no database at ${path}: start the gateway once`);
  const store = await openStore({ type: 'sqlite', path });
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}
