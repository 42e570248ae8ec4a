import type { DatabaseSync } from 'node:sqlite';
import { SallyportError } from '../types/error.ts';
import type { Milliseconds } from '../types/time.ts';

/** Counted up with every change of the schema; kept in the file as `user_version`. */
const schemaVersion = 3;

/** Marks a file as ours (`application_id`): "sally" in a telephone's digits. */
const applicationId = 72_559;

/** From an empty file to version 1. Column names are the record's own. */
const versionOne = `
  CREATE TABLE pending (
    "transaction" TEXT PRIMARY KEY, sealed BLOB NOT NULL, source TEXT NOT NULL, expiresAt INTEGER NOT NULL,
    leg INTEGER NOT NULL, takenLeg INTEGER NOT NULL, takenBy TEXT NOT NULL, restartedBy TEXT NOT NULL, done INTEGER NOT NULL,
    doneBy TEXT NOT NULL, doneAs TEXT NOT NULL
  ) STRICT;
  CREATE INDEX pending_source ON pending (source);
  CREATE INDEX pending_expiry ON pending (expiresAt);
  CREATE TABLE grants (
    grantId TEXT PRIMARY KEY, bucket TEXT NOT NULL, userId TEXT NOT NULL, upstream TEXT NOT NULL, account TEXT NOT NULL,
    client TEXT NOT NULL, codeSeed TEXT NOT NULL, challenge TEXT NOT NULL, redirectUri TEXT NOT NULL, resource TEXT NOT NULL,
    data TEXT NOT NULL, createdAt INTEGER NOT NULL, endsAt INTEGER NOT NULL, state TEXT NOT NULL, seed TEXT NOT NULL,
    generation INTEGER NOT NULL, redeemedAt INTEGER NOT NULL, redeemedBy TEXT NOT NULL, rotations TEXT NOT NULL,
    rotatedBy TEXT NOT NULL, expiresAt INTEGER NOT NULL, revokedTokens TEXT NOT NULL, revokedBecause TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX grants_user ON grants (userId);
  CREATE INDEX grants_expiry ON grants (expiresAt);
  CREATE TABLE users (
    userId TEXT PRIMARY KEY, bucket TEXT NOT NULL, identity BLOB NOT NULL, identityAt INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE connections (
    userId TEXT NOT NULL, upstream TEXT NOT NULL, account TEXT NOT NULL, bucket TEXT NOT NULL, access BLOB NOT NULL,
    refresh BLOB, upstreamClientId TEXT NOT NULL, scopes TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
    backoffUntil INTEGER NOT NULL, leaseOwner TEXT NOT NULL, leaseUntil INTEGER NOT NULL, fence INTEGER NOT NULL,
    PRIMARY KEY (userId, upstream, account)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE keyRings (name TEXT PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** To version 2: when connections were made and refreshed, and those whose upstream has to be told that they are over. */
const versionTwo = `
  ALTER TABLE connections ADD COLUMN connectedAt INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE connections ADD COLUMN refreshedAt INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE ended (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, userId TEXT NOT NULL, upstream TEXT NOT NULL, account TEXT NOT NULL,
    access BLOB NOT NULL, refresh BLOB, upstreamClientId TEXT NOT NULL, endedAt INTEGER NOT NULL, attempts INTEGER NOT NULL,
    dueAt INTEGER NOT NULL, leaseOwner TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ended_due ON ended (dueAt);
`;

/** To version 3: what users want remembered, assertions that were used, who is shut out, who registered, and moments that pass. */
const versionThree = `
  CREATE TABLE consents (
    userId TEXT NOT NULL, consentId TEXT NOT NULL, bucket TEXT NOT NULL, client TEXT NOT NULL, data TEXT NOT NULL,
    createdAt INTEGER NOT NULL, usedAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL, PRIMARY KEY (userId, consentId)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX consents_expiry ON consents (expiresAt);
  CREATE TABLE assertions (
    client TEXT NOT NULL, assertion TEXT NOT NULL, source TEXT NOT NULL, expiresAt INTEGER NOT NULL,
    PRIMARY KEY (client, assertion)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE blocks (
    kind TEXT NOT NULL, value TEXT NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX assertions_expiry ON assertions (expiresAt);
  CREATE TABLE registrations (
    id TEXT PRIMARY KEY, value TEXT NOT NULL, source TEXT NOT NULL, used INTEGER NOT NULL, createdAt INTEGER NOT NULL,
    expiresAt INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX registrations_unused ON registrations (source, createdAt) WHERE used = 0;
  CREATE INDEX registrations_expiry ON registrations (expiresAt);
  CREATE TABLE moments (
    kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX moments_at ON moments (at);
  CREATE INDEX assertions_strangers ON assertions (source, expiresAt) WHERE source <> '';
`;

/** What leads from each version to the next. */
const migrations: readonly string[] = [versionOne, versionTwo, versionThree];

/**
 * Sets the connection up and brings the schema to our version.
 * @throws {SallyportError} `storage_schema_newer` for a file of a newer Sallyport, `storage_failed` for somebody else's
 */
export function prepareDatabase(database: DatabaseSync): void {
  database.exec('PRAGMA busy_timeout = 5000');
  // Before anything is written, the mode of the journal included: a file that is not ours stays as it is.
  inTransaction(database, 'BEGIN', () => knownVersion(database));
  // FULL: an answer goes out only after its commit is on disk, whatever happens to the machine afterwards.
  patiently(() => database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;'));
  inTransaction(database, 'BEGIN IMMEDIATE', () => migrate(database));
}

/** How long a change of the journal's mode is tried, in steps of so many milliseconds. */
const patience: Milliseconds = 5000;
const pause: Milliseconds = 25;

/**
 * Waits where SQLite does not: whoever changes the mode of the journal while another process opens the same new file is told
 * that it is locked, whatever `busy_timeout` says.
 */
function patiently(work: () => void): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let left = patience; ; left -= pause) {
    try {
      work();
      return;
    } catch (error) {
      const busy = error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5;
      if (!busy || left <= 0) throw error;
      Atomics.wait(clock, 0, 0, pause);
    }
  }
}

function inTransaction(database: DatabaseSync, begin: 'BEGIN' | 'BEGIN IMMEDIATE', body: () => void): void {
  database.exec(begin);
  try {
    body();
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/**
 * For tools that work on a database beside the gateway: neither an empty file nor an older schema is theirs to change.
 * @throws {SallyportError} `storage_schema_newer`, `storage_failed`
 */
export function checkDatabase(database: DatabaseSync): void {
  const version = knownVersion(database);
  if (version === schemaVersion) return;
  const problem = version === 0 ? 'holds nothing yet' : `has the older schema ${version}`;
  throw new SallyportError('storage_failed', `the database ${problem}: start the gateway once`);
}

/** SQLite rolls back by itself after some failures (a full disk), and then refuses to do it again. */
export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // Nothing was open any more, which is what is wanted.
  }
}

/** The schema's version; 0 for an empty file. Throws for a file that we must not touch. */
function knownVersion(database: DatabaseSync): number {
  const version = pragma(database, 'user_version');
  const owner = pragma(database, 'application_id');
  // Most programs neither sign their files nor count versions: what has any content and no sign of ours is theirs.
  const empty =
    version === 0 && owner === 0 && !database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
  if (!empty && owner !== applicationId) {
    throw new SallyportError('storage_failed', 'the database file belongs to another program');
  }
  if (version > schemaVersion) {
    throw new SallyportError(
      'storage_schema_newer',
      `the database has schema ${version}, and this version of Sallyport knows ${schemaVersion}: use the newer one`,
    );
  }
  return version;
}

function migrate(database: DatabaseSync): void {
  // Again, now that nobody else writes: another process may have been faster.
  const version = knownVersion(database);
  if (version === schemaVersion) return;
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion};`);
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}
