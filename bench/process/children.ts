import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const children = new Set<ChildProcess>();

/**
 * Starts a process that does not outlive this one, whether it comes to its end, fails, or gets a signal. Where this one is
 * killed there is nobody left to do anything: the child then has to end when its channel closes (`ipc`).
 */
export function spawnChild(
  command: string,
  { args, ...options }: SpawnOptions & { readonly args: readonly string[] },
): ChildProcess {
  watch();
  const child = spawn(command, args, options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

let watching = false;

function watch(): void {
  if (watching) return;
  watching = true;
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
