import { SallyportError } from '../types/error.ts';

/** What SQLite's result codes mean for whoever runs the server, by primary code (sqlite.org/rescode.html). */
const meanings: ReadonlyMap<number, string> = new Map([
  [5, 'another program holds the database locked'],
  [8, 'the database is read-only: this process must be able to write the file and its folder'],
  [10, 'the database cannot be read or written: look at the disk, its limits and its quota'],
  [11, 'the database is damaged: stop every process that uses it, and restore a backup'],
  [13, 'there is no space left for the database: free some'],
  [
    14,
    'the database cannot be opened: its folder must exist and be writable, for the files that SQLite keeps beside it',
  ],
  [
    26,
    'the database is damaged, or no SQLite file: restore a backup, or move it out of the way to begin anew',
  ],
]);

/** What went wrong in the words of an operator, with SQLite's own. Names no path: `/readyz` shows it to anybody. */
export function storageFailure(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  const own = error instanceof Error ? error.message : 'unknown failure';
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  const meaning = meanings.get(code);
  return new SallyportError('storage_failed', meaning === undefined ? own : `${meaning} (${own})`, {
    cause: error,
  });
}
