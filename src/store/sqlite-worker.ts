/** The thread that owns the database: what arrived while one transaction was committed becomes the next one. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { StepName } from './operations.ts';
import { steps } from './operations.ts';
import type { StoreCaps } from './records.ts';
import { storageFailure } from './sqlite-failure.ts';
import { watchDatabase } from './sqlite-file.ts';
import { prepareDatabase, rollBack } from './sqlite-schema.ts';
import { SqliteRows } from './sqlite-rows.ts';
import type { ErrorCode } from '../types/error.ts';

/** What the thread is started with. */
export interface WorkerOptions {
  readonly path: string;
  /** Of the file when the store was opened. */
  readonly identity: string | null;
  readonly caps: StoreCaps;
}

export interface Call {
  readonly name: StepName | 'stats' | 'ping';
  readonly args: readonly unknown[];
}

/** Calls of one transaction, at one moment of the store's clock. `close` ends the thread. */
export type Request =
  | { readonly kind: 'batch'; readonly id: number; readonly now: number; readonly calls: readonly Call[] }
  | { readonly kind: 'close' };

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** The answer to the start (`ready`), a batch, or the end. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly outcome: Outcome }
  | { readonly kind: 'done'; readonly id: number; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'closed' };

/** Milliseconds of the store's clock between two purges. */
const purgeEvery = 30_000;

const port = parentPort;
if (!port) throw new TypeError('this file runs as a worker thread');
// Only `sqlite.ts` starts this thread.
const { path, identity, caps } = workerData as WorkerOptions;
let checkFile: () => void = watchDatabase(path, identity);

try {
  serve(openDatabase());
} catch (error) {
  port.postMessage({ kind: 'failed', outcome: failure(error) } satisfies Reply);
}

function openDatabase(): DatabaseSync {
  // SQLite would make a new file where one was removed.
  checkFile();
  const database = new DatabaseSync(path);
  try {
    prepareDatabase(database);
    checkFile = watchDatabase(path, identity);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function serve(database: DatabaseSync): void {
  const rows = new SqliteRows(database);
  let purgedAt = 0;
  port?.on('message', (request: Request) => {
    if (request.kind === 'close') {
      database.close();
      port.postMessage({ kind: 'closed' } satisfies Reply);
      port.close();
      return;
    }
    rows.setNow(request.now);
    const outcomes = runBatch(database, rows, request.calls);
    port.postMessage({ kind: 'done', id: request.id, outcomes } satisfies Reply);
    if (Math.abs(request.now - purgedAt) < purgeEvery) return;
    purgedAt = request.now;
    purge(database, rows);
  });
  port?.postMessage({ kind: 'ready' } satisfies Reply);
}

/** One transaction for all; when one call breaks it, each gets its own, so that no neighbour suffers. */
function runBatch(database: DatabaseSync, rows: SqliteRows, calls: readonly Call[]): readonly Outcome[] {
  if (calls.length === 0) return [];
  let inCall = false;
  try {
    return inTransaction(database, () =>
      calls.map((call): Outcome => {
        inCall = true;
        const value = runCall(rows, call);
        inCall = false;
        return { ok: true, value };
      }),
    );
  } catch (error) {
    // A database that is locked or full would make each of them wait in turn, for the same answer.
    if (calls.length === 1 || !inCall) return calls.map(() => failure(error));
    return calls.flatMap((call) => runBatch(database, rows, [call]));
  }
}

function runCall(rows: SqliteRows, { name, args }: Call): unknown {
  if (name === 'stats') return rows.stats();
  if (name === 'ping') return rows.probe();
  // `args` were taken from a call of this very step.
  const step = steps[name] as (...all: unknown[]) => unknown;
  return step(rows, args, caps);
}

function inTransaction<T>(database: DatabaseSync, body: () => T): T {
  checkFile();
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = body();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** Milliseconds between two steps of one purge: requests go first. */
const purgePause = 20;

/** A few rows in a transaction of their own, after the answers: nobody waits for it. What fails now is tried again. */
function purge(database: DatabaseSync, rows: SqliteRows): void {
  try {
    if (inTransaction(database, () => rows.purge())) setTimeout(purge, purgePause, database, rows);
  } catch {
    // Closed meanwhile; or it does not work, which the next batch reports.
  }
}

function failure(error: unknown): Outcome {
  const { code, message } = storageFailure(error);
  return { ok: false, code, message };
}
