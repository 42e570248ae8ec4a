import { LRUCache } from 'lru-cache';
import { OAuthError } from '../oauth/errors.ts';
import type { Clock } from '../types/time.ts';
import type { Bucket } from './bucket.ts';
import { createBucket } from './bucket.ts';

const minute = 60_000;

/** What one source may have however much the others take. */
const share = { burst: 5, every: minute } as const;

/** Sources that we remember; one that is forgotten has its share again. */
const rememberedSources = 10_000;

/**
 * Holds registrations back when there are too many altogether. Services register for all of their users from one address, so
 * that no source has a limit of its own; past the limit of all, a source that registered little still gets in, so that a
 * flood keeps out whoever makes it.
 */
export interface RegistrationLimiter {
  /**
   * @param source as `sourceOf` tells it
   * @throws {OAuthError} `temporarily_unavailable` with status 429
   */
  check(source: string): void;
}

export function createRegistrationLimiter(maxPerMinute: number, clock: Clock): RegistrationLimiter {
  const rate = { burst: maxPerMinute, every: minute / maxPerMinute };
  const all = createBucket(rate, clock);
  // Sources are cheap for who has a network of them.
  const reserve = createBucket(rate, clock);
  const sources = new LRUCache<string, Bucket>({ max: rememberedSources });
  return {
    check(source) {
      const own = sources.get(source) ?? createBucket(share, clock);
      sources.set(source, own);
      const isQuiet = own.take();
      if (all.take() || (isQuiet && reserve.take())) return;
      throw new OAuthError('temporarily_unavailable', 'too many clients register here right now', {
        status: 429,
        headers: { 'retry-after': '60' },
      });
    },
  };
}
