import { LRUCache } from 'lru-cache';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import type { Clock, Milliseconds } from '../../types/time.ts';
import { createLimiter } from './limiter.ts';

/** A picture that is one by its own bytes. */
export interface Logo {
  readonly type: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
  readonly bytes: Uint8Array;
}

export interface LogosOptions {
  /** Bounded in time and bytes; never to a private address, and never after a redirect. */
  readonly fetch: GuardedFetch;
  readonly clock: Clock;
  readonly isFamiliar: (host: string) => boolean;
}

/** Logos of clients: fetched by us, so that nobody learns who looks at a consent page (draft-02 §8.8). */
export interface Logos {
  /** `null` when there is none that may be shown. Never rejects. */
  load(uri: string): Promise<Logo | null>;
  close(): Promise<void>;
}

/** Largest logo, in bytes. */
export const maxLogoBytes = 131_072;

/** Room for logos, in bytes. */
const cacheRoom = 4_194_304;
const keepFor: Milliseconds = 86_400_000;

/** What is no picture is not asked for again so soon. */
const missFor: Milliseconds = 300_000;

interface Kept {
  readonly logo: Logo | null;
  readonly until: Milliseconds;
}

export function createLogos({ fetch, clock, isFamiliar }: LogosOptions): Logos {
  const limiter = createLimiter(clock);
  const kept = new LRUCache<string, Kept>({
    maxSize: cacheRoom,
    sizeCalculation: ({ logo }, uri) => uri.length + 64 + (logo?.bytes.length ?? 0),
  });
  const running = new Map<string, Promise<Logo | null>>();
  return {
    load(uri) {
      const known = kept.get(uri);
      if (known && clock() < known.until) return Promise.resolve(known.logo);
      const before = running.get(uri);
      if (before) return before;
      const fetching = ask(uri).finally(() => running.delete(uri));
      running.set(uri, fetching);
      return fetching;
    },
    async close() {
      await Promise.allSettled(running.values());
      await fetch.close();
    },
  };

  async function ask(uri: string): Promise<Logo | null> {
    const { host } = new URL(uri);
    const done = limiter.take(host, { named: isFamiliar(host), known: false });
    if (!done) return null;
    const logo = await fetchLogo(uri).finally(done);
    kept.set(uri, { logo, until: clock() + (logo ? keepFor : missFor) });
    return logo;
  }

  async function fetchLogo(uri: string): Promise<Logo | null> {
    try {
      const headers = { accept: 'image/png,image/webp,image/jpeg,image/gif', 'user-agent': 'sallyport' };
      const response = await fetch(uri, { headers });
      if (response.status !== 200) return null;
      const bytes = new Uint8Array(await response.arrayBuffer());
      const type = typeOf(bytes);
      return type && { type, bytes };
    } catch {
      // A logo is decoration: why there is none concerns nobody.
      return null;
    }
  }
}

/** By their first bytes: what a host says of them is its own word. SVG is none of them, because it is a program. */
const signatures: readonly (readonly [Logo['type'], RegExp])[] = [
  ['image/png', /^89504e470d0a1a0a/u],
  ['image/jpeg', /^ffd8ff/u],
  ['image/gif', /^474946383[79]61/u],
  ['image/webp', /^52494646.{8}57454250/u],
];

function typeOf(bytes: Uint8Array): Logo['type'] | null {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('hex');
  return signatures.find(([, signature]) => signature.test(head))?.[0] ?? null;
}
