import { createHash } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import { makePrivateDirectory, writePrivateFile } from './private-files.ts';

interface Entry {
  readonly model: string;
  readonly id: string;
  readonly payload: AdapterPayload;
  /** Milliseconds since the epoch; `null`: does not end. */
  readonly expiresAt: number | null;
}

/** What belongs to a grant and ends with it (oidc-provider's own list, without what the demo has switched off). */
const grantable = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** Every entry is one file, held in memory too, so that only writes touch the disk. One process at a time. */
class Shelf {
  readonly #entries = new Map<string, Entry>();
  readonly #directory: string;
  readonly #now: () => number;
  /** Writes happen one after the other: two for one entry must not overtake each other. */
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(directory: string, now: () => number) {
    this.#directory = directory;
    this.#now = now;
  }

  async load(): Promise<void> {
    await makePrivateDirectory(this.#directory);
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      // A file without the ending is what an interrupted write left behind.
      const entry = name.endsWith('.json') ? readEntry(await readFile(path, 'utf8')) : null;
      if (entry === null || this.#ended(entry)) await rm(path);
      else this.#entries.set(keyOf(entry.model, entry.id), entry);
    }
  }

  get(model: string, id: string): Entry | undefined {
    const entry = this.#entries.get(keyOf(model, id));
    return entry === undefined || this.#ended(entry) ? undefined : entry;
  }

  find(matches: (entry: Entry) => boolean): Entry | undefined {
    return [...this.#entries.values()].find((entry) => matches(entry) && !this.#ended(entry));
  }

  put(entry: Entry): Promise<void> {
    this.#entries.set(keyOf(entry.model, entry.id), entry);
    return this.#write(() => writePrivateFile(this.#path(entry), JSON.stringify(entry)));
  }

  async removeAll(matches: (entry: Entry) => boolean): Promise<void> {
    const gone = [...this.#entries.values()].filter((entry) => matches(entry));
    for (const entry of gone) this.#entries.delete(keyOf(entry.model, entry.id));
    await this.#write(async () => {
      await Promise.all(gone.map((entry) => rm(this.#path(entry), { force: true })));
    });
  }

  #ended(entry: Entry): boolean {
    return entry.expiresAt !== null && entry.expiresAt <= this.#now();
  }

  #path(entry: Entry): string {
    // Ids are bearer secrets: the name of a file must not tell them.
    return join(
      this.#directory,
      `${createHash('sha256').update(keyOf(entry.model, entry.id)).digest('hex')}.json`,
    );
  }

  #write(work: () => Promise<void>): Promise<void> {
    const write = this.#lastWrite.then(work);
    this.#lastWrite = write.catch(() => {});
    return write;
  }
}

function keyOf(model: string, id: string): string {
  return `${model}:${id}`;
}

function readEntry(text: string): Entry | null {
  try {
    // Only this file writes there, and whole files only.
    return JSON.parse(text) as Entry;
  } catch {
    return null;
  }
}

function createAdapter(model: string, shelf: Shelf, now: () => number): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      await shelf.put({ model, id, payload, expiresAt: expiresIn ? now() + expiresIn * 1000 : null });
    },
    async find(id) {
      return structuredClone(shelf.get(model, id)?.payload);
    },
    async findByUid(uid) {
      return structuredClone(
        shelf.find((entry) => entry.model === model && entry.payload.uid === uid)?.payload,
      );
    },
    async findByUserCode() {},
    async consume(id) {
      const entry = shelf.get(model, id);
      if (entry === undefined) return;
      await shelf.put({ ...entry, payload: { ...entry.payload, consumed: Math.floor(now() / 1000) } });
    },
    async destroy(id) {
      await shelf.removeAll((entry) => entry.model === model && entry.id === id);
    },
    async revokeByGrantId(grantId) {
      await shelf.removeAll((entry) => grantable.has(entry.model) && entry.payload.grantId === grantId);
    },
  };
}

/**
 * Keeps the demo provider's sessions, grants and tokens as files (0600 in a directory of 0700), so that a restart keeps
 * everybody signed in. Entries that ended are removed at the next start.
 * @param options.now milliseconds since the epoch.
 */
export async function openFileAdapters(options: {
  directory: string;
  now: () => number;
}): Promise<AdapterFactory> {
  const shelf = new Shelf(options.directory, options.now);
  await shelf.load();
  return (model) => createAdapter(model, shelf, options.now);
}
