import { isIP } from 'node:net';
import { Address4, Address6 } from 'ip-address';
import ipaddr from 'ipaddr.js';

/** Ranges that an operator may open for a host of their own. Link-local stays shut: cloud metadata services live there. */
const privateRanges: ReadonlySet<string> = new Set([
  'private',
  'uniqueLocal',
  'carrierGradeNat',
  'loopback',
  'unicast',
]);

/** `range()` of ipaddr.js with IPv4-mapped forms opened; `null` for whatever is not a plain address (zone ids too). */
function rangeOf(address: string): string | null {
  // A zone id names an interface of this machine, never a public host (RFC 4007 §11).
  if (isIP(address) === 0 || address.includes('%')) return null;
  return ipaddr.process(address).range();
}

/**
 * Whether an IP address (no brackets) is a unicast address of the public internet. Two independent libraries must agree,
 * because each of them calls some special-purpose range of the IANA registries (RFC 6890) public that the other knows.
 * Fails closed: what does not parse is not public.
 */
export function isPublicAddress(address: string): boolean {
  if (rangeOf(address) !== 'unicast') return false;
  return isIP(address) === 4 ? new Address4(address).isGlobal() : new Address6(address).isGlobal();
}

/**
 * Whether an address may be dialled when the operator allows private addresses: public, private, unique-local, shared
 * (RFC 6598) or loopback, but never link-local, multicast, unspecified, or one that hides an IPv4 address in a tunnel.
 */
export function isPrivateOrPublicAddress(address: string): boolean {
  return privateRanges.has(rangeOf(address) ?? '');
}

/** Whether an IP address (no brackets) is a loopback address, IPv4-mapped forms included. */
export function isLoopbackAddress(address: string): boolean {
  return rangeOf(address) === 'loopback';
}

/**
 * Whether the host of a URL names this machine: `localhost`, a name below it (RFC 6761 §6.3), 127.0.0.0/8 or `[::1]`.
 * @param host as `URL.hostname` has it: lower case, IPv6 in brackets.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(withoutBrackets(host));
}

/** `[::1]` → `::1`; anything else as it is. */
export function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
