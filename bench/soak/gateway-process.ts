import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnChild } from '../process/children.ts';

/** What a process holds at one moment. */
export interface Held {
  readonly pid: number;
  /** Bytes. */
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  /** Open file descriptors. */
  readonly fds: number;
  /** `process.getActiveResourcesInfo()`. */
  readonly resources: number;
}

export interface GatewayFiles {
  readonly config: string;
  readonly stateDir: string;
  /** Takes what the gateway prints. */
  readonly log: string;
}

const command = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const probe = new URL('probe.ts', import.meta.url).href;

/** How long answers may be missing after the gateway was killed, in milliseconds. */
const comeBack = 30_000;

/** `sallyport serve` as operators run it, and what they do to it. */
export class GatewayProcess {
  readonly #files: GatewayFiles;
  readonly #base: string;
  #child: ChildProcess | null = null;
  #awayUntil = 0;

  constructor(files: GatewayFiles, base: string) {
    this.#files = files;
    this.#base = base;
  }

  /** True from a kill until clients must have found the way back. */
  get away(): boolean {
    return Date.now() < this.#awayUntil;
  }

  /** @throws {Error} when it does not serve within ten seconds */
  async start(): Promise<void> {
    const { config, stateDir, log } = this.#files;
    const output = openSync(log, 'a');
    const args = ['--disable-warning=ExperimentalWarning', '--import', probe, command, 'serve', '-c', config];
    this.#child = spawnChild(process.execPath, {
      args: [...args, '--state-dir', stateDir],
      stdio: ['ignore', 'ignore', output, 'ipc'],
    });
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const healthy = await fetch(`${this.#base}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) return;
      await sleep(100);
    }
    throw new Error(`the gateway does not start: see ${log}`);
  }

  /** Kills it without a warning, and starts it again. */
  async crash(): Promise<void> {
    this.#awayUntil = Date.now() + comeBack;
    const child = this.#child;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await this.start();
    this.#awayUntil = Date.now() + comeBack;
  }

  /** Asks it to stop; the exit code, `null` when it had to be killed. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(timer);
    return child.exitCode;
  }

  /** `null` while it does not run. */
  async held(): Promise<Held | null> {
    const child = this.#child;
    if (!child?.pid || !child.connected) return null;
    try {
      const asked = once(child, 'message', { signal: AbortSignal.timeout(5000) });
      child.send('held');
      // Only `probe.ts` sends anything.
      const [own] = (await asked) as [Pick<Held, 'heap' | 'external' | 'resources'>];
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      const rss = Number(/VmRSS:\s+(\d+) kB/u.exec(status)?.[1] ?? 0) * 1024;
      const fds = (await readdir(`/proc/${child.pid}/fd`)).length;
      return { pid: child.pid, rss, fds, ...own };
    } catch {
      return null;
    }
  }
}
