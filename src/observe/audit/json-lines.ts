import type { Clock, Milliseconds } from '../../types/time.ts';
import type { Log } from '../log.ts';
import type { AuditSink } from './auditor.ts';
import { auditVersion } from './event.ts';
import type { AuditEvent } from './event.ts';

/** Where bytes go: a file, a pipe, a terminal. */
export interface LineTarget {
  /** For messages. */
  readonly name: string;
  /** Opens it when that is needed. Resolves to how often it was opened: after a change the next byte begins a file. */
  ready(): Promise<number>;
  /** Writes some of it, and tells how many bytes. Rejects when nothing can be written now. */
  write(bytes: Uint8Array): Promise<number>;
  reopen(): void;
  close(): Promise<void>;
}

export interface JsonLinesParts {
  readonly target: LineTarget;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long an ordinary event may wait for others to share a write. */
const flushEvery: Milliseconds = 250;

/** What is worth a write at once, in UTF-16 units. */
const enough = 65_536;

/** How long a target that failed is left alone. */
const retryAfter: Milliseconds = 1000;

/** Longest wait for a target at the end: a reader that hangs must not hang us. */
const closeWithin: Milliseconds = 2000;

/** What waits in memory, in UTF-16 units: enough for minutes of logins, and no way to be flooded. */
const room = 4_194_304;

/** One event a line, written in batches, never on the caller's time; what cannot be kept is counted and told. */
export function createJsonLines(parts: JsonLinesParts): AuditSink {
  const writer = new Writer(parts);
  return {
    write: (event, urgent) => writer.add(event, urgent),
    problem: () => writer.problem(),
    reopen: () => writer.reopen(),
    close: () => writer.close(),
  };
}

/** What is being written now, and how far it is. */
interface Batch {
  readonly bytes: Buffer;
  readonly events: number;
  /** Of `room`. */
  readonly size: number;
  offset: number;
  /** Of the target, when the last byte was written. */
  generation: number;
}

const newline = 10;

class Writer {
  readonly #parts: JsonLinesParts;
  #waiting: string[] = [];
  #size = 0;
  #batch: Batch | null = null;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #lost = 0;
  #failure: string | null = null;
  #closed: Promise<void> | undefined;
  /** Nobody waits for the writing any more. */
  #abandoned = false;

  constructor(parts: JsonLinesParts) {
    this.#parts = parts;
  }

  add(event: AuditEvent, urgent: boolean): void {
    const line = `${JSON.stringify(event)}\n`;
    if (this.#closed || this.#size + line.length > room) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#size += line.length;
    // A target that fails is asked again by its own timer.
    if (this.#failure === null) this.#schedule(urgent || this.#size > enough ? 0 : flushEvery);
  }

  problem(): string | null {
    if (this.#failure === null && this.#lost === 0) return null;
    return `${this.#parts.target.name}: ${this.#failure ?? 'too slow'}; ${this.#lost} events lost so far`;
  }

  reopen(): void {
    this.#parts.target.reopen();
    if (this.#waiting.length > 0 || this.#batch) this.#schedule(0);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end());
  }

  async #end(): Promise<void> {
    const { target, log } = this.#parts;
    clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeWithin);
    });
    await Promise.race([this.#drain(), patience]);
    clearTimeout(timer);
    this.#abandoned = true;
    const left = this.#lost + this.#waiting.length + (this.#batch?.events ?? 0);
    if (left > 0) log.error({ target: target.name, lost: left }, 'audit events were lost');
    // A write that hangs would hang its close as well.
    if (this.#running) void this.#running.then(() => target.close());
    else await target.close();
  }

  /** The earliest wish counts: an urgent event takes the waiting ones along. */
  #schedule(wait: Milliseconds): void {
    if (this.#running) return;
    if (wait > 0 && this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#drain(), wait);
    // Closing writes the rest; until then nothing of ours keeps the process alive.
    this.#timer.unref();
  }

  #drain(): Promise<void> {
    this.#timer = undefined;
    this.#running ??= this.#writeAll().finally(() => {
      this.#running = null;
      // What came in the very moment in which the work was done.
      if (this.#waiting.length > 0 && this.#failure === null && !this.#closed) this.#schedule(flushEvery);
    });
    return this.#running;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#batch ?? this.#waiting.length > 0) {
        this.#batch ??= this.#take();
        await this.#writeBatch(this.#batch);
        this.#batch = null;
        this.#recovered();
      }
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : 'unknown');
    }
  }

  #take(): Batch {
    const lines = this.#waiting;
    this.#waiting = [];
    const text = lines.join('');
    return { bytes: Buffer.from(text), events: lines.length, size: text.length, offset: 0, generation: 0 };
  }

  async #writeBatch(batch: Batch): Promise<void> {
    const { target } = this.#parts;
    while (batch.offset < batch.bytes.length) {
      if (this.#abandoned) throw new Error('it took too long');
      const generation = await target.ready();
      // A file that begins in the middle of a line gets that line whole.
      if (generation !== batch.generation && batch.offset > 0)
        batch.offset = batch.bytes.lastIndexOf(newline, batch.offset - 1) + 1;
      batch.generation = generation;
      batch.offset += await target.write(batch.bytes.subarray(batch.offset));
    }
    this.#size -= batch.size;
  }

  #failed(reason: string): void {
    if (this.#abandoned) return;
    const { target, log } = this.#parts;
    if (this.#failure === null)
      log.error({ target: target.name, reason }, 'audit events cannot be written; they wait in memory');
    this.#failure = reason;
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#drain(), retryAfter);
    this.#timer.unref();
  }

  #recovered(): void {
    const { target, log, clock } = this.#parts;
    if (this.#failure !== null)
      log.warn({ target: target.name, lost: this.#lost }, 'audit events are written again');
    this.#failure = null;
    if (this.#lost === 0 || this.#closed) return;
    const count = this.#lost;
    this.#lost = 0;
    const time = new Date(clock()).toISOString();
    this.add(
      { version: auditVersion, time, event: 'events_lost', outcome: 'failure', count, reason: 'sink' },
      true,
    );
  }
}
