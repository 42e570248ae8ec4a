import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Which core each side runs on; `null` where processes cannot be pinned. */
export interface Cores {
  readonly server: number;
  readonly load: number;
  /** What stands behind a server; the load generator's core unless there is a third. */
  readonly behind: number;
}

let chosen: Cores | null | undefined;

/** The last cores, as far as there are two and `taskset` is at hand. */
export function chooseCores(): Cores | null {
  chosen ??= choose();
  return chosen;
}

function choose(): Cores | null {
  const count = availableParallelism();
  const pinned = spawnSync('taskset', ['-c', String(count - 1), 'true']).status === 0;
  if (!pinned || count < 2) return null;
  return { server: count - 2, load: count - 1, behind: count > 2 ? count - 3 : count - 1 };
}
