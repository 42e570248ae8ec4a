import { closeSync, fsyncSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SallyportError } from '../types/error.ts';
import type { Milliseconds } from '../types/time.ts';
import { storageFailure } from './sqlite-failure.ts';
import { SqliteRows } from './sqlite-rows.ts';
import { checkDatabase, rollBack } from './sqlite-schema.ts';

/** What is in a database, for operators. */
export interface DatabaseStats {
  readonly schema: number;
  /** Bytes of the file, of its write-ahead log, and of pages that wait to be used again. */
  readonly bytes: number;
  readonly walBytes: number;
  readonly freeBytes: number;
  readonly pending: number;
  /** Clients that registered and are kept. */
  readonly registrations: number;
  readonly grants: { readonly code: number; readonly active: number; readonly revoked: number };
  /** Rows of all kinds whose time is over, which the gateway drops little by little. */
  readonly expired: number;
  readonly users: number;
  readonly connections: { readonly alive: number; readonly dead: number };
  readonly oldestGrant: Milliseconds | null;
  readonly newestGrant: Milliseconds | null;
}

export interface PurgeOptions {
  readonly now: Milliseconds;
  /** Also gives free pages back to the file system: everybody else waits meanwhile. */
  readonly vacuum: boolean;
}

/** Milliseconds to wait for a gateway's transaction. */
const patience = 5000;

/** Counts rows. @throws {SallyportError} */
export function readDatabaseStats(path: string, now: Milliseconds): DatabaseStats {
  return withDatabase(path, (database) => {
    const number = (sql: string, ...values: number[]): number =>
      Number(Object.values(database.prepare(sql).get(...values) ?? {})[0] ?? 0);
    const count = (what: string, ...values: number[]): number =>
      number(`SELECT count(*) FROM ${what}`, ...values);
    const grants = (state: string): number => count(`grants WHERE state = '${state}' AND expiresAt > ?`, now);
    const total = count('grants');
    return {
      schema: number('PRAGMA user_version'),
      // What it will be once the write-ahead log is in it.
      bytes: number('PRAGMA page_count') * number('PRAGMA page_size'),
      walBytes: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      freeBytes: number('PRAGMA freelist_count') * number('PRAGMA page_size'),
      pending: count('pending WHERE expiresAt > ?', now),
      registrations: count('registrations WHERE expiresAt > ?', now),
      grants: { code: grants('code'), active: grants('active'), revoked: grants('revoked') },
      expired: expiredRows(database, now),
      users: count('users'),
      connections: {
        alive: count("connections WHERE state = 'alive'"),
        dead: count("connections WHERE state = 'dead'"),
      },
      oldestGrant: total === 0 ? null : number('SELECT min(createdAt) FROM grants'),
      newestGrant: total === 0 ? null : number('SELECT max(createdAt) FROM grants'),
    };
  });
}

/** What SQLite finds wrong with the file; empty when all is well. @throws {SallyportError} when it cannot be opened */
export function findDamage(path: string): readonly string[] {
  return withDatabase(path, (database) =>
    database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row['integrity_check']))
      .filter((line) => line !== 'ok'),
  );
}

/**
 * Copies the database as it is at one moment, also while gateways use it. The copy is private (mode 0600), has been
 * opened and checked, and is on disk when this returns; when anything fails, there is none.
 * @throws {SallyportError} also when `to` is there already
 */
export function backUpDatabase(path: string, to: string): { readonly bytes: number } {
  withDatabase(path, (database) => {
    createPrivate(to);
    try {
      // Into an empty file that is private already: SQLite would make it with the mode of the process.
      database.prepare('VACUUM INTO ?').run(to);
      const damage = findDamage(to);
      if (damage.length > 0)
        throw new SallyportError('storage_failed', `the copy is damaged: ${damage.join('; ')}`);
      for (const place of [to, dirname(to)]) flush(place);
    } catch (error) {
      unlinkSync(to);
      throw error;
    }
  });
  return { bytes: statSync(to).size };
}

/** Rows whose time is over. */
export function countExpired(path: string, now: Milliseconds): number {
  return withDatabase(path, (database) => expiredRows(database, now));
}

/** Drops rows whose time is over, a few per transaction, so that gateways go on. @returns how many */
export function purgeDatabase(path: string, { now, vacuum }: PurgeOptions): number {
  return withDatabase(path, (database) => {
    const rows = new SqliteRows(database);
    rows.setNow(now);
    const before = expiredRows(database, now);
    for (let left = before; left > 0;) {
      database.exec('BEGIN IMMEDIATE');
      try {
        rows.purge();
        database.exec('COMMIT');
      } catch (error) {
        rollBack(database);
        throw error;
      }
      left = expiredRows(database, now);
    }
    if (vacuum) database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE);');
    return before;
  });
}

function expiredRows(database: DatabaseSync, now: Milliseconds): number {
  // Node 22.13 cannot bind one value to a parameter that is named twice (?1).
  const sql = `SELECT (SELECT count(*) FROM pending WHERE expiresAt <= ?)
    + (SELECT count(*) FROM grants WHERE expiresAt <= ?) AS n`;
  return Number(database.prepare(sql).get(now, now)?.['n'] ?? 0);
}

/** Opens a database that is there: SQLite would make one. */
function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new SallyportError('storage_failed', `there is no database at ${path}`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // Its option for this came after Node 22.13.
    database.exec(`PRAGMA busy_timeout = ${patience}`);
    checkDatabase(database);
    return work(database);
  } catch (error) {
    const { code, message } = error instanceof SallyportError ? error : storageFailure(error);
    throw new SallyportError(code, message.startsWith(path) ? message : `${path}: ${message}`, {
      cause: error,
    });
  } finally {
    database?.close();
  }
}

function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    const there = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const problem = there ? 'is there already: choose another name' : 'cannot be written';
    throw new SallyportError('storage_failed', `${path} ${problem}`, { cause: error });
  }
}

function flush(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
