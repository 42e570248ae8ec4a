import type { Milliseconds } from '../types/time.ts';
import type { AuthStore } from './contract.ts';
import type { RegistrationRecord, Rows, StoreCaps } from './records.ts';
import { after } from './records.ts';
import type { PutRegistration, StoredRegistration } from './registration-contract.ts';

const day: Milliseconds = 86_400_000;

/** One source may hold that share of the room with registrations that nobody uses. */
const shareOfSource = 0.1;

/** See `AuthStore.putRegistration`. */
export function putRegistration(
  rows: Rows,
  { id, value, source, ttl }: PutRegistration,
  { registrations: cap }: StoreCaps,
): 'ok' | 'full' {
  const now = rows.now();
  if (rows.countRegistrations({ source }) >= Math.max(1, Math.floor(cap * shareOfSource)))
    rows.dropUnusedRegistration({ source });
  if (rows.countRegistrations('all') >= cap) rows.dropRegistrations();
  if (rows.countRegistrations('all') >= cap && !rows.dropUnusedRegistration('all')) return 'full';
  rows.saveRegistration({ id, value, source, used: false, createdAt: now, expiresAt: after(now, ttl) });
  return 'ok';
}

/** See `AuthStore.getRegistration`. */
export function getRegistration(rows: Rows, id: string): StoredRegistration | null {
  const found = living(rows, id);
  return found ? shown(found) : null;
}

/** See `AuthStore.keepRegistration`. */
export function keepRegistration(
  rows: Rows,
  { id, ttl }: Parameters<AuthStore['keepRegistration']>[0],
): void {
  const found = living(rows, id);
  if (!found) return;
  const expiresAt = after(rows.now(), ttl);
  if (!found.used || expiresAt - found.expiresAt >= day)
    rows.saveRegistration({ ...found, used: true, expiresAt });
}

/** See `AuthStore.changeRegistration`. */
export function changeRegistration(
  rows: Rows,
  { id, before, value }: Parameters<AuthStore['changeRegistration']>[0],
): boolean {
  const found = living(rows, id);
  if (found?.value !== before) return false;
  rows.saveRegistration({ ...found, value });
  return true;
}

/** Of one answer, so that it holds nobody up. */
const listed = 500;

/** See `AuthStore.listRegistrations`. */
export function listRegistrations(rows: Rows, behind: string): readonly StoredRegistration[] {
  return rows.registrationsAfter(behind, listed).map(shown);
}

/** See `AuthStore.removeRegistration`. */
export function removeRegistration(rows: Rows, id: string): StoredRegistration | null {
  const found = living(rows, id);
  rows.deleteRegistration(id);
  return found ? shown(found) : null;
}

function living(rows: Rows, id: string): RegistrationRecord | undefined {
  const found = rows.registration(id);
  return found && found.expiresAt > rows.now() ? found : undefined;
}

function shown({ id, value, used, createdAt, expiresAt }: RegistrationRecord): StoredRegistration {
  return { id, value, used, createdAt, expiresAt };
}
