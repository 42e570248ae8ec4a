import type { TellTurn } from '../clients/shared-buckets.ts';
import { createBuckets } from '../clients/shared-buckets.ts';
import type { LimitName, Turn } from '../http/limit-headers.ts';
import { sourceOf } from '../http/source.ts';
import { isPublicAddress } from '../net/addresses.ts';
import type { Clock } from '../types/time.ts';

type Counted = Exclude<LimitName, 'registrations'>;

/** How often one source may ask for something. */
export interface RateLimits {
  /** Whether anybody has taken a turn of these: as long as nobody has, there is nothing to look up. */
  used(name: Counted): boolean;
  /**
   * A turn of somebody at a public address; `null` when nobody is counted: no limit, or an address that says nothing about who
   * is behind it (this machine, a private network, a proxy in front that nobody has named).
   * @param what more of the key than the source; '' for none
   */
  take(
    name: Counted,
    from: string | undefined,
    options: { readonly perMinute: number; readonly what: string; readonly peek?: boolean },
  ): Turn | null;
}

const minute = 60_000;

/** Sources and what they asked for that we remember; one that is forgotten begins anew. */
const remembered = 20_000;

export interface RateLimitsOptions {
  readonly clock: Clock;
  readonly tell: TellTurn;
  /** Hears of everybody who is held back. */
  readonly onLimited: (name: LimitName, from: string | undefined) => void;
}

export function createRateLimits({ clock, tell, onLimited }: RateLimitsOptions): RateLimits {
  const buckets = {
    pages: createBuckets({ clock, max: remembered, tell }),
    failures: createBuckets({ clock, max: remembered, tell }),
  };
  return {
    used: (name) => buckets[name].size > 0,
    take(name, from, { perMinute, what, peek = false }) {
      if (perMinute === 0 || from === undefined || !isCounted(from)) return null;
      const key = `${name} ${perMinute} ${sourceOf(from)} ${what}`;
      const rate = { burst: perMinute, every: minute / perMinute };
      const bucket = peek ? buckets[name].look(key, rate) : null;
      const taken = bucket ? { bucket, granted: bucket.left() >= 1 } : buckets[name].take(key, rate);
      if (!taken.granted) onLimited(name, from);
      return {
        granted: taken.granted,
        left: Math.max(0, Math.floor(taken.bucket.left())),
        wait: Math.ceil(taken.bucket.wait() / 1000),
      };
    },
  };
}

/** IPv4 comes mapped where both are listened for. */
function isCounted(address: string): boolean {
  return isPublicAddress(address.replace(/^::ffff:(?=\d+\.)/iu, ''));
}
