import { LRUCache } from 'lru-cache';
import type { Clock } from '../../types/time.ts';
import type { Bucket, Rate } from '../bucket.ts';
import { createBucket } from '../bucket.ts';

/**
 * Whoever can send us a client id can make us fetch. Hosts that we have business with have a share of their own, so that
 * nobody who names a million others can keep them out.
 */
const rates = {
  strangers: { all: { burst: 30, every: 200 }, host: { burst: 5, every: 2000 }, atOnce: 12 },
  familiar: { all: { burst: 100, every: 20 }, host: { burst: 20, every: 200 }, atOnce: 24 },
} as const satisfies Record<string, { readonly all: Rate; readonly host: Rate; readonly atOnce: number }>;

/** Hosts of which we remember how often they were asked; those that are forgotten begin anew within the rate of all. */
const rememberedHosts = 1000;

/** Holds back what strangers make us ask of others. */
export interface Limiter {
  /** A turn, to be given back when it is over; `null`: not now. */
  take(host: string, options: { readonly familiar: boolean }): (() => void) | null;
}

export function createLimiter(clock: Clock): Limiter {
  const groups = { strangers: createGroup('strangers', clock), familiar: createGroup('familiar', clock) };
  return { take: (host, { familiar }) => groups[familiar ? 'familiar' : 'strangers'].take(host) };
}

function createGroup(name: keyof typeof rates, clock: Clock): { take(host: string): (() => void) | null } {
  const { all, host: perHost, atOnce } = rates[name];
  const whole = createBucket(all, clock);
  const hosts = new LRUCache<string, Bucket>({ max: rememberedHosts });
  let running = 0;
  return {
    take(host) {
      if (running >= atOnce) return null;
      const bucket = hosts.get(host) ?? createBucket(perHost, clock);
      hosts.set(host, bucket);
      // The host's share first: who asks one host too often takes nothing from the others.
      if (!bucket.take() || !whole.take()) return null;
      running += 1;
      return () => void (running -= 1);
    },
  };
}
