import { randomBytes } from 'node:crypto';
import type { SimulatedUser } from './users.ts';

/** One login of one user at one client, and everything that came of it. */
export interface Grant {
  readonly user: SimulatedUser;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly audience: string | null;
  readonly resource: string | null;
  readonly nonce: string | null;
  /** Seconds since 1970. */
  readonly authTime: number;
  /** Whether a refresh token comes with it. */
  readonly offline: boolean;
  revoked: boolean;
}

/** An authorization code. */
export interface CodeRecord {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly challenge: string | null;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  used: boolean;
}

/** An access or refresh token. */
export interface TokenRecord {
  readonly grant: Grant;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970; `null` for never. */
  expiresAt: number | null;
  /** When a refresh token was first used, in milliseconds since 1970. */
  usedAt: number | null;
  revoked: boolean;
}

/** A refresh token that was presented again after it had ended. */
export interface ReusedToken {
  readonly token: string;
  readonly user: string;
  readonly clientId: string;
  /** How often it was seen, the first time included. */
  times: number;
}

/** All codes and tokens of a simulator. */
export interface Ledger {
  readonly codes: Map<string, CodeRecord>;
  readonly accessTokens: Map<string, TokenRecord>;
  readonly refreshTokens: Map<string, TokenRecord>;
  readonly reused: ReusedToken[];
  readonly grants: Grant[];
}

export function createLedger(): Ledger {
  return { codes: new Map(), accessTokens: new Map(), refreshTokens: new Map(), reused: [], grants: [] };
}

/** Random text of a given length. */
export function randomText(length: number, prefix = ''): string {
  return prefix + randomBytes(length).toString('base64url').slice(0, length);
}

/** Whether a token works at a time in milliseconds since 1970. */
export function isLive(record: TokenRecord, now: number): boolean {
  return !record.revoked && !record.grant.revoked && (record.expiresAt === null || now < record.expiresAt);
}

/** Writes down that a refresh token came again. */
export function noteReuse(ledger: Ledger, token: string, grant: Grant): void {
  const known = ledger.reused.find((entry) => entry.token === token);
  if (known) known.times += 1;
  else ledger.reused.push({ token, user: grant.user.login, clientId: grant.clientId, times: 2 });
}

/** Ends what a predicate names. */
export function revokeGrants(ledger: Ledger, which: (grant: Grant) => boolean): void {
  for (const grant of ledger.grants.filter(which)) grant.revoked = true;
}
