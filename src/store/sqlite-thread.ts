import { Worker } from 'node:worker_threads';
import { SallyportError } from '../types/error.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Call, Outcome, Reply, Request, WorkerOptions } from './sqlite-worker.ts';

interface Waiting {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SallyportError) => void;
}

/** Calls that go into one transaction. */
interface Batch {
  /** Its answer carries the same number; what a lost thread still says belongs to nobody. */
  readonly id: number;
  readonly calls: readonly Waiting[];
}

/** Next to this file, in source (`.ts`) and in the package (`.js`). */
const workerFile: URL = new URL(
  import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.js',
  import.meta.url,
);

/** Our end of the worker thread: gathers calls into batches, and starts the thread again when it died. */
export class SqliteThread {
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  #worker: Worker | null = null;
  #ready: Promise<void> = Promise.resolve();
  /** Calls that wait for the running batch to end. */
  #queue: Waiting[] = [];
  #running: Batch | null = null;
  #lastId = 0;
  #closed = false;
  #watch: NodeJS.Timeout | undefined;
  /** The running batch takes longer than a disk ever should. */
  #stuck = false;
  readonly #patience: Milliseconds;

  /** @param patience how long a batch may take before who waits behind it is turned away */
  constructor(
    options: WorkerOptions,
    { clock, patience }: { readonly clock: Clock; readonly patience: Milliseconds },
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#patience = patience;
  }

  /** @throws {SallyportError} when the database cannot be used */
  start(): Promise<void> {
    // Node 22 and 24 call their own SQLite experimental; it has been in use here since 22.13.
    const worker = new Worker(workerFile, {
      workerData: this.#options,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#worker = worker;
    this.#ready = new Promise((resolve, reject) => {
      worker.on('message', (reply: Reply) => {
        if (reply.kind === 'ready') {
          // Only calls keep the process up; until now it was the start.
          if (!this.#running) worker.unref();
          resolve();
        } else if (reply.kind === 'failed') reject(errorOf(reply.outcome));
        else if (reply.kind === 'done') this.#finish(reply.id, reply.outcomes);
      });
      worker.on('error', (error) => this.#lose(worker, failed('the storage thread failed', error), reject));
      worker.on('exit', () => this.#lose(worker, failed('the storage thread ended'), reject));
    });
    // Whoever calls next hears of it; without a caller there is nobody to tell.
    this.#ready.catch(() => {});
    return this.#ready;
  }

  call(call: Call): Promise<unknown> {
    if (this.#closed) return Promise.reject(new SallyportError('closed', 'the store is closed'));
    if (this.#stuck) return Promise.reject(stuck());
    return new Promise((resolve, reject) => {
      this.#queue.push({ call, resolve, reject });
      if (this.#queue.length === 1 && !this.#running) setImmediate(() => void this.#flush());
    });
  }

  /** Gives an idle thread the occasion to purge. */
  nudge(): void {
    if (!this.#running && this.#worker) this.#post({ id: 0, calls: [] });
  }

  /** Ends after the calls that are under way. */
  async close(): Promise<void> {
    this.#closed = true;
    while ((this.#running || this.#queue.length > 0) && !this.#stuck)
      await new Promise((resolve) => setTimeout(resolve, 2));
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = null;
    // It cannot hear us, and the process ends without its consent.
    if (this.#stuck) {
      worker.unref();
      return;
    }
    worker.ref();
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.postMessage({ kind: 'close' } satisfies Request);
    });
  }

  async #flush(): Promise<void> {
    if (this.#running || this.#queue.length === 0) return;
    this.#lastId += 1;
    const batch: Batch = { id: this.#lastId, calls: this.#queue };
    this.#running = batch;
    this.#queue = [];
    try {
      await (this.#worker ? this.#ready : this.start());
      // The thread may have ended meanwhile: then these calls were answered, and another batch may be running.
      if (this.#running !== batch) return;
      this.#worker?.ref();
      this.#watch = setTimeout(() => this.#turnAway(), this.#patience).unref();
      this.#post(batch);
    } catch (error) {
      this.#fail(
        batch,
        error instanceof SallyportError ? error : failed('the storage thread does not start', error),
      );
    }
  }

  /** No batch is running any more. */
  #settle(): void {
    this.#running = null;
    this.#stuck = false;
    clearTimeout(this.#watch);
    this.#worker?.unref();
  }

  /** Who is in the batch hears the truth when it is known; the others have consumed nothing, and may try again later. */
  #turnAway(): void {
    this.#stuck = true;
    for (const waiting of this.#queue.splice(0)) waiting.reject(stuck());
  }

  #post({ id, calls }: Batch): void {
    const request: Request = { kind: 'batch', id, now: this.#clock(), calls: calls.map(({ call }) => call) };
    this.#worker?.postMessage(request);
  }

  #finish(id: number, outcomes: readonly Outcome[]): void {
    const done = this.#running;
    if (done?.id !== id) return;
    this.#settle();
    for (const [index, { resolve, reject }] of done.calls.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok) resolve(outcome.value);
      else reject(errorOf(outcome));
    }
    void this.#flush();
  }

  #lose(worker: Worker, error: SallyportError, reject: (error: SallyportError) => void): void {
    reject(error);
    if (this.#worker !== worker) return;
    this.#worker = null;
    if (this.#running) this.#fail(this.#running, error);
  }

  #fail(batch: Batch, error: SallyportError): void {
    if (this.#running !== batch) return;
    this.#settle();
    for (const waiting of batch.calls) waiting.reject(error);
    if (this.#queue.length > 0) void this.#flush();
  }
}

function errorOf(outcome: Outcome | undefined): SallyportError {
  if (outcome && !outcome.ok) return new SallyportError(outcome.code, outcome.message);
  return failed('the storage thread gave no answer');
}

function stuck(): SallyportError {
  return failed('the storage does not answer');
}

function failed(message: string, cause?: unknown): SallyportError {
  return new SallyportError('storage_failed', message, { cause });
}
