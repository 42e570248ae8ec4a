import { createJwtSigner } from '../../src/crypto/sign.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { GuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { AuthServerOptions } from '../../src/server/auth-server.ts';
import type { AuthStore } from '../../src/store/contract.ts';
import { stepsBy } from '../../src/store/operations.ts';

/** A moment in the life of a process: right before its nth call of a collaborator, or when that has done its work. */
export interface CrashPoint {
  readonly index: number;
  readonly when: 'before' | 'after';
}

/** Does something around every step of a store. */
export function aroundStore(
  store: AuthStore,
  around: <T>(name: string, call: () => Promise<T>) => Promise<T>,
): AuthStore {
  return {
    traits: store.traits,
    stats: () => store.stats(),
    close: () => store.close(),
    health: () => around('health', () => store.health()),
    // The step of this very name, with its own arguments and its own result.
    ...stepsBy(
      (name, args) => around(name, () => (store[name] as (...all: unknown[]) => never)(...args)) as never,
    ),
  };
}

/** Records what a server asks of its collaborators, and kills it at one of these calls: then nothing answers any more. */
export class Crash {
  readonly calls: string[] = [];
  readonly happened: Promise<'crashed'>;
  #point: CrashPoint | null = null;
  #armed = false;
  #dead = false;
  readonly #die: (value: 'crashed') => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<'crashed'>();
    this.happened = promise;
    this.#die = resolve;
  }

  /** From now on calls are counted; `null` only counts. */
  arm(point: CrashPoint | null): void {
    this.#armed = true;
    this.#point = point;
  }

  /** The store of the server that will die. */
  store(store: AuthStore): AuthStore {
    return aroundStore(store, (name, call) => this.#guard(`store ${name}`, call));
  }

  /** Network and signer of the server that will die. */
  collaborators(): Required<Pick<AuthServerOptions, 'fetch' | 'createSigner'>> {
    const real = createGuardedFetch({ allowHttp: true, allowPrivate: false, allowLoopback: true });
    const guarded: GuardedFetch = Object.assign(
      (...args: Parameters<GuardedFetch>) =>
        this.#guard(`fetch ${args[1]?.method ?? 'GET'} ${new URL(args[0]).pathname}`, () => real(...args)),
      { close: () => real.close() },
    );
    return {
      fetch: guarded,
      createSigner: (key) => {
        const signer = createJwtSigner(key);
        return {
          ...signer,
          sign: (typ, claims) => this.#guard(`sign ${typ}`, () => signer.sign(typ, claims)),
        };
      },
    };
  }

  async #guard<T>(name: string, call: () => Promise<T>): Promise<T> {
    if (this.#dead) return never();
    // Looked at beside all steps: none of them waits for it, and it changes nothing.
    if (name === 'store listBlocks') return call();
    const index = this.#armed ? this.calls.push(name) - 1 : -1;
    const point = index === this.#point?.index ? this.#point : null;
    if (point?.when === 'before') return this.#end();
    const result = await call();
    return point || this.#dead ? this.#end() : result;
  }

  #end(): Promise<never> {
    this.#dead = true;
    this.#die('crashed');
    return never();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
