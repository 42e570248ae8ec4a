import type { Config } from '../config/config.ts';
import type { Router } from '../http/router.ts';
import { createRouter } from '../http/router.ts';
import { SallyportError } from '../types/error.ts';
import type { Milliseconds } from '../types/time.ts';
import type { UpstreamProvider } from '../upstream/provider.ts';
import type { ServerContext } from './context.ts';
import type { Generation, Lasting } from './create-context.ts';
import { createGeneration } from './create-context.ts';
import { checkChangeable, tellChange, tellRefusal } from './reload.ts';
import { routesOf } from './routes.ts';

/** What a reload leaves behind is closed when nobody can be in the middle of using it any more. */
const afterglow: Milliseconds = 60_000;

/** How soon a renewal that failed is tried again. */
const retryAfter: Milliseconds = 60_000;

/** What holds state: only a restart changes it. */
const fixed = /^(?:issuer|storage|observe|limits\.\w+_per_user|registration\.max_stored)(?:$|[.[])/u;

/** What holds connections. */
type Retired = Pick<UpstreamProvider, 'close'>;

/** One generation after the other over the same store: each is complete, and requests finish on the one they began with. */
export class Generations {
  current: ServerContext;
  router: Router;
  /** Why the last reload was refused. */
  refused: string | null = null;
  readonly #lasting: Lasting;
  readonly #listeners: (() => void)[] = [];
  readonly #leftovers = new Set<NodeJS.Timeout>();
  readonly #retired = new Set<Retired>();
  #dueAt: Milliseconds;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor({ context, dueAt }: Generation, lasting: Lasting) {
    this.current = context;
    this.router = createRouter(routesOf(context));
    this.#lasting = lasting;
    this.#dueAt = dueAt;
  }

  /** Cheap enough for every request. */
  look(): void {
    const now = this.#lasting.clock();
    if (now < this.#dueAt) return;
    this.#dueAt = now + retryAfter;
    void this.renew();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The same configuration again: a key whose time has come begins to sign. Never rejects. */
  async renew(): Promise<void> {
    try {
      await this.#inTurn(() => this.#replace(this.current.config));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.current.log.error({ reason }, 'keys could not be renewed; it is tried again in a minute');
    }
  }

  reload(load: () => Promise<Config>): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      try {
        const config = await load();
        checkChangeable({ before: this.current.config, after: config }, fixed);
        const changes = await this.#replace(config);
        this.refused = null;
        return changes;
      } catch (error) {
        this.refused = tellRefusal(this.current, error);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    for (const timer of this.#leftovers) clearTimeout(timer);
    const { providers, lookups, clientDocuments } = this.current;
    for (const part of [...this.#retired, ...providers.values(), lookups, clientDocuments]) part.close();
  }

  async #replace(config: Config): Promise<readonly string[]> {
    const before = this.current;
    const { context, dueAt } = await createGeneration(config, this.#lasting, before);
    // From here on nothing waits and nothing fails: a request sees the old one whole or the new one whole.
    this.router = createRouter(routesOf(context));
    this.current = context;
    this.#dueAt = dueAt;
    for (const listener of this.#listeners) listener();
    const kept = new Set(context.providers.values());
    for (const provider of before.providers.values()) if (!kept.has(provider)) this.#retire(provider);
    this.#retire(before.lookups);
    if (before.clientDocuments !== context.clientDocuments) this.#retire(before.clientDocuments);
    return tellChange(before, context);
  }

  #retire(part: Retired): void {
    this.#retired.add(part);
    const timer = setTimeout(() => {
      this.#leftovers.delete(timer);
      this.#retired.delete(part);
      part.close();
    }, afterglow);
    timer.unref();
    this.#leftovers.add(timer);
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (this.#closed) throw new SallyportError('closed', 'the server is closed');
      return step();
    });
    this.#queue = turn.catch(() => null);
    return turn;
  }
}
