import type { Metrics } from '../observe/metrics/metrics.ts';
import type { Tracer } from '../observe/traces/tracer.ts';
import type { AuthStore } from './contract.ts';
import type { StepName } from './operations.ts';
import { stepsBy } from './operations.ts';

/** The same store, with each operation timed, and in a span of its own when there are traces. */
export function observeStore(
  store: AuthStore,
  { metrics, traces }: { readonly metrics: Metrics; readonly traces: Tracer | null },
): AuthStore {
  const timed = <R extends Promise<unknown>>(operation: string, work: () => R): R => {
    const began = performance.now();
    const ended = (outcome: 'ok' | 'failed') => (): void =>
      metrics.storeSeconds.observe([operation, outcome], (performance.now() - began) / 1000);
    const result = traces
      ? traces.span({ name: `store ${operation}`, kind: 'internal', attributes: {} }, work)
      : work();
    result.then(ended('ok'), ended('failed'));
    // A span changes when its work ends, not what it ends with.
    return result as R;
  };
  return {
    traits: store.traits,
    health: () => timed('health', () => store.health()),
    close: () => store.close(),
    stats: () => timed('stats', () => store.stats()),
    ...stepsBy((name, args) => timed(name, () => call(store, name, args))),
  };
}

function call<N extends StepName>(
  store: AuthStore,
  name: N,
  args: Parameters<AuthStore[N]>,
): ReturnType<AuthStore[N]> {
  // The compiler does not see that a method and its own parameters go together.
  const step = store[name] as (...args: Parameters<AuthStore[N]>) => ReturnType<AuthStore[N]>;
  return step.apply(store, args);
}
