import { LRUCache } from 'lru-cache';
import type { Bucket } from '../clients/bucket.ts';
import { createBucket } from '../clients/bucket.ts';
import { sourceOf } from '../http/source.ts';
import { isPublicAddress } from '../net/addresses.ts';
import type { Clock } from '../types/time.ts';

/** What is counted apart: pages that people visit, and proofs of a client that were none. */
export type LimitName = 'pages' | 'failures';

/** What came of asking for a turn. `left` and `wait` (seconds until one more) are for the headers. */
export interface Turn {
  readonly granted: boolean;
  readonly left: number;
  readonly wait: number;
}

/** How often one source may ask for something. */
export interface RateLimits {
  /** Whether anybody has taken a turn of these: as long as nobody has, there is nothing to look up. */
  used(name: LimitName): boolean;
  /**
   * A turn of somebody at a public address; `null` when nobody is counted: no limit, or an address that says nothing about who
   * is behind it (this machine, a private network, a proxy in front that nobody has named).
   * @param what more of the key than the source; '' for none
   */
  take(
    name: LimitName,
    from: string | undefined,
    options: { readonly perMinute: number; readonly what: string; readonly peek?: boolean },
  ): Turn | null;
}

const minute = 60_000;

/** Sources and what they asked for that we remember; one that is forgotten begins anew. */
const remembered = 20_000;

export function createRateLimits(clock: Clock): RateLimits {
  const buckets = {
    pages: new LRUCache<string, Bucket>({ max: remembered }),
    failures: new LRUCache<string, Bucket>({ max: remembered }),
  };
  return {
    used: (name) => buckets[name].size > 0,
    take(name, from, { perMinute, what, peek = false }) {
      if (perMinute === 0 || from === undefined || !isCounted(from)) return null;
      const key = `${perMinute} ${sourceOf(from)} ${what}`;
      const every = minute / perMinute;
      const bucket = buckets[name].get(key) ?? createBucket({ burst: perMinute, every }, clock);
      if (!peek) buckets[name].set(key, bucket);
      const granted = peek ? bucket.left() >= 1 : bucket.take();
      const left = Math.floor(bucket.left());
      return { granted, left, wait: granted ? 0 : Math.ceil(every / 1000) };
    },
  };
}

/** IPv4 comes mapped where both are listened for. */
function isCounted(address: string): boolean {
  return isPublicAddress(address.replace(/^::ffff:(?=\d+\.)/iu, ''));
}

/** What a client is told of a limit (draft-ietf-httpapi-ratelimit-headers). */
export function limitHeaders(
  name: LimitName,
  { left, wait, granted }: Turn,
  perMinute: number,
): Readonly<Record<string, string>> {
  return {
    'ratelimit-policy': `"${name}";q=${perMinute};w=60`,
    ratelimit: `"${name}";r=${left};t=${granted ? 0 : wait}`,
    ...(!granted && { 'retry-after': String(wait) }),
  };
}
