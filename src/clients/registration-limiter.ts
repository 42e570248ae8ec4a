import { limitHeaders } from '../http/limit-headers.ts';
import type { LimitName } from '../http/limit-headers.ts';
import { OAuthError } from '../oauth/errors.ts';
import type { Clock } from '../types/time.ts';
import type { TellTurn } from './shared-buckets.ts';
import { createBuckets } from './shared-buckets.ts';

const minute = 60_000;

/** What one source may have however much the others take. */
const share = { burst: 5, every: minute } as const;

/** Sources that we remember; one that is forgotten has its share again. */
const rememberedSources = 10_000;

/**
 * Holds registrations back when there are too many altogether. Services register for all of their users from one address, so
 * that no source has a limit of its own; past the limit of all, a source that registered little still gets in, so that a
 * flood keeps out whoever makes it. Whoever brings a token of the operator's has turns that no stranger can take.
 */
export interface RegistrationLimiter {
  /**
   * @param source as `sourceOf` tells it
   * @throws {OAuthError} `temporarily_unavailable` with status 429
   */
  check(source: string, rules: { readonly maxPerMinute: number; readonly vouched: boolean }): void;
}

export interface RegistrationLimiterOptions {
  readonly clock: Clock;
  readonly tell: TellTurn;
  /** Hears of everybody who is held back. */
  readonly onLimited: (name: LimitName, source: string) => void;
}

export function createRegistrationLimiter(options: RegistrationLimiterOptions): RegistrationLimiter {
  const { clock, tell, onLimited } = options;
  const all = createBuckets({ clock, max: 4, tell });
  // Sources are cheap for who has a network of them.
  const reserve = createBuckets({ clock, max: 2, tell });
  const sources = createBuckets({ clock, max: rememberedSources, tell: () => undefined });
  return {
    check(source, { maxPerMinute, vouched }) {
      const rate = { burst: maxPerMinute, every: minute / maxPerMinute };
      if (vouched && all.take(`registrations vouched ${maxPerMinute}`, rate).granted) return;
      const isQuiet = sources.take(source, share).granted;
      if (all.take(`registrations ${maxPerMinute}`, rate).granted) return;
      if (isQuiet && reserve.take(`registrations reserve ${maxPerMinute}`, rate).granted) return;
      onLimited('registrations', source);
      throw new OAuthError('temporarily_unavailable', 'too many clients register here right now', {
        status: 429,
        headers: limitHeaders('registrations', { granted: false, left: 0, wait: 60 }, maxPerMinute),
      });
    },
  };
}
