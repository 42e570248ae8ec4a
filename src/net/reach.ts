import { lookup as systemLookup } from 'node:dns/promises';
import { SallyportError } from '../types/error.ts';
import {
  isLoopbackAddress,
  isLoopbackHost,
  isPrivateOrPublicAddress,
  isPublicAddress,
  withoutBrackets,
} from './addresses.ts';
import type { FetchPolicy, ResolvedAddress } from './policy.ts';
import { isPublicName } from './names.ts';

/** Parses a URL that the policy admits as far as it can be told without a lookup. Throws `fetch_refused`. */
export function checkUrl(text: string, policy: FetchPolicy): URL {
  const url = URL.parse(text);
  if (!url) throw refused('the URL cannot be parsed');
  if (url.username !== '' || url.password !== '') throw refused(`${url.host}: the URL has user info`);
  const loopback = policy.allowLoopback === true && isLoopbackHost(url.hostname);
  const plain = url.protocol === 'http:' && (policy.allowHttp || loopback);
  if (url.protocol !== 'https:' && !plain) throw refused(`${where(url)}: only https is allowed`);
  // Connecting to a literal address skips the lookup, and with it the check at connect time.
  const literal = literalAddress(url.hostname);
  if (literal !== null && !admits(policy, { host: url.hostname, address: literal }))
    throw refused(`${where(url)}: ${literal} is not a public address`);
  if (literal === null && isProxied(url, policy) && !admitsName(policy, url.hostname))
    throw refused(`${where(url)}: ${url.hostname} is not a public name, and the proxy would resolve it`);
  return url;
}

/** Whether a proxy connects us. A host that means this machine would mean the proxy's machine there. */
export function isProxied(url: URL, { transport }: FetchPolicy): boolean {
  return (transport?.proxy ?? null) !== null && !isLoopbackHost(url.hostname);
}

/** Resolves a name and checks every answer; never rejects, because it speaks to a callback. */
export async function answerLookup(
  hostname: string,
  policy: FetchPolicy,
): Promise<readonly [Error | null, readonly ResolvedAddress[]]> {
  try {
    const lookup = policy.lookup ?? ((name) => systemLookup(name, { all: true }));
    const addresses = await lookup(hostname);
    if (addresses.length === 0)
      return [new SallyportError('upstream_unavailable', `${hostname} has no address`), []];
    // One forbidden address among good ones is enough to refuse: which of them gets dialled is up to the network.
    const forbidden = addresses.find(({ address }) => !admits(policy, { host: hostname, address }));
    if (!forbidden) return [null, addresses];
    return [refused(`${hostname} resolves to ${forbidden.address}, which is not a public address`), []];
  } catch (error) {
    return [error instanceof Error ? error : new Error('the lookup failed'), []];
  }
}

function admits(policy: FetchPolicy, target: { host: string; address: string }): boolean {
  const mayBePrivate = isPrivateAllowed(policy, target.host);
  // A name that means this machine must not lead elsewhere, and only the operator may mean it (RFC 6761 §6.3).
  if (isLoopbackHost(target.host))
    return isLoopbackAddress(target.address) && (mayBePrivate || policy.allowLoopback === true);
  return mayBePrivate ? isPrivateOrPublicAddress(target.address) : isPublicAddress(target.address);
}

function admitsName(policy: FetchPolicy, host: string): boolean {
  return isPublicName(host) || isPrivateAllowed(policy, host);
}

function isPrivateAllowed({ allowPrivate, privateHosts }: FetchPolicy, host: string): boolean {
  return allowPrivate && (privateHosts?.includes(host) ?? true);
}

function literalAddress(hostname: string): string | null {
  const bare = withoutBrackets(hostname);
  return bare !== hostname || /^[\d.]+$/.test(bare) ? bare : null;
}

/** Origin and path: what an error may tell about a URL. */
export function where(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** The error for what the policy forbids. */
export function refused(message: string): SallyportError {
  return new SallyportError('fetch_refused', message);
}
