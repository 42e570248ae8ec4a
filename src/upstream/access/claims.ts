import { isRecord } from '../identity.ts';

/** What a provider told about somebody. */
export type Claims = Readonly<Record<string, unknown>>;

/** A claim by its whole name (`https://example.com/roles` has dots of its own), else by a path of own properties. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/**
 * Whether a claim is one of these texts, or a list with one of them. Letter by letter and never a part of one; a number
 * is no text, and neither is an object that has it as a key.
 */
export function claimHasOneOf(value: unknown, wanted: readonly string[]): boolean {
  return wanted.some((text) => value === text || (Array.isArray(value) && value.includes(text)));
}

/** What kind of thing a claim is, for somebody who wonders why it does not match; tells nothing of its value. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'is not there';
  if (value === null) return 'is null';
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : 'is a list without any of these';
  if (typeof value === 'object') return 'is an object, not a text or a list';
  return typeof value === 'string' ? 'is another text' : `is a ${typeof value}, not a text or a list`;
}
