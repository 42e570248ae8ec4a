import { domainToASCII } from 'node:url';
import type { AccessConfig, AccessRule } from '../config/config.ts';
import type { Identity } from '../types/tokens.ts';

/** Whether somebody may sign in. `reason` is for the log: it names what failed, not who. */
export type AccessDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string };

const allowed: AccessDecision = { allowed: true };

/**
 * Applies the access policy: all keys of a rule must hold, one rule is enough. An identity that was made up from a token
 * matches no rule, and neither does a rule without keys: doubt is a no.
 */
export function checkAccess(access: AccessConfig, identity: Identity): AccessDecision {
  if (access === 'anyone' || access === 'unset') return allowed;
  if (identity.synthetic)
    return { allowed: false, reason: 'the upstream tells no identity, so no access rule can match' };
  if (access.some((rule) => matches(rule, identity))) return allowed;
  return { allowed: false, reason: reasonFor(access, identity) };
}

function matches(rule: AccessRule, identity: Identity): boolean {
  const checks: boolean[] = [];
  if (rule.emails) checks.push(hasEmail(rule.emails, identity));
  if (rule.emailDomains) checks.push(hasEmailDomain(rule.emailDomains, identity));
  if (rule.subjects) checks.push(rule.subjects.includes(identity.subject));
  if (rule.claim) checks.push(claimContains(identity.claims, rule.claim));
  return checks.length > 0 && checks.every(Boolean);
}

function reasonFor(rules: readonly AccessRule[], identity: Identity): string {
  const byEmail = rules.some((rule) => rule.emails ?? rule.emailDomains);
  if (byEmail && identity.email === null) return 'no access rule matches (the upstream told no e-mail)';
  if (byEmail && !identity.emailVerified)
    return 'no access rule matches (the upstream does not call the e-mail verified)';
  return 'no access rule matches';
}

function hasEmail(emails: readonly string[], identity: Identity): boolean {
  const mine = verifiedAddress(identity);
  if (mine === null) return false;
  return emails.some((email) => {
    const theirs = splitAddress(email);
    return theirs !== null && theirs.local === mine.local && theirs.domain === mine.domain;
  });
}

function hasEmailDomain(domains: readonly string[], identity: Identity): boolean {
  const mine = verifiedAddress(identity);
  if (mine === null) return false;
  return domains.some((domain) => asciiDomain(domain.replace(/^@/, '')) === mine.domain);
}

interface Address {
  readonly local: string;
  readonly domain: string;
}

function verifiedAddress(identity: Identity): Address | null {
  return identity.emailVerified && identity.email !== null ? splitAddress(identity.email) : null;
}

/** Splits at the last `@`: a quoted local part may hold others (RFC 5321 §4.1.2). */
function splitAddress(email: string): Address | null {
  const at = email.lastIndexOf('@');
  if (at < 1) return null;
  const domain = asciiDomain(email.slice(at + 1));
  return domain === null ? null : { local: asciiLowerCase(email.slice(0, at)), domain };
}

/** The form that DNS knows (RFC 5891), so that Unicode and punycode spellings of a name compare equal. */
function asciiDomain(domain: string): string | null {
  // `domainToASCII` is a URL host parser: it would decode escapes and read numbers as addresses.
  // oxlint-disable-next-line no-control-regex -- control characters are part of what is refused
  if (/[\u0000-\u002c\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]/.test(domain)) return null;
  const ascii = domainToASCII(domain);
  return ascii === '' || /^[\d.]+$/.test(ascii) ? null : ascii;
}

/** Only A–Z: `toLowerCase` would turn the Kelvin sign into a `k` and so another mailbox into this one. */
function asciiLowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function claimContains(claims: Identity['claims'], rule: { name: string; contains: string }): boolean {
  const value = claimAt(claims, rule.name);
  return value === rule.contains || (Array.isArray(value) && value.includes(rule.contains));
}

/** A claim by its whole name (`https://example.com/roles` has dots of its own), else by a path of own properties. */
function claimAt(claims: Identity['claims'], name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    // `hasOwn` above proves that the key is there; the type of an unknown object cannot carry that.
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
