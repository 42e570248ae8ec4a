import { statSync } from 'node:fs';
import { SallyportError } from '../types/error.ts';

/** Names a file itself, wherever it is moved; `null` when there is none. */
export function identityOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.dev}:${found.ino}` : null;
}

/**
 * Notices when a database is no longer where it was opened. SQLite would go on writing to a file that has no name any
 * more, and everything that clients were told would be gone after a restart.
 * @param identity of the database when the store was opened
 * @returns throws `storage_failed` while another file, or none, has taken its place
 */
export function watchDatabase(path: string, identity: string | null): () => void {
  const log = `${path}-wal`;
  const logIdentity = identityOf(log);
  return () => {
    if (identityOf(path) === identity && (logIdentity === null || identityOf(log) === logIdentity)) return;
    throw new SallyportError(
      'storage_failed',
      'the database was moved, replaced or removed while in use: put it back as it was, or restart',
    );
  };
}
