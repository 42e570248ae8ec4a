import { BlockList, isIP } from 'node:net';
import type { HttpRequest } from '../http/exchange.ts';

/** Tells who a request is from, when proxies of ours pass requests on. */
export type PeerOf = (request: Pick<HttpRequest, 'remoteAddress' | 'headers'>) => string | undefined;

/** Hops that are looked at: more make no honest chain. */
const maxHops = 20;

/**
 * The address that counts: of the connection, or, when that is a trusted proxy, what it says in `X-Forwarded-For`. Every
 * proxy adds the address that it saw on the right, and everything further left may be a client's lie: so it is read from the
 * right, past trusted proxies, to the first that is none.
 * @param trusted addresses and ranges (CIDR) that the configuration has checked; empty: nobody is believed
 */
export function createPeerOf(trusted: readonly string[]): PeerOf {
  if (trusted.length === 0) return ({ remoteAddress }) => remoteAddress;
  const proxies = new BlockList();
  for (const range of trusted) addRange(proxies, range);
  const isTrusted = (address: string): boolean =>
    proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return ({ remoteAddress, headers }) => {
    const connected = plainAddress(remoteAddress ?? '');
    if (connected === null || !isTrusted(connected)) return remoteAddress;
    const hops = (headers['x-forwarded-for'] ?? '').split(',').slice(-maxHops);
    let peer = connected;
    for (const hop of hops.toReversed()) {
      const address = plainAddress(hop.trim());
      // What cannot be read was not written by a proxy of ours: the last one that was is all that is known.
      if (address === null) return peer;
      peer = address;
      if (!isTrusted(address)) return peer;
    }
    return peer;
  };
}

function addRange(proxies: BlockList, range: string): void {
  const [address = '', prefix] = range.split('/', 2);
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (prefix === undefined) proxies.addAddress(address, family);
  else proxies.addSubnet(address, Number(prefix), family);
}

/** Without the port that some proxies add, and IPv4 as it is when it comes mapped into IPv6; `null` for what is no address. */
function plainAddress(text: string): string | null {
  const [, bracketed, v4] = /^(?:\[([^\]]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/u.exec(text) ?? [];
  const address = (bracketed ?? v4 ?? text).replace(/^::ffff:(?=\d+\.)/iu, '');
  return isIP(address) === 0 || address.includes('%') ? null : address;
}
