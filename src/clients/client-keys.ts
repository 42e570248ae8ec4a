import type { JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import { createLimiter } from './cimd/limiter.ts';
import type { ClientKeys } from './client.ts';
import { ClientProblem } from './client-problem.ts';
import { essentialKey, holdsSecret, maxKeys } from './public-keys.ts';

/** Public keys of clients, wherever they are. */
export interface KeyFinder {
  /**
   * The keys as they are known; `renewed`: somebody's key was not among them, so the place where they are published is asked
   * again, but not for everybody who makes up a key id.
   * @throws {ClientProblem} `unreachable`
   */
  find(keys: ClientKeys, options: { readonly renewed: boolean }): Promise<readonly JWK[]>;
}

/** What they are fetched with: provenance decides what may be reached. */
export interface KeyFinderOptions {
  readonly clock: Clock;
  /** For addresses that a document names. */
  readonly fetch: GuardedFetch;
  /** For addresses that the configuration names. */
  readonly fetchNamed: GuardedFetch;
}

/** Largest set of keys, in bytes. */
export const maxKeySetBytes = 65_536;

/** Keys of a set that are looked at: some are for other things. */
const maxListed = 100;

/** How long a set serves unasked, how long when its host does not answer, and how soon it may be asked for again. */
const freshFor: Milliseconds = 600_000;
const staleFor: Milliseconds = 86_400_000;
const patience: Milliseconds = 30_000;

/** Addresses whose sets are remembered. */
const remembered = 500;

interface Kept {
  readonly keys: readonly JWK[];
  readonly at: Milliseconds;
}

export function createKeyFinder({ clock, fetch, fetchNamed }: KeyFinderOptions): KeyFinder {
  // What strangers name has a memory and turns of its own: else who names an address of the operator's would get its keys, or
  // hold it up.
  const sets = {
    strange: createKeySets({ clock, fetch, named: false }),
    named: createKeySets({ clock, fetch: fetchNamed, named: true }),
  };
  return {
    find: async (keys, { renewed }) => {
      if ('jwks' in keys) return publicKeys(keys.jwks);
      return (keys.named === true ? sets.named : sets.strange)(keys.jwksUri, renewed);
    },
  };
}

interface KeySetsOptions {
  readonly clock: Clock;
  readonly fetch: GuardedFetch;
  readonly named: boolean;
}

/** Published sets of one provenance. */
function createKeySets({
  clock,
  fetch,
  named,
}: KeySetsOptions): (uri: string, renewed: boolean) => Promise<readonly JWK[]> {
  const limiter = createLimiter(clock);
  const kept = new LRUCache<string, Kept>({ max: remembered });
  const running = new Map<string, Promise<readonly JWK[]>>();
  const asked = new LRUCache<string, Milliseconds>({ max: remembered });

  const ask = async (uri: string): Promise<readonly JWK[]> => {
    const done = limiter.take(new URL(uri).host, { named, known: kept.has(uri) });
    if (!done) throw unreachable('too many keys are being looked up right now');
    asked.set(uri, clock());
    try {
      const keys = await fetchKeys(fetch, uri);
      kept.set(uri, { keys, at: clock() });
      return keys;
    } finally {
      done();
    }
  };
  /** Once for everybody who waits. */
  const once = (uri: string): Promise<readonly JWK[]> => {
    const before = running.get(uri);
    if (before) return before;
    const asking = ask(uri).finally(() => running.delete(uri));
    running.set(uri, asking);
    return asking;
  };
  const rested = (uri: string): boolean => Math.abs(clock() - (asked.get(uri) ?? 0)) >= patience;

  return async (uri, renewed) => {
    const last = kept.get(uri);
    const age = last ? Math.abs(clock() - last.at) : Number.POSITIVE_INFINITY;
    const copy = age < staleFor ? last : undefined;
    if (copy && ((age < freshFor && !renewed) || !rested(uri))) return copy.keys;
    if (!copy && !rested(uri) && !running.has(uri)) throw unreachable('their host did not answer just now');
    try {
      return await once(uri);
    } catch (error) {
      if (copy) return copy.keys;
      throw error;
    }
  };
}

async function fetchKeys(fetch: GuardedFetch, uri: string): Promise<readonly JWK[]> {
  try {
    const response = await fetch(uri, { headers: { accept: 'application/jwk-set+json, application/json' } });
    if (response.status !== 200) throw unreachable(`their host answered with status ${response.status}`);
    return publicKeys(JSON.parse(await response.text()));
  } catch (error) {
    if (error instanceof ClientProblem) throw error;
    throw unreachable('their host did not answer with a set of keys', error);
  }
}

/**
 * Only keys that everybody may know: one with its private part is somebody's mistake, and shared keys prove nothing. Whoever
 * publishes them also decides what a signature costs us, within the bounds of {@link essentialKey}.
 */
function publicKeys(set: unknown): readonly JWK[] {
  const listed = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : null;
  if (!Array.isArray(listed)) throw unreachable('their host did not answer with a set of keys');
  return listed.slice(0, maxListed).flatMap(readKey).slice(0, maxKeys);
}

function readKey(value: unknown): readonly JWK[] {
  if (typeof value !== 'object' || value === null || holdsSecret(value)) return [];
  // Any object may be read by name; every value is looked at before it is used.
  const key = essentialKey(value as Readonly<Record<string, unknown>>);
  return key === null || typeof key === 'string' ? [] : [key];
}

function unreachable(problem: string, cause?: unknown): ClientProblem {
  return new ClientProblem('unreachable', `The keys of the app could not be fetched: ${problem}.`, { cause });
}
