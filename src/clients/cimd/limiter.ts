import { LRUCache } from 'lru-cache';
import type { Clock } from '../../types/time.ts';
import type { Bucket, Rate } from '../bucket.ts';
import { createBucket } from '../bucket.ts';

/** How much of something may be asked for. */
interface Share {
  readonly all: Rate;
  readonly host: Rate;
  /** Open at once: of all hosts, and of one. */
  readonly atOnce: number;
  readonly ofHost: number;
}

const strange: Rate = { burst: 5, every: 2000 };

/**
 * Whoever can send us a client id can make us fetch. Hosts that somebody of ours has named have a share of their own, so that
 * nobody who names a million others can keep them out; and so has what we have a copy of, so that nobody can who names a million
 * other addresses of the same host.
 */
const shares = {
  strange: { all: { burst: 30, every: 200 }, host: strange, atOnce: 12, ofHost: 4 },
  'strange, known': { all: { burst: 100, every: 40 }, host: strange, atOnce: 24, ofHost: 4 },
  named: { all: { burst: 100, every: 20 }, host: { burst: 20, every: 200 }, atOnce: 24, ofHost: 24 },
  'named, known': { all: { burst: 100, every: 20 }, host: { burst: 100, every: 20 }, atOnce: 24, ofHost: 24 },
} as const satisfies Record<string, Share>;

/** Hosts of which we remember how often they were asked; those that are forgotten begin anew within the rate of all. */
const rememberedHosts = 1000;

/** What is asked for. */
export interface Wanted {
  /** Somebody of ours has named the host. */
  readonly named: boolean;
  /** We have a copy already. */
  readonly known: boolean;
}

/** Holds back what strangers make us ask of others. */
export interface Limiter {
  /** A turn, to be given back when it is over; `null`: not now. */
  take(host: string, wanted: Wanted): (() => void) | null;
}

export function createLimiter(clock: Clock): Limiter {
  const groups = {
    strange: createGroup(shares.strange, clock),
    'strange, known': createGroup(shares['strange, known'], clock),
    named: createGroup(shares.named, clock),
    'named, known': createGroup(shares['named, known'], clock),
  };
  return {
    take: (host, { named, known }) =>
      groups[`${named ? 'named' : 'strange'}${known ? ', known' : ''}`].take(host),
  };
}

function createGroup(
  { all, host: perHost, atOnce, ofHost }: Share,
  clock: Clock,
): { take(host: string): (() => void) | null } {
  const whole = createBucket(all, clock);
  const hosts = new LRUCache<string, Bucket>({ max: rememberedHosts });
  const running = new Map<string, number>();
  let open = 0;
  const count = (host: string, step: 1 | -1): void => {
    const now = (running.get(host) ?? 0) + step;
    if (now === 0) running.delete(host);
    else running.set(host, now);
    open += step;
  };
  return {
    take(host) {
      if (open >= atOnce || (running.get(host) ?? 0) >= ofHost) return null;
      const bucket = hosts.get(host) ?? createBucket(perHost, clock);
      hosts.set(host, bucket);
      // The host's share first: who asks one host too often takes nothing from the others.
      if (!bucket.take() || !whole.take()) return null;
      count(host, 1);
      return () => count(host, -1);
    },
  };
}
