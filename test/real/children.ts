import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file of an installed package. */
export function packageFile(path: string): string {
  return join(root, 'node_modules', path);
}

/** A directory of its own for one test; `remove` when it is over. */
export async function scratchDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'sallyport-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** An environment that knows nothing of ours: this Node first on the path, a home of its own, no display. */
export function isolatedEnvironment(
  home: string,
  extra: Record<string, string> = {},
): Record<string, string> {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  return { PATH: path, HOME: home, XDG_CONFIG_HOME: home, ...extra };
}

/** A program that a test started. */
export interface Program {
  readonly process: ChildProcess;
  /** Everything that it wrote so far, both streams. */
  output(): string;
  /** What it wrote to standard output so far. */
  stdout(): string;
  /** Waits until the output matches; throws when the program ends first. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code, when it ends by itself. */
  exit(): Promise<number | null>;
  /** Ends it and what it started. */
  stop(): Promise<void>;
}

/** Starts a script with this Node, in a process group of its own. */
export function startProgram(script: string, args: readonly string[], env: Record<string, string>): Program {
  const child = spawn(process.execPath, [script, ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return {
    process: child,
    output: () => output,
    stdout: () => stdout,
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`${script} ended with ${child.exitCode} before ${pattern}:\n${output}`);
        await sleep(20);
      }
    },
    async exit() {
      await ended;
      return child.exitCode;
    },
    stop: () => stopGroup(child, ended),
  };
}

/** Ends a process that a test started; a negative id means the whole group. */
export function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function stopGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.pid === undefined) return;
  // The group that `detached` made: the program and its children, nothing else.
  killIfAlive(-child.pid);
  await ended;
}

/** Takes the place of the desktop's browser: remembers what it was asked to open. */
export interface FakeBrowser {
  /** For the environment of programs that open a browser. */
  readonly env: Record<string, string>;
  /** Addresses so far, in order. */
  opened(): Promise<readonly string[]>;
  /** Waits for the address with this index. */
  nth(index: number): Promise<string>;
}

/** A program for `$BROWSER` that writes down the address and leaves. */
export async function fakeBrowser(directory: string): Promise<FakeBrowser> {
  const script = join(directory, 'browser');
  const list = join(directory, 'opened');
  await writeFile(list, '');
  await writeFile(script, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${list}'\n`);
  await chmod(script, 0o755);
  const opened = async (): Promise<string[]> => (await readFile(list, 'utf8')).split('\n').filter(Boolean);
  return {
    env: { BROWSER: script },
    opened,
    async nth(index) {
      for (;;) {
        const url = (await opened())[index];
        if (url !== undefined) return url;
        await sleep(20);
      }
    },
  };
}
