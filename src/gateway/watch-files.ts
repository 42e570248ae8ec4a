import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { readFileBounded } from '../config/read-file.ts';
import { sha256Bytes } from '../crypto/hash.ts';
import type { Milliseconds } from '../types/time.ts';

/** Files under watch. */
export interface Watching {
  /** Looks now. */
  readonly look: () => void;
  /** Idempotent; ends a look that runs. */
  readonly close: () => Promise<void>;
}

export interface WatchOptions {
  /** Asked anew at each look: a changed configuration names other files. */
  readonly files: () => readonly string[];
  /** Called once for each change, and not again while it runs. */
  readonly onChange: () => Promise<void>;
  /** Waits until writers are done. */
  readonly debounce?: Milliseconds;
  /** For file systems that tell nothing. */
  readonly pollEvery?: Milliseconds;
}

/**
 * Watches contents, not names: whatever way a file is replaced (written in place, renamed over, or Kubernetes' swap of the
 * `..data` link behind a link), it counts when its bytes are others. Folders tell early, and a slow poll tells at last.
 */
export async function watchFiles({
  files,
  onChange,
  debounce = 200,
  pollEvery = 30_000,
}: WatchOptions): Promise<Watching> {
  const watched: Watched = { folders: new Map(), names: new Set() };
  // Nothing yet: what changed since somebody read the files, before we looked, counts as a change.
  let known: string | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const check = async (): Promise<void> => {
    const seen = await fingerprint(files());
    if (!closed && seen !== known) {
      known = seen;
      const before = files().join('\n');
      await onChange();
      if (!closed && files().join('\n') !== before) {
        // It names other files now, which may have changed since it read them.
        known = null;
        soon();
      }
    }
    if (!closed) await follow(watched, { files: files(), soon });
  };
  const look = (): void => {
    if (closed) return;
    if (running) {
      again = true;
      return;
    }
    running = check().finally(() => {
      running = null;
      if (again) soon();
      again = false;
    });
  };
  const soon = (): void => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(look, debounce).unref();
  };
  await follow(watched, { files: files(), soon });
  soon();
  const poll = setInterval(look, pollEvery).unref();
  return {
    look,
    close: async () => {
      closed = true;
      clearInterval(poll);
      clearTimeout(timer);
      for (const watcher of watched.folders.values()) watcher.close();
      await running;
    },
  };
}

interface Watched {
  readonly folders: Map<string, FSWatcher>;
  /** Of the files in them that count. */
  names: ReadonlySet<string>;
}

/** A database or log beside the files changes all the time. Kubernetes swaps `..data`. */
function concerns(names: ReadonlySet<string>, name: string | null): boolean {
  return name === null || name.startsWith('..') || names.has(name);
}

/** The folders of the files, and of what links lead to. A folder that cannot be watched is left to the poll. */
async function follow(
  watched: Watched,
  { files, soon }: { readonly files: readonly string[]; readonly soon: () => void },
): Promise<void> {
  const targets = await Promise.all(files.map((file) => realpath(file).catch(() => file)));
  const { folders } = watched;
  watched.names = new Set([...files, ...targets].map((file) => basename(file)));
  const wanted = new Set([...files, ...targets].map((file) => dirname(file)));
  for (const [folder, watcher] of folders) {
    if (wanted.has(folder)) continue;
    watcher.close();
    folders.delete(folder);
  }
  for (const folder of wanted) {
    if (folders.has(folder)) continue;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (concerns(watched.names, name)) soon();
      });
      watcher.on('error', () => {
        watcher.close();
        folders.delete(folder);
      });
      folders.set(folder, watcher);
    } catch {
      // It does not exist, or there are too many watches: the poll finds what changes.
    }
  }
}

/** Says nothing about the contents, which are secrets. */
async function fingerprint(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const content = await readFileBounded(file).then(
        (bytes) => sha256Bytes(bytes).toString('base64url'),
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'),
      );
      return `${file}\n${content}`;
    }),
  );
  return parts.join('\n');
}
