import type { ConnectionKey } from './contract.ts';
import type { EndedConnection, SettleEnded, TakeEnded } from './ended-contract.ts';
import type { Milliseconds } from '../types/time.ts';
import type { ConnectionRecord, EndedRecord, Rows } from './records.ts';
import { after } from './records.ts';

/** Ended connections that wait at most; more are forgotten, because nothing may grow without end. */
const maxEnded = 10_000;

/** Tokens that an upstream could not be told about for so long have ended by themselves, or never will. */
const longestWait: Milliseconds = 7 * 86_400_000;

/** Takes a connection out of use and keeps what its upstream has to be told. */
export function retireConnection(rows: Rows, record: ConnectionRecord): void {
  rows.deleteConnection(record);
  // A dead one is over at the upstream already.
  if (record.state === 'dead' || rows.countEnded() >= maxEnded) return;
  const { bucket, userId, upstream, account, access, refresh, upstreamClientId, version } = record;
  const now = rows.now();
  rows.saveEnded({
    id: JSON.stringify([userId, upstream, account, version, now]),
    bucket,
    userId,
    upstream,
    account,
    access,
    refresh,
    upstreamClientId,
    endedAt: now,
    attempts: 0,
    dueAt: now,
    leaseOwner: '',
  });
}

/** Takes every connection of a user out of use, and the identity with them. */
export function retireUser(rows: Rows, bucket: string, userId: string): void {
  for (const record of rows.connectionsOf(bucket, userId)) retireConnection(rows, record);
  rows.deleteUser(bucket, userId);
}

export function takeEnded(rows: Rows, { owner, lease, limit }: TakeEnded): readonly EndedConnection[] {
  const now = rows.now();
  const taken: EndedConnection[] = [];
  for (const record of rows.dueEnded(limit)) {
    if (isPointless(rows, record, now)) rows.deleteEnded(record.id);
    else {
      rows.saveEnded({ ...record, leaseOwner: owner, dueAt: after(now, lease) });
      taken.push(viewOf(record));
    }
  }
  return taken;
}

/** Too old, or the same account is connected again: some upstreams end everything of an account with any token of it. */
function isPointless(rows: Rows, record: EndedRecord, now: Milliseconds): boolean {
  return now - record.endedAt > longestWait || rows.connectionState(record) === 'alive';
}

/** A lease that somebody else has taken over is no longer the caller's to settle. */
export function settleEnded(rows: Rows, { id, owner, again }: SettleEnded): void {
  const record = rows.ended(id);
  if (!record || record.leaseOwner !== owner) return;
  if (again === null) rows.deleteEnded(id);
  else
    rows.saveEnded({
      ...record,
      leaseOwner: '',
      attempts: record.attempts + 1,
      dueAt: after(rows.now(), again),
    });
}

function viewOf(record: EndedRecord): EndedConnection {
  const { id, bucket, userId, upstream, account, access, refresh, upstreamClientId } = record;
  const key: ConnectionKey = { bucket, userId, upstream, account };
  const { endedAt, attempts } = record;
  return { id, key, tokens: { access, refresh, upstreamClientId }, endedAt, attempts };
}
