import { isIP } from 'node:net';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';

/** Reads which proxies are believed about who is in front of them: somebody far too many is a typing mistake. */
export function resolveProxyRanges({ config, findings }: Resolving): readonly string[] {
  return itemsOf(config.listen?.trusted_proxies).flatMap(({ item, index }) => {
    const problem = problemOf(item);
    if (problem !== null)
      findings.refuse(['listen', 'trusted_proxies', index], {
        problem,
        fix: 'write the address of a proxy, or a range such as 10.0.0.0/8 that nobody else is in',
      });
    return problem === null ? item : [];
  });
}

function problemOf(text: string): string | null {
  const [address = '', prefix, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more !== undefined)
    return 'is neither an address nor a range';
  if (prefix === undefined) return null;
  const bits = /^\d{1,3}$/u.test(prefix) ? Number(prefix) : Number.NaN;
  if (!(bits <= (version === 6 ? 128 : 32))) return 'is neither an address nor a range';
  // Everybody could then say that they are somebody else.
  return bits < (version === 6 ? 16 : 8) ? 'is a range that holds half the world' : null;
}
