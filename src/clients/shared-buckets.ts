import { LRUCache } from 'lru-cache';
import { sha256 } from '../crypto/hash.ts';
import type { AuthStore } from '../store/contract.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Bucket, Rate } from './bucket.ts';
import { createBucket } from './bucket.ts';

/** Somebody took a turn, or was refused one. */
export interface Taken {
  /** Names who, and what. */
  readonly name: string;
  readonly rate: Rate;
  readonly bucket: Bucket;
  readonly granted: boolean;
}

/** Hears of every turn; never throws, and makes nobody wait. */
export type TellTurn = (taken: Taken) => void;

/** Buckets by name; a name that nobody has asked for lately has a full one. */
export interface Buckets {
  readonly size: number;
  /** Takes a turn where there is one. */
  take(name: string, rate: Rate): { readonly granted: boolean; readonly bucket: Bucket };
  /** Leaves it as it is. */
  look(name: string, rate: Rate): Bucket;
}

export interface BucketsOptions {
  readonly clock: Clock;
  /** Names that are remembered; the one goes that was not asked for longest. */
  readonly max: number;
  readonly tell: TellTurn;
}

export function createBuckets({ clock, max, tell }: BucketsOptions): Buckets {
  const known = new LRUCache<string, Bucket>({ max });
  return {
    get size() {
      return known.size;
    },
    take(name, rate) {
      const bucket = known.get(name) ?? createBucket(rate, clock);
      known.set(name, bucket);
      const granted = bucket.take();
      tell({ name, rate, bucket, granted });
      return { granted, bucket };
    },
    look: (name, rate) => known.get(name) ?? createBucket(rate, clock),
  };
}

/** How long turns are gathered before other processes hear of them. */
const tellEvery: Milliseconds = 1000;

/** Names that are told at once, and that wait to be told: a flood from everywhere is held back by each process alone. */
const perTelling = 500;
const maxWaiting = 5000;

/**
 * Tells other processes, through the store that they share, who took how much, and hears what was taken there. Nobody waits for it:
 * each process gives turns by what it knows, and what was given too much in all is owed. Where the store fails, each goes on alone.
 */
export function createTurnExchange(store: AuthStore): TellTurn {
  if (!store.traits.shared) return () => undefined;
  const waiting = new Map<string, Taken & { readonly turns: number }>();
  let timer: NodeJS.Timeout | undefined;

  async function exchange(): Promise<void> {
    const told = [...waiting.values()].slice(0, perTelling);
    for (const { name } of told) waiting.delete(name);
    try {
      const taken = told.map(({ name, turns, rate }) => ({ key: sha256(name), turns, ...rate }));
      const backs = await store.shareTurns(taken);
      for (const [index, { name, rate, bucket }] of told.entries()) {
        // What was given while the store was asked, it does not know yet.
        const since = waiting.get(name)?.turns ?? 0;
        bucket.owe((backs[index] ?? 0) + since * rate.every);
      }
    } catch {
      // Whoever watches the store hears of it there.
    }
    timer = undefined;
    if (waiting.size > 0) schedule();
  }

  function schedule(): void {
    timer ??= setTimeout(() => void exchange(), tellEvery).unref();
  }

  return (taken) => {
    const { name, granted } = taken;
    const before = waiting.get(name);
    if (!before && waiting.size >= maxWaiting) return;
    // One that was refused is asked about too: others may have given turns meanwhile.
    waiting.set(name, { ...taken, turns: (before?.turns ?? 0) + (granted ? 1 : 0) });
    schedule();
  };
}
