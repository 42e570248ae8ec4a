import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Which core each side runs on; `null` where processes cannot be pinned. */
export interface Cores {
  readonly server: number;
  readonly load: number;
}

/** The last two cores, as far as there are two and `taskset` is at hand. */
export function chooseCores(): Cores | null {
  const count = availableParallelism();
  const pinned = spawnSync('taskset', ['-c', String(count - 1), 'true']).status === 0;
  return pinned && count > 1 ? { server: count - 2, load: count - 1 } : null;
}
