import type { ProxyConfig } from '../config/config.ts';
import type { Log } from '../observe/log.ts';
import { silentLog } from '../observe/log.ts';
import type { Backend } from '../proxy/forward.ts';
import { openBackend } from '../proxy/forward.ts';
import type { Milliseconds } from '../types/time.ts';

/** Connections to MCP servers, which outlive a reload as long as their endpoint stays. */
export class Backends {
  readonly #log: Log;
  readonly #lookEvery: Milliseconds;
  #open = new Map<string, Backend>();
  /** Of endpoints that are gone, until their last stream has ended. */
  readonly #retired = new Set<Backend>();

  constructor({
    log = silentLog,
    streamCheckEvery = 30_000,
  }: {
    readonly log?: Log;
    readonly streamCheckEvery?: Milliseconds;
  }) {
    this.#log = log;
    this.#lookEvery = streamCheckEvery;
  }

  /** Opens what is new, keeps what is known, and lets go of the rest. */
  openFor(proxies: readonly ProxyConfig[]): (proxy: ProxyConfig) => Backend {
    const before = this.#open;
    const keyOf = ({ path, target }: ProxyConfig): string => `${path} ${target}`;
    const options = { log: this.#log, lookEvery: this.#lookEvery };
    const backendOf = (proxy: ProxyConfig): Backend =>
      before.get(keyOf(proxy)) ?? openBackend(proxy.target, options);
    const open = new Map(proxies.map((proxy) => [keyOf(proxy), backendOf(proxy)]));
    this.#open = open;
    for (const [key, backend] of before) if (!open.has(key)) this.#retire(backend);
    return (proxy) => {
      const backend = open.get(keyOf(proxy));
      if (!backend) throw new TypeError('a backend is opened for each proxy');
      return backend;
    };
  }

  /** How many event streams run. */
  readonly streams = (): number => this.#all().reduce((sum, { streams }) => sum + streams.size, 0);

  readonly endStreams = (): void => {
    for (const { streams } of this.#all()) for (const stream of streams) stream.abort();
  };

  readonly close = async (): Promise<void> => {
    await Promise.all(this.#all().map((backend) => backend.close()));
  };

  #retire(backend: Backend): void {
    this.#retired.add(backend);
    const gone = (): void => void this.#retired.delete(backend);
    backend.retire().then(gone, gone);
  }

  #all(): readonly Backend[] {
    return [...this.#open.values(), ...this.#retired];
  }
}
