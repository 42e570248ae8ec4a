/** One process of a benchmark, and how its parent talks to it: questions by name, one answer each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnChild } from './children.ts';

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly message: string };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A running process. */
export interface Remote {
  readonly pid: number;
  /** @throws {Error} with the other side's message, or when the process ends */
  ask<T>(name: string, argument?: unknown): Promise<T>;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** `null`: wherever the system puts it. */
  readonly core: number | null;
  readonly execArgv?: readonly string[];
  readonly args?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a TypeScript file that calls {@link answerParent}, pinned to a core. */
export async function startProcess(
  file: URL,
  { core, execArgv = [], args = [], env = {} }: StartOptions,
): Promise<Remote> {
  const command = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...execArgv,
    fileURLToPath(file),
    ...args,
  ];
  const [program = '', ...rest] = core === null ? command : ['taskset', '-c', String(core), ...command];
  const child = spawnChild(program, {
    args: rest,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('message', (answer: Answer) => {
    const question = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) question?.resolve(answer.value);
    else question?.reject(new Error(`${file.pathname.split('/').at(-1)}: ${answer.message}`));
  });
  child.once('exit', (code) => {
    for (const question of waiting.values())
      question.reject(new Error(`${file.pathname} ended with ${code}`));
    waiting.clear();
  });
  const remote: Remote = {
    pid: child.pid ?? 0,
    ask<T>(name: string, argument?: unknown): Promise<T> {
      lastId += 1;
      child.send({ id: lastId, name, argument } satisfies Question);
      return new Promise<unknown>((resolve, reject) => {
        waiting.set(lastId, { resolve, reject });
        // What the other side answers to a name is its own matter.
      }) as Promise<T>;
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
  await remote.ask('start');
  return remote;
}

type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

/** What a process has used so far. */
export interface Usage {
  /** Microseconds of CPU, all threads. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
  readonly heap: number;
  /** Heap and the buffers beside it, after a garbage collection where `--expose-gc` allows one. */
  readonly live: number;
}

/** Answers the parent's questions: `handlers`, and `usage`. Ends with the parent. */
export function answerParent(handlers: Handlers): void {
  const all: Handlers = { usage: (how: 'collect' | undefined) => usage(how), ...handlers };
  process.on('message', (question: Question) => void reply(all, question));
  process.on('disconnect', () => process.exit(0));
  // An orderly end, so that `--cpu-prof` writes its file.
  process.once('SIGTERM', () => process.exit(0));
}

async function reply(handlers: Handlers, { id, name, argument }: Question): Promise<void> {
  try {
    const handler = handlers[name];
    if (!handler) throw new Error(`nobody answers ${name}`);
    // Both sides of a question are in this folder; messages carry no types.
    const value = await handler(argument as never);
    process.send?.({ id, ok: true, value } satisfies Answer);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : 'unknown failure';
    process.send?.({ id, ok: false, message } satisfies Answer);
  }
}

async function usage(how: 'collect' | undefined): Promise<Usage> {
  // One collection leaves what only the next one sees to be garbage.
  const collections = how === 'collect' ? 4 : 0;
  for (let time = 0; time < collections; time += 1) {
    globalThis.gc?.();
    await sleep(20);
  }
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpu: user + system, rss, heap: heapUsed, live: heapUsed + external };
}
