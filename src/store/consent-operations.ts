import type { ConsentKey, RememberConsent, RememberedConsent } from './consent-contract.ts';
import type { Bucket, Hash } from './terms.ts';
import type { ConsentRecord, Rows, StoreCaps } from './records.ts';
import { after } from './records.ts';

/** See `AuthStore.recallConsent`. */
export function recallConsent(rows: Rows, key: ConsentKey): RememberedConsent | null {
  const record = rows.consent(key);
  return record && record.expiresAt > rows.now() ? record : null;
}

/** See `AuthStore.listConsents`. */
export function listConsents(
  rows: Rows,
  { bucket, userId }: { readonly bucket: Bucket; readonly userId: string },
): readonly RememberedConsent[] {
  const now = rows.now();
  const alive = rows.consentsOf(bucket, userId).filter(({ expiresAt }) => expiresAt > now);
  return alive.toSorted((one, other) => other.usedAt - one.usedAt);
}

/** See `AuthStore.forgetConsent`. */
export function forgetConsent(rows: Rows, key: ConsentKey): boolean {
  const known = recallConsent(rows, key) !== null;
  rows.deleteConsent(key);
  return known;
}

/** Keeps a consent with the login that it was given in. A full user loses the one that was not used for longest. */
export function rememberConsent(
  rows: Rows,
  { ttl, ...consent }: RememberConsent,
  { bucket, userId, caps }: { readonly bucket: Bucket; readonly userId: string; readonly caps: StoreCaps },
): void {
  const now = rows.now();
  const others = rows
    .consentsOf(bucket, userId)
    .filter(({ consentId }) => consentId !== consent.consentId)
    .toSorted((one, other) => one.usedAt - other.usedAt);
  const surplus = Math.max(0, others.length - caps.rememberedAnswersPerUser + 1);
  for (const record of others.slice(0, surplus)) rows.deleteConsent(record);
  rows.saveConsent({ bucket, userId, ...consent, createdAt: now, usedAt: now, expiresAt: after(now, ttl) });
}

/** A login went on with it. */
export function touchConsent(rows: Rows, record: ConsentRecord): void {
  rows.saveConsent({ ...record, usedAt: rows.now() });
}

/** A grant of a client ended before its time: whoever ended it does not want the next one unasked. */
export function forgetClientConsents(
  rows: Rows,
  { bucket, userId, client }: { readonly bucket: Bucket; readonly userId: string; readonly client: Hash },
): void {
  for (const record of rows.consentsOf(bucket, userId))
    if (record.client === client) rows.deleteConsent(record);
}

/** All of a user. */
export function forgetConsents(rows: Rows, bucket: Bucket, userId: string): void {
  for (const record of rows.consentsOf(bucket, userId)) rows.deleteConsent(record);
}
