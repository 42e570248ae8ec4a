import { constants, write as writeCallback } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SallyportError } from '../../types/error.ts';
import type { Clock, Milliseconds } from '../../types/time.ts';
import type { LineTarget } from './json-lines.ts';

const writeTo = promisify(writeCallback);

/** How often a file is looked for under its name: it may have been moved away by somebody who tells nobody. */
const lookEvery: Milliseconds = 1000;

/** How long a pipe that takes nothing now is left alone. */
const pipePause: Milliseconds = 20;

/** Standard output (1) or standard error (2). Written by the thread pool: a reader that is slow holds up nobody. */
export function standardStream(fd: 1 | 2): LineTarget {
  return {
    name: fd === 1 ? 'standard output' : 'standard error',
    ready: () => Promise.resolve(1),
    write: (bytes) => patiently(() => writeTo(fd, bytes)),
    reopen() {},
    close: () => Promise.resolve(),
  };
}

/** Nothing is written for now when a pipe is full. */
async function patiently(write: () => Promise<{ readonly bytesWritten: number }>): Promise<number> {
  try {
    return (await write()).bytesWritten;
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error;
    await new Promise((resolve) => setTimeout(resolve, pipePause));
    return 0;
  }
}

/** A named pipe without a reader is an error rather than a wait without end. */
const appending = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;

/** A file that is only ever appended to, for its owner's eyes (0600), found again after it was moved away or deleted. */
export function appendedFile(path: string, clock: Clock): LineTarget {
  let handle: FileHandle | null = null;
  let generation = 0;
  let stale = false;
  let lookedAt = 0;

  const isMoved = async (opened: FileHandle): Promise<boolean> => {
    lookedAt = clock();
    const [mine, named] = await Promise.all([opened.stat(), stat(path).catch(() => null)]);
    return named === null || named.ino !== mine.ino || named.dev !== mine.dev;
  };

  const current = async (): Promise<FileHandle> => {
    if (handle && !stale && Math.abs(clock() - lookedAt) >= lookEvery) stale = await isMoved(handle);
    if (handle && !stale) return handle;
    // The new one first: when it cannot be opened, the old one may still be there for the next attempt.
    const opened = await open(path, appending, 0o600);
    await handle?.close();
    handle = opened;
    stale = false;
    lookedAt = clock();
    generation += 1;
    return opened;
  };

  return {
    name: path,
    async ready() {
      await current();
      return generation;
    },
    write: async (bytes) => {
      const opened = await current();
      return patiently(() => opened.write(bytes));
    },
    reopen() {
      stale = true;
    },
    async close() {
      await handle?.close();
      handle = null;
    },
  };
}

/**
 * Makes sure that a file can be kept. A disk that is full stops nobody from signing in, not even at start-up.
 * @throws {SallyportError} `config_invalid`
 */
export async function checkWritable(target: LineTarget): Promise<void> {
  try {
    await target.ready();
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(String(codeOf(error)))) return;
    throw new SallyportError(
      'config_invalid',
      `observe.audit: ${target.name} cannot be opened for appending: let this process write there, or name another file`,
      {
        cause: error,
      },
    );
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
