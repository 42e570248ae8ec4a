import { LRUCache } from 'lru-cache';
import type { Clock, Milliseconds } from '../../types/time.ts';
import type { ClientProblem } from '../client-problem.ts';
import type { ClientDocument } from './document.ts';
import type { Copy, Fetched, FetchingRules } from './fetch-document.ts';
import { fetchDocument } from './fetch-document.ts';
import { staleFor } from './freshness.ts';
import type { Limiter } from './limiter.ts';
import { createLimiter } from './limiter.ts';
import { unreachableDocument } from './problems.ts';

/** Hears what happens, for logs and numbers. Never throws. */
export interface DocumentEvents {
  /** A look into the cache. */
  readonly onLook: (hit: boolean) => void;
  readonly onFetch: (outcome: 'document' | 'unchanged' | 'unreachable' | 'invalid' | 'limited') => void;
  /** A document differs from the copy before it in these fields. */
  readonly onChanged: (document: ClientDocument, fields: readonly string[]) => void;
  readonly onFailed: (id: string, problem: ClientProblem) => void;
}

export interface DocumentsOptions extends FetchingRules, DocumentEvents {
  readonly clock: Clock;
  /** Most documents that are kept of hosts that somebody has named, and as many of all others; see {@link cacheRoom}. */
  readonly maxEntries: number;
  /** Whether somebody of ours has named the host: it has a share of its own of what may be fetched. */
  readonly isFamiliar: (host: string) => boolean;
  /** The copy that came with this version, for hosts that do not let us in. */
  readonly builtIn: (id: string) => ClientDocument | null;
}

/** Documents of clients: fetched once for everybody who waits, and kept by the rules of HTTP. */
export interface Documents {
  /**
   * A document that is fresh, or the last good copy of one whose host does not answer.
   * @throws {ClientProblem} `unreachable`, `invalid`
   */
  load(id: string): Promise<ClientDocument>;
  /** The copy at hand, however old it is; asks nobody. */
  held(id: string): ClientDocument | null;
  /** What keeps hosts that somebody has named from answering, once it has happened three times in a row; `null`: nothing does. */
  trouble(): string | null;
  /** Waits for what is being fetched, and fetches no more. */
  close(): Promise<void>;
}

/** Room for documents of each kind of hosts, in characters of what they hold. */
const cacheRoom = 2_097_152;

/** No document takes less; what room for more would cost is taken at once. */
const leastSize = 256;

/** How long a failure is not asked about again; it is not kept as an answer to anything else (draft-02 §4.4). */
const failureFor: Milliseconds = 10_000;
const rememberedFailures = 1000;

/**
 * How long a copy that is not fresh any more serves while we ask nobody, because too much is asked for. Whoever makes that so must
 * not keep alive what a document's owner has taken out of it.
 */
const limitedFor: Milliseconds = 3_600_000;

/** Failures that may be those hosts' own. */
const tolerated = 3;

/** How long a built-in copy serves before its host is asked again. */
const builtInFor: Milliseconds = 300_000;

interface Kept extends Copy {
  readonly freshUntil: Milliseconds;
  readonly staleUntil: Milliseconds;
  /** Its host had another word since: it counts for nobody who signs in. */
  readonly withdrawn: boolean;
}

export function createDocuments(options: DocumentsOptions): Documents {
  return new KeptDocuments(options);
}

class KeptDocuments implements Documents {
  readonly #options: DocumentsOptions;
  /** Nobody can push out the documents of hosts that somebody has named by naming others. */
  readonly #kept: { readonly named: LRUCache<string, Kept>; readonly strange: LRUCache<string, Kept> };
  readonly #failures: LRUCache<string, { readonly problem: ClientProblem; readonly until: Milliseconds }>;
  readonly #running = new Map<string, Promise<ClientDocument>>();
  readonly #limiter: Limiter;
  /** Failures since the last answer of a host that somebody has named; what strangers name says nothing about us. */
  #missed = 0;
  #lastMiss = '';

  constructor(options: DocumentsOptions) {
    this.#options = options;
    const room = {
      max: Math.min(options.maxEntries, cacheRoom / leastSize),
      maxSize: cacheRoom,
      sizeCalculation: ({ document }: Kept, id: string) => id.length + JSON.stringify(document).length,
    };
    this.#kept = { named: new LRUCache(room), strange: new LRUCache(room) };
    this.#failures = new LRUCache({ max: rememberedFailures });
    this.#limiter = createLimiter(options.clock);
  }

  load(id: string): Promise<ClientDocument> {
    const copy = this.#keptOf(id).get(id);
    const fresh = copy !== undefined && this.#options.clock() < copy.freshUntil;
    this.#options.onLook(fresh);
    return fresh ? Promise.resolve(copy.document) : this.#once(id);
  }

  held(id: string): ClientDocument | null {
    return this.#keptOf(id).get(id)?.document ?? null;
  }

  trouble(): string | null {
    return this.#missed < tolerated ? null : this.#lastMiss;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running.values());
    await this.#options.fetch.close();
  }

  #keptOf(id: string): LRUCache<string, Kept> {
    return this.#options.isFamiliar(new URL(id).hostname) ? this.#kept.named : this.#kept.strange;
  }

  /** Nobody's leaving ends it for the others. */
  #once(id: string): Promise<ClientDocument> {
    const before = this.#running.get(id);
    if (before) return before;
    const fetching = this.#ask(id).finally(() => this.#running.delete(id));
    this.#running.set(id, fetching);
    return fetching;
  }

  async #ask(id: string): Promise<ClientDocument> {
    const { clock, onFetch, isFamiliar } = this.#options;
    const have = this.#keptOf(id).get(id) ?? null;
    const failed = this.#failures.get(id);
    if (failed && clock() < failed.until) return this.#without(id, have, failed.problem);
    const { host, hostname } = new URL(id);
    const done = this.#limiter.take(host, { named: isFamiliar(hostname), known: have !== null });
    if (!done) {
      onFetch('limited');
      const problem = unreachableDocument('too many apps are being looked up right now');
      if (have && clock() >= have.freshUntil + limitedFor) throw problem;
      return this.#without(id, have, problem);
    }
    const fetched = await fetchDocument(id, { ...this.#options, have }).finally(done);
    onFetch(fetched.r === 'problem' ? kindOf(fetched.problem) : fetched.r);
    if (isFamiliar(hostname)) this.#note(id, fetched);
    return this.#keep(id, have, fetched);
  }

  #note(id: string, fetched: Fetched): void {
    const missed = fetched.r === 'problem' && fetched.problem.kind === 'unreachable';
    this.#missed = missed ? this.#missed + 1 : 0;
    if (missed) this.#lastMiss = `${id}: ${fetched.problem.message}`;
  }

  #keep(id: string, have: Kept | null, fetched: Fetched): ClientDocument {
    const { clock, onFailed, onChanged } = this.#options;
    if (fetched.r === 'problem') {
      const { problem } = fetched;
      this.#failures.set(id, { problem, until: clock() + failureFor });
      onFailed(id, problem);
      if (problem.kind !== 'unreachable') this.#withdraw(id, have);
      return this.#without(id, have, problem);
    }
    this.#failures.delete(id);
    const copy = fetched.r === 'document' ? fetched.copy : have;
    if (!copy) throw new TypeError('a host said that nothing has changed, and nobody had asked that');
    this.#put(id, copy, fetched.freshFor);
    const fields = have ? changedFields(have.document, copy.document) : [];
    if (fields.length > 0) onChanged(copy.document, fields);
    return copy.document;
  }

  #put(id: string, { document, etag, lastModified }: Copy, spell: Milliseconds): void {
    const freshUntil = this.#options.clock() + spell;
    const staleUntil = freshUntil + staleFor;
    this.#keptOf(id).set(id, { document, etag, lastModified, freshUntil, staleUntil, withdrawn: false });
  }

  /** Remembers that a host has taken its document back, or spoilt it, for as long as a copy of it would otherwise count. */
  #withdraw(id: string, have: Kept | null): void {
    const document = have?.document ?? this.#options.builtIn(id);
    if (!document) return;
    const { etag, lastModified } = have ?? { etag: null, lastModified: null };
    const over = { freshUntil: 0, staleUntil: 0, withdrawn: true };
    this.#keptOf(id).set(id, { document, etag, lastModified, ...over });
  }

  /** While a host does not answer, the last good copy counts, and then the one that came with us; never after another word of it. */
  #without(id: string, have: Kept | null, problem: ClientProblem): ClientDocument {
    if (problem.kind !== 'unreachable' || have?.withdrawn === true) throw problem;
    if (have && this.#options.clock() < have.staleUntil) return have.document;
    const document = this.#options.builtIn(id);
    if (!document) throw problem;
    this.#put(id, { document, etag: null, lastModified: null }, builtInFor);
    return document;
  }
}

function kindOf({ kind }: ClientProblem): 'unreachable' | 'invalid' {
  return kind === 'unreachable' ? 'unreachable' : 'invalid';
}

/** What of a document decides who gets in. */
const telling = [
  'redirectUris',
  'authMethod',
  'proofOptional',
  'keys',
  'grantTypes',
  'name',
  'stated',
] as const;

/** What of two versions of a document that decides who gets in is not the same. */
export function changedFields(before: ClientDocument, after: ClientDocument): readonly string[] {
  return telling.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}
