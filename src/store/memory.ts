import { SallyportError } from '../types/error.ts';
import type { Clock } from '../types/time.ts';
import type { AuthStore } from './contract.ts';
import { MemoryRows } from './memory-rows.ts';
import type { StepName } from './operations.ts';
import { steps, stepsBy } from './operations.ts';
import type { StoreCaps } from './records.ts';
import { defaultCaps } from './records.ts';

export interface MemoryStoreOptions {
  /** The store's own clock decides; the system's by default. */
  readonly clock?: Clock;
  readonly caps?: Partial<StoreCaps>;
}

/** A store that lives and ends with the process: each step is one synchronous function, so the event loop is the lock. */
export function createMemoryStore({ clock = Date.now, caps }: MemoryStoreOptions = {}): AuthStore {
  const rows = new MemoryRows(clock);
  const limits = { ...defaultCaps, ...caps };
  let open = true;

  function run<N extends StepName>(name: N, args: Parameters<AuthStore[N]>): ReturnType<AuthStore[N]> {
    // A promise that rejects has whatever type its caller waits for.
    if (!open) return rejected() as ReturnType<AuthStore[N]>;
    rows.sweep();
    // `steps[name]` is the step of this very name, which the compiler cannot follow through the union.
    const step = steps[name] as (...all: unknown[]) => unknown;
    return Promise.resolve(step(rows, args, limits)) as ReturnType<AuthStore[N]>;
  }

  function rejected(): Promise<never> {
    return Promise.reject(new SallyportError('closed', 'the store is closed'));
  }

  return {
    traits: { durable: false, shared: false },
    health: () => (open ? Promise.resolve() : rejected()),
    stats: () => Promise.resolve(rows.stats),
    close: () => {
      open = false;
      return Promise.resolve();
    },
    ...stepsBy(run),
  };
}
