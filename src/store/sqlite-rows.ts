import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Milliseconds } from '../types/time.ts';
import type { Bucket, ConnectionKey, GrantKey, KeyRingRow, StoreStats } from './contract.ts';
import type { Block, BlockKey } from './block-contract.ts';
import type { ConsentKey } from './consent-contract.ts';
import { dropExpired } from './grant-operations.ts';
import type {
  AssertionRecord,
  RegistrationRecord,
  ConnectionRecord,
  ConsentRecord,
  EndedRecord,
  GrantRecord,
  MomentKey,
  PendingRecord,
  Rows,
  UserRecord,
} from './records.ts';

/** Expired rows that one purge drops of each kind. */
const purgeLimit = 200;

type Row = Record<string, SQLOutputValue>;

/** Rows in SQLite. Statements are prepared once; all calls happen inside the worker's transaction. */
export class SqliteRows implements Rows {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #now: Milliseconds = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The moment of the running transaction. */
  setNow(now: Milliseconds): void {
    this.#now = now;
  }

  now(): Milliseconds {
    return this.#now;
  }

  pending(transaction: string): PendingRecord | undefined {
    const row = this.#get('SELECT * FROM pending WHERE "transaction" = ?', transaction);
    return row && readPending(row);
  }

  savePending(record: PendingRecord): void {
    this.#save('pending', ['"transaction"'], { ...record, done: record.done ? 1 : 0 });
  }

  deletePending(transaction: string): void {
    this.#run('DELETE FROM pending WHERE "transaction" = ?', transaction);
  }

  countPending(source?: string): number {
    const row =
      source === undefined
        ? this.#get('SELECT count(*) AS n FROM pending')
        : this.#get('SELECT count(*) AS n FROM pending WHERE source = ?', source);
    return Number(row?.['n'] ?? 0);
  }

  oldestPending(source: string): PendingRecord | undefined {
    const row = this.#get('SELECT * FROM pending WHERE source = ? ORDER BY expiresAt LIMIT 1', source);
    return row && readPending(row);
  }

  heaviestSource(): string | undefined {
    const row = this.#get(
      'SELECT source FROM pending GROUP BY source ORDER BY count(*) DESC, min(expiresAt) LIMIT 1',
    );
    return row && String(row['source']);
  }

  grant({ bucket, grantId }: GrantKey): GrantRecord | undefined {
    const row = this.#get('SELECT * FROM grants WHERE grantId = ? AND bucket = ?', grantId, bucket);
    return row && readGrant(row);
  }

  saveGrant(record: GrantRecord): void {
    const { rotations, revokedTokens } = record;
    const lists = { rotations: JSON.stringify(rotations), revokedTokens: JSON.stringify(revokedTokens) };
    this.#save('grants', ['grantId'], { ...record, ...lists });
  }

  deleteGrant({ grantId }: GrantKey): void {
    this.#run('DELETE FROM grants WHERE grantId = ?', grantId);
  }

  grantsAfter(grantId: string, limit: number): readonly GrantRecord[] {
    const sql = 'SELECT * FROM grants WHERE grantId > ? ORDER BY grantId LIMIT ?';
    return this.#all(sql, grantId, limit).map(readGrant);
  }

  grantsOf(_bucket: Bucket, userId: string): readonly GrantRecord[] {
    return this.#all('SELECT * FROM grants WHERE userId = ? ORDER BY createdAt', userId).map(readGrant);
  }

  user(_bucket: Bucket, userId: string): UserRecord | undefined {
    // The columns are the record's fields.
    return this.#get('SELECT * FROM users WHERE userId = ?', userId) as UserRecord | undefined;
  }

  saveUser(record: UserRecord): void {
    this.#save('users', ['userId'], { ...record });
  }

  connection({ userId, upstream, account }: ConnectionKey): ConnectionRecord | undefined {
    const sql = 'SELECT * FROM connections WHERE userId = ? AND upstream = ? AND account = ?';
    const row = this.#get(sql, userId, upstream, account);
    return row && readConnection(row);
  }

  connectionState({ userId, upstream, account }: ConnectionKey): ConnectionRecord['state'] | undefined {
    const sql = 'SELECT state FROM connections WHERE userId = ? AND upstream = ? AND account = ?';
    // The column is the record's field.
    return this.#get(sql, userId, upstream, account)?.['state'] as ConnectionRecord['state'] | undefined;
  }

  saveConnection(record: ConnectionRecord): void {
    const scopes = JSON.stringify(record.scopes);
    this.#save('connections', ['userId', 'upstream', 'account'], { ...record, scopes });
  }

  deleteConnection({ userId, upstream, account }: ConnectionKey): void {
    const sql = 'DELETE FROM connections WHERE userId = ? AND upstream = ? AND account = ?';
    this.#run(sql, userId, upstream, account);
  }

  connectionsOf(_bucket: Bucket, userId: string): readonly ConnectionRecord[] {
    const sql = 'SELECT * FROM connections WHERE userId = ? ORDER BY upstream, account';
    return this.#all(sql, userId).map(readConnection);
  }

  deleteUser(_bucket: Bucket, userId: string): void {
    this.#run('DELETE FROM connections WHERE userId = ?', userId);
    this.#run('DELETE FROM users WHERE userId = ?', userId);
  }

  connectionsAfter(cursor: string, limit: number): ReturnType<Rows['connectionsAfter']> {
    // Only this method makes cursors.
    const after = cursor === '' ? ['', '', ''] : (JSON.parse(cursor) as [string, string, string]);
    const sql = `SELECT * FROM connections WHERE (userId, upstream, account) > (?, ?, ?)
      ORDER BY userId, upstream, account LIMIT ?`;
    const records = this.#all(sql, ...after, limit).map(readConnection);
    const last = records.length === limit ? records.at(-1) : undefined;
    return { records, next: last ? JSON.stringify([last.userId, last.upstream, last.account]) : null };
  }

  consent({ userId, consentId }: ConsentKey): ConsentRecord | undefined {
    const sql = 'SELECT * FROM consents WHERE userId = ? AND consentId = ?';
    // The columns are the record's fields.
    return this.#get(sql, userId, consentId) as ConsentRecord | undefined;
  }

  saveConsent(record: ConsentRecord): void {
    this.#save('consents', ['userId', 'consentId'], { ...record });
  }

  deleteConsent({ userId, consentId }: ConsentKey): void {
    this.#run('DELETE FROM consents WHERE userId = ? AND consentId = ?', userId, consentId);
  }

  consentsOf(_bucket: Bucket, userId: string): readonly ConsentRecord[] {
    const sql = 'SELECT * FROM consents WHERE userId = ?';
    return this.#all(sql, userId) as unknown as ConsentRecord[];
  }

  ended(id: string): EndedRecord | undefined {
    // The columns are the record's fields.
    return this.#get('SELECT * FROM ended WHERE id = ?', id) as EndedRecord | undefined;
  }

  saveEnded(record: EndedRecord): void {
    this.#save('ended', ['id'], { ...record });
  }

  deleteEnded(id: string): void {
    this.#run('DELETE FROM ended WHERE id = ?', id);
  }

  dueEnded(limit: number): readonly EndedRecord[] {
    const sql = 'SELECT * FROM ended WHERE dueAt <= ? ORDER BY dueAt LIMIT ?';
    return this.#all(sql, this.#now, limit) as unknown as EndedRecord[];
  }

  countEnded(): number {
    return Number(this.#get('SELECT count(*) AS n FROM ended')?.['n'] ?? 0);
  }

  keyRing(name: string): KeyRingRow | undefined {
    // The columns are the record's fields.
    return this.#get('SELECT value, version FROM keyRings WHERE name = ?', name) as KeyRingRow | undefined;
  }

  saveKeyRing(name: string, row: KeyRingRow): void {
    this.#save('keyRings', ['name'], { name, ...row });
  }

  /** A write that leaves nothing: a disk that is full or read-only refuses it. */
  probe(): void {
    this.#run("INSERT INTO keyRings (name, value, version) VALUES ('', x'', 0)");
    this.#run("DELETE FROM keyRings WHERE name = ''");
  }

  blocks(): readonly Block[] {
    // Column names are the record's own.
    return this.#all('SELECT * FROM blocks') as readonly unknown[] as readonly Block[];
  }

  saveBlock(block: Block): void {
    this.#save('blocks', ['kind', 'value'], { ...block });
  }

  deleteBlock({ kind, value }: BlockKey): void {
    this.#run('DELETE FROM blocks WHERE kind = ? AND value = ?', kind, value);
  }

  assertion(client: string, assertion: string): AssertionRecord | undefined {
    const row = this.#get('SELECT * FROM assertions WHERE client = ? AND assertion = ?', client, assertion);
    // Column names are the record's own.
    return row as AssertionRecord | undefined;
  }

  saveAssertion(record: AssertionRecord): void {
    this.#save('assertions', ['client', 'assertion'], { ...record });
  }

  countAssertions(of: { readonly client: string } | 'strangers'): number {
    const row =
      of === 'strangers'
        ? this.#get("SELECT count(*) AS n FROM assertions WHERE source <> ''")
        : this.#get('SELECT count(*) AS n FROM assertions WHERE client = ?', of.client);
    return Number(row?.['n'] ?? 0);
  }

  dropAssertions(): void {
    this.#run('DELETE FROM assertions WHERE expiresAt <= ?', this.#now);
  }

  dropAssertionOfHeaviest(): void {
    const heaviest =
      "SELECT source FROM assertions WHERE source <> '' GROUP BY source ORDER BY count(*) DESC LIMIT 1";
    const first = `SELECT client, assertion FROM assertions WHERE source = (${heaviest}) AND source <> '' ORDER BY expiresAt LIMIT 1`;
    this.#run(`DELETE FROM assertions WHERE (client, assertion) IN (${first})`);
  }

  registration(id: string): RegistrationRecord | undefined {
    const row = this.#get('SELECT * FROM registrations WHERE id = ?', id);
    return row && readRegistration(row);
  }

  registrationsAfter(id: string, limit: number): readonly RegistrationRecord[] {
    const sql = 'SELECT * FROM registrations WHERE id > ? AND expiresAt > ? ORDER BY id LIMIT ?';
    return this.#all(sql, id, this.#now, limit).map(readRegistration);
  }

  saveRegistration(record: RegistrationRecord): void {
    this.#save('registrations', ['id'], { ...record, used: record.used ? 1 : 0 });
  }

  deleteRegistration(id: string): void {
    this.#run('DELETE FROM registrations WHERE id = ?', id);
  }

  countRegistrations(of: 'all' | { readonly source: string }): number {
    const row =
      of === 'all'
        ? this.#get('SELECT count(*) AS n FROM registrations')
        : this.#get('SELECT count(*) AS n FROM registrations WHERE used = 0 AND source = ?', of.source);
    return Number(row?.['n'] ?? 0);
  }

  dropUnusedRegistration(of: 'all' | { readonly source: string }): boolean {
    const source =
      of === 'all'
        ? this.#get(
            'SELECT source FROM registrations WHERE used = 0 GROUP BY source ORDER BY count(*) DESC LIMIT 1',
          )
        : { source: of.source };
    if (!source) return false;
    const oldest = 'SELECT id FROM registrations WHERE used = 0 AND source = ? ORDER BY createdAt LIMIT 1';
    return this.#run(`DELETE FROM registrations WHERE id IN (${oldest})`, String(source['source'])) > 0;
  }

  dropRegistrations(): void {
    this.#run('DELETE FROM registrations WHERE expiresAt <= ?', this.#now);
  }

  moment({ kind, key }: MomentKey): Milliseconds | undefined {
    const row = this.#get('SELECT at FROM moments WHERE kind = ? AND key = ?', kind, key);
    return row && Number(row['at']);
  }

  saveMoment(key: MomentKey, at: Milliseconds): void {
    this.#save('moments', ['kind', 'key'], { ...key, at });
  }

  deleteMoment({ kind, key }: MomentKey): void {
    this.#run('DELETE FROM moments WHERE kind = ? AND key = ?', kind, key);
  }

  countMoments(kind: MomentKey['kind']): number {
    return Number(this.#get('SELECT count(*) AS n FROM moments WHERE kind = ?', kind)?.['n'] ?? 0);
  }

  dropMoments(): void {
    this.#run('DELETE FROM moments WHERE at <= ?', this.#now);
  }

  /** Numbers of rows, for operators. */
  stats(): StoreStats {
    const count = (table: string): number =>
      Number(this.#get(`SELECT count(*) AS n FROM ${table}`)?.['n'] ?? 0);
    return {
      pending: count('pending'),
      grants: count('grants'),
      connections: count('connections'),
      ended: count('ended'),
      registrations: count('registrations'),
    };
  }

  /** Drops some rows whose time is over; true when there may be more. */
  purge(): boolean {
    const old = '(SELECT "transaction" FROM pending WHERE expiresAt <= ? LIMIT ?)';
    const dropped = this.#run(`DELETE FROM pending WHERE "transaction" IN ${old}`, this.#now, purgeLimit);
    const consents = '(SELECT userId, consentId FROM consents WHERE expiresAt <= ? LIMIT ?)';
    const forgotten = this.#run(
      `DELETE FROM consents WHERE (userId, consentId) IN ${consents}`,
      this.#now,
      purgeLimit,
    );
    this.dropAssertions();
    this.dropRegistrations();
    this.dropMoments();
    const expired = this.#all('SELECT * FROM grants WHERE expiresAt <= ? LIMIT ?', this.#now, purgeLimit);
    for (const row of expired) dropExpired(this, readGrant(row));
    return dropped === purgeLimit || forgotten === purgeLimit || expired.length === purgeLimit;
  }

  #save(table: string, key: readonly string[], record: Record<string, unknown>): void {
    const names = Object.keys(record).map((name) => (name === 'transaction' ? '"transaction"' : name));
    const updates = names.filter((name) => !key.includes(name)).map((name) => `${name} = excluded.${name}`);
    const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
      ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${updates.join(', ')}`;
    // Every field of a record is text, a number, bytes or null.
    this.#run(sql, ...Object.values(record).map((value) => storable(value as SQLInputValue)));
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#statement(sql).all(...values);
  }

  /** @returns how many rows it concerned */
  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const nothing = new Uint8Array(0);

/** Node 22.13 takes bytes that came by message from another thread, and are none, for null. */
function storable(value: SQLInputValue): SQLInputValue {
  return value instanceof Uint8Array && value.byteLength === 0 ? nothing : value;
}

// The columns of each table are the fields of its record; lists are JSON.

function readPending(row: Row): PendingRecord {
  return { ...(row as unknown as PendingRecord), done: row['done'] === 1 };
}

function readGrant(row: Row): GrantRecord {
  const rotations = JSON.parse(String(row['rotations'])) as number[];
  const revokedTokens = JSON.parse(String(row['revokedTokens'])) as string[];
  return { ...(row as unknown as GrantRecord), rotations, revokedTokens };
}

function readConnection(row: Row): ConnectionRecord {
  return { ...(row as unknown as ConnectionRecord), scopes: JSON.parse(String(row['scopes'])) as string[] };
}

function readRegistration(row: Row): RegistrationRecord {
  return { ...row, used: row['used'] === 1 } as RegistrationRecord;
}
