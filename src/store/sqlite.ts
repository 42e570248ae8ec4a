import { closeSync, openSync } from 'node:fs';
import { SallyportError } from '../types/error.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { AuthStore, StoreStats } from './contract.ts';
import type { StepName } from './operations.ts';
import { stepsBy } from './operations.ts';
import type { StoreCaps } from './records.ts';
import { defaultCaps } from './records.ts';
import { identityOf } from './sqlite-file.ts';
import { SqliteThread } from './sqlite-thread.ts';

export interface SqliteStoreOptions {
  /** The file; its folder must exist. It is made with mode 0600. */
  readonly path: string;
  /** The store's own clock decides; the system's by default. */
  readonly clock?: Clock;
  readonly caps?: Partial<StoreCaps>;
  /** How long a transaction may take before who waits behind it is turned away; 10 s by default. */
  readonly patience?: Milliseconds;
}

/** Longer than the wait for another process's lock. */
const defaultPatience: Milliseconds = 10_000;

/** How long an answer about the store's health stands. */
const probeEvery: Milliseconds = 1000;

/** How often an idle store looks for expired rows, in milliseconds. */
const tick = 60_000;

/**
 * A store in one file, good for several processes of one machine. The event loop never waits for the disk: a worker
 * thread owns the database, and answers come after their commit is durable.
 * @throws {SallyportError} `storage_failed`, `storage_schema_newer`
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<AuthStore> {
  const { path, clock = Date.now, caps, patience = defaultPatience } = options;
  createPrivateFile(path);
  const thread = new SqliteThread(
    { path, identity: identityOf(path), caps: { ...defaultCaps, ...caps } },
    { clock, patience },
  );
  await thread.start().catch((error: unknown) => {
    // Only here the path may be said: later failures are shown to anybody who asks whether we are ready.
    if (!(error instanceof SallyportError)) throw error;
    throw new SallyportError(error.code, `${path}: ${error.message}`, { cause: error });
  });
  const timer = setInterval(() => thread.nudge(), tick).unref();
  let closed: Promise<void> | undefined;
  let probe: { readonly at: Milliseconds; readonly answer: Promise<unknown> } | undefined;

  // What the worker answers to a step is that step's result; messages carry no types.
  const run = <N extends StepName>(name: N, args: Parameters<AuthStore[N]>): ReturnType<AuthStore[N]> =>
    thread.call({ name, args }) as ReturnType<AuthStore[N]>;

  return {
    traits: { durable: true, shared: true },
    health: async () => {
      // Whoever asks again in the same second hears the same: health is no way to keep the disk busy.
      if (!probe || Math.abs(clock() - probe.at) >= probeEvery)
        probe = { at: clock(), answer: thread.call({ name: 'ping', args: [] }) };
      await probe.answer;
    },
    stats: () => thread.call({ name: 'stats', args: [] }) as Promise<StoreStats>,
    close: () => {
      clearInterval(timer);
      probe = undefined;
      return (closed ??= thread.close());
    },
    ...stepsBy(run),
  };
}

/** SQLite gives its side files the mode of the database, so the database must be private from its first byte. */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new SallyportError(
      'storage_failed',
      `the database ${path} cannot be opened for writing: give it, and its folder, to the user that runs this process`,
      {
        cause: error,
      },
    );
  }
}
