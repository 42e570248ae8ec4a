import { decodeGrantData } from '../server/grant-data.ts';
import { knownLabel, readTrace } from '../server/login-trace.ts';
import { browserName } from '../server/seen-browser.ts';
import type { GrantSummary } from '../store/contract.ts';
import { plainText, renderMoment } from './table.ts';

/** Of the columns of {@link rowOf}. */
export const heading: readonly string[] = [
  'SID',
  'STATE',
  'USER',
  'UPSTREAM',
  'ACCOUNT',
  'CLIENT',
  'CALLED',
  'KNOWN AS',
  'CREATED',
  'LAST USED',
  'EXPIRES',
];

/** A grant as a line of a list. */
export function rowOf(grant: GrantSummary): readonly string[] {
  const { bucket, grantId, state, userId, upstream, account, client, data } = grant;
  const { clientName, trace } = decodeGrantData(data);
  const seen = readTrace(trace);
  return [
    `${bucket}.${grantId}`,
    state,
    userId,
    upstream,
    plainText(account),
    client.slice(0, 16),
    plainText(clientName ?? '–'),
    (seen && knownLabel(seen)) ?? '–',
    renderMoment(grant.createdAt),
    renderMoment(grant.lastUsedAt),
    renderMoment(grant.expiresAt),
  ];
}

/** A grant for programs; the names are stable. */
export function toJson(grant: GrantSummary): object {
  const { bucket, grantId, state, userId, upstream, account, client, resource, generation } = grant;
  const { scopes, clientName, refused, trace } = decodeGrantData(grant.data);
  const seen = readTrace(trace);
  const iso = (moment: number): string | null => (moment === 0 ? null : new Date(moment).toISOString());
  return {
    sid: `${bucket}.${grantId}`,
    state,
    user: userId,
    upstream,
    account,
    client: client.slice(0, 16),
    client_name: clientName,
    resource,
    scopes,
    scopes_refused: refused,
    redirect_target: seen && seen.target,
    described_by: seen === null || seen.host === '' ? null : seen.host,
    known_client: seen && seen.knownAs,
    browser: seen && browserName(seen.browser),
    rotations: Math.max(0, generation - 1),
    created_at: iso(grant.createdAt),
    last_used_at: iso(grant.lastUsedAt),
    expires_at: iso(grant.expiresAt),
    session_ends_at: iso(grant.endsAt),
    ended_because: grant.revokedBecause === '' ? null : grant.revokedBecause,
  };
}
