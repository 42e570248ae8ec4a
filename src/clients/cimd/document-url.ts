import { isIP } from 'node:net';
import { isLoopbackHost, withoutBrackets } from '../../net/addresses.ts';
import { isPublicName } from '../../net/names.ts';

/** What is allowed beyond what everybody may use. */
export interface UrlRules {
  /** Documents of this very machine, over http too: for development only. */
  readonly allowLoopback: boolean;
}

/** Longest id that URLs and logs carry well, in characters. */
const maxLength = 1024;

/** Whether an id wants to be the address of a document. Says nothing about whether it is a good one. */
export function isDocumentId(id: string): boolean {
  return /^https?:/iu.test(id);
}

/**
 * What is wrong with the address of a document as a client id, in words that end a sentence; `null`: nothing
 * (CIMD draft-02 §3). Ids are compared as they are written, so that only one spelling of each is taken: that in which the
 * URL standard writes it. A query is tolerated, and a port is allowed.
 */
export function checkDocumentUrl(id: string, rules: UrlRules): string | null {
  return checkText(id) ?? checkParts(id) ?? checkHost(new URL(id), rules) ?? checkSpelling(id);
}

/** What is wrong with an https address that a document names; `null`: nothing. */
export function checkNamedUrl(address: string, rules: UrlRules): string | null {
  const problem = checkText(address) ?? checkUserInfo(address);
  if (problem !== null) return problem;
  return URL.canParse(address) ? checkHost(new URL(address), rules) : 'is not a URL';
}

/** Host, and port if there is one, as people should see it: in punycode, so that nothing looks like something else. */
export function hostOfDocument(id: string): string {
  return new URL(id).host;
}

function checkText(text: string): string | null {
  if (text.length > maxLength) return `is longer than ${maxLength} characters`;
  if (/[^\x21-\x7e]/u.test(text))
    return 'holds spaces or characters outside ASCII; such a host has to be written in punycode (xn--…)';
  return /[\\<>"{}|^`]/u.test(text) ? 'holds characters that do not belong in a URL' : null;
}

function checkUserInfo(text: string): string | null {
  const [, authority = ''] = /^[^:]*:\/*([^/?#]*)/u.exec(text) ?? [];
  return authority.includes('@') ? 'holds a user name or password' : null;
}

/** Looked at as it is written: the URL standard would take dot segments away before anybody sees them. */
function checkParts(id: string): string | null {
  if (id.includes('#')) return 'has a fragment';
  const userInfo = checkUserInfo(id);
  if (userInfo !== null) return userInfo;
  const [, path = ''] = /^[^:]*:\/\/[^/?]*([^?]*)/u.exec(id) ?? [];
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/iu.test(segment)))
    return 'has dot segments in its path';
  if (path === '' || path === '/') return 'has no path: it must name a document, not a host';
  return URL.canParse(id) ? null : 'is not a URL';
}

/** A name of the public internet: what an address or a name of this network says proves nothing to anybody. */
function checkHost({ protocol, hostname }: URL, { allowLoopback }: UrlRules): string | null {
  if (allowLoopback && isLoopbackHost(hostname) && /^https?:$/u.test(protocol)) return null;
  if (protocol !== 'https:') return 'is not an https URL';
  if (isIP(withoutBrackets(hostname)) !== 0) return 'has an address in place of the name of a host';
  if (hostname.endsWith('.')) return 'has a host that ends with a dot';
  // Letters, digits and hyphens; URLs may hold more, and nobody can tell such a host from another.
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/u.test(hostname)) return 'has a host in an unusual form';
  return isPublicName(hostname) ? null : 'has a host that is not one of the public internet';
}

function checkSpelling(id: string): string | null {
  const { href } = new URL(id);
  return href === id ? null : `is not in its normal form, which is ${href}`;
}
