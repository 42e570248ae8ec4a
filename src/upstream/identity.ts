import { createHash } from 'node:crypto';
import { SallyportError } from '../types/error.ts';
import type { Identity } from '../types/tokens.ts';

const syntheticSubject = /^tk-[0-9a-f]{32}$/;

/** Characters; OpenID Connect Core §2 has 255 for `sub`, and several claims may make one. */
const longestSubject = 2048;

/** Why no provider may call somebody so, as the rest of a sentence; `null`: it may. */
export function subjectProblem(subject: string): string | null {
  if (isSyntheticSubject(subject)) return 'has the form that is kept for synthetic subjects';
  if (subject.length > longestSubject) return `is longer than ${longestSubject} characters`;
  // Our ids are made from UTF-8, in which every lone surrogate is the same: two people would be one. NUL ends texts.
  if (!subject.isWellFormed() || subject.includes('\0')) return 'has characters that no text has';
  return null;
}

/** Whether a subject has the form that is reserved for those made from a token. */
export function isSyntheticSubject(subject: string): boolean {
  return syntheticSubject.test(subject);
}

/** The subject of somebody whose provider tells no identity: it lives as long as the access token. */
export function syntheticSubjectOf(accessToken: string): string {
  return `tk-${createHash('sha256').update(accessToken).digest('hex').slice(0, 32)}`;
}

/**
 * Our own id of a user (`sub` of our tokens): 43 characters made from the upstream's name and its subject alone, so that
 * every replica and every restart finds the same one. Lengths come first: no choice of names can make two pairs collide.
 * A synthetic subject is its own id.
 */
export function subjectOf(upstream: string, subject: string): string {
  if (isSyntheticSubject(subject)) return subject;
  const name = Buffer.from(upstream);
  const account = Buffer.from(subject);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(name.length, 0);
  lengths.writeUInt32BE(account.length, 4);
  return createHash('sha256')
    .update(Buffer.concat([lengths, name, account]))
    .digest('base64url');
}

/** Accounts whose provider tells no identity have no name; each upstream has one of them for a user. */
export const unnamedAccount = 'unnamed';

/** What an account is kept as that somebody has beside the one that they sign in with. */
export function accountOf({ subject, synthetic }: Identity): string {
  return synthetic ? unnamedAccount : subject;
}

/** What a person knows an account by. */
export function nameOf({ email, name }: Identity): string | null {
  return email ?? name;
}

/** The bucket of a user: the first 12 bits of SHA-256(user id) as three hex digits (the store keeps a user's keys together). */
export function bucketOf(userId: string): string {
  return createHash('sha256').update(userId).digest('hex').slice(0, 3);
}

/** An identity as text, for sealing. */
export function encodeIdentity(identity: Identity): string {
  return JSON.stringify({ v: 1, ...identity });
}

/** Reads what {@link encodeIdentity} wrote. Throws `storage_failed` for anything else. */
export function decodeIdentity(text: string): Identity {
  const value = parse(text);
  const { upstream, subject, name, email, emailVerified, synthetic, claims } = value;
  if (
    value['v'] === 1 &&
    typeof upstream === 'string' &&
    typeof subject === 'string' &&
    isTextOrNull(name) &&
    isTextOrNull(email) &&
    typeof emailVerified === 'boolean' &&
    typeof synthetic === 'boolean' &&
    isRecord(claims)
  )
    return { upstream, subject, name, email, emailVerified, synthetic, claims };
  throw new SallyportError('storage_failed', 'a stored identity has an unknown form');
}

function parse(text: string): Partial<Record<keyof Identity | 'v', unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch (cause) {
    throw new SallyportError('storage_failed', 'a stored identity cannot be read', { cause });
  }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

/** A JSON object, not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
