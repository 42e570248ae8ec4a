/** Candidates that only benchmarks know: their packages are in `bench/peers/`, and whoever wants them installs them. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const manifest = new URL('../peers/package.json', import.meta.url);

/** How they are installed. */
export const installPeers = 'npm ci --prefix bench/peers';

/** Whether a package of `bench/peers/` is there. */
export function isPeerInstalled(name: string): boolean {
  return existsSync(new URL(`node_modules/${name}/package.json`, manifest));
}

/** Loads a module of `bench/peers/`; its types are what the caller knows of it, since it may not be there. */
export async function importPeer<T>(specifier: string): Promise<T> {
  const file = createRequire(manifest).resolve(specifier);
  // The caller's word: without the package there is nothing that a compiler could compare it with.
  return (await import(pathToFileURL(file).href)) as T;
}
