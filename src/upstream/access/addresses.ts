import { domainToASCII } from 'node:url';
import type { Identity } from '../../types/tokens.ts';

/** An e-mail address in the form that is compared. */
export interface Address {
  readonly local: string;
  readonly domain: string;
}

/** The address of somebody, if the provider calls it verified. */
export function verifiedAddress(identity: Identity): Address | null {
  return identity.emailVerified && identity.email !== null ? splitAddress(identity.email) : null;
}

/** Splits at the last `@`: a quoted local part may hold others (RFC 5321 §4.1.2). `null`: no address. */
export function splitAddress(email: string): Address | null {
  const at = email.lastIndexOf('@');
  if (at < 1) return null;
  const domain = asciiDomain(email.slice(at + 1));
  return domain === null ? null : { local: asciiLowerCase(email.slice(0, at)), domain };
}

/** The form that DNS knows (RFC 5891), so that Unicode and punycode spellings of a name compare equal. */
export function asciiDomain(domain: string): string | null {
  // `domainToASCII` is a URL host parser: it would decode escapes and read numbers as addresses.
  // oxlint-disable-next-line no-control-regex -- control characters are part of what is refused
  if (/[\u0000-\u002c\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]/.test(domain)) return null;
  const ascii = domainToASCII(domain);
  return ascii === '' || /^[\d.]+$/.test(ascii) ? null : ascii;
}

/** Only A–Z: `toLowerCase` would turn the Kelvin sign into a `k` and so another name into this one. */
export function asciiLowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
