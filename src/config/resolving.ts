import type { Findings } from './problems.ts';
import type { RunConfig } from './schema.ts';
import type { Sieved } from './shape.ts';

/** Where a `RunConfig` finds what it names. */
export interface ResolveIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Rejects when there is no such file. Decides what relative paths are relative to. */
  readFile(path: string): Promise<Uint8Array>;
}

/** What every step of the resolution works with. */
export interface Resolving {
  /** What passed the check of its shape. */
  readonly config: Sieved<RunConfig>;
  readonly io: ResolveIo;
  readonly findings: Findings;
  readonly toolhiveFile: boolean;
}

/** A list without the holes that refused items left, each item with its place. */
export function itemsOf<T>(
  list: readonly (T | undefined)[] | undefined,
): readonly { item: T; index: number }[] {
  return (list ?? []).flatMap((item, index) => (item === undefined ? [] : [{ item, index }]));
}

/** Names and texts of a map without those that were refused. */
export function textsOf(
  map: Sieved<Record<string, string>> | undefined,
): readonly [name: string, text: string][] {
  return Object.entries(map ?? {}).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
}
