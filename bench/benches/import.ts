import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { chooseCores } from '../process/cores.ts';
import { percent } from '../report/comparison-table.ts';
import type { BenchOptions, BenchResult } from '../report/result.ts';
import { median, spread } from '../report/statistics.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Built here, so that the dependencies are found and nobody's `dist` is touched. */
const folder = join(root, 'results', 'bench');

const most = 60;

/** What `import "sallyport"` adds to the start of a program: the package as it is published, over bare Node. */
export async function importBench({ rounds }: BenchOptions): Promise<BenchResult> {
  await mkdir(folder, { recursive: true });
  const dist = join(folder, 'dist');
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const built = spawnSync(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', dist]);
  if (built.status !== 0) throw new Error(`tsc: ${String(built.stdout)}`);
  const programs = {
    'bare Node': await program('bare', ''),
    'import "sallyport"': await program(
      'whole',
      `import ${JSON.stringify(pathToFileURL(join(dist, 'index.js')).href)};`,
    ),
    'import "sallyport/resource"': await program(
      'resource',
      `import ${JSON.stringify(pathToFileURL(join(dist, 'resource', 'index.js')).href)};`,
    ),
  };
  const times = new Map<string, number[]>(Object.keys(programs).map((name) => [name, []]));
  for (let round = -1; round < rounds * 3; round += 1) {
    for (const [name, file] of Object.entries(programs)) {
      const ms = run(file);
      if (round >= 0) times.get(name)?.push(ms);
    }
  }
  const bare = median(times.get('bare Node') ?? []);
  const added = median(times.get('import "sallyport"') ?? []) - bare;
  return {
    name: 'import',
    title: 'Whole processes that import the built package and end',
    columns: ['program', 'ms', 'spread', 'over bare Node'],
    rows: [...times].map(([name, all]) => [
      name,
      median(all).toFixed(1),
      percent(spread(all)),
      (median(all) - bare).toFixed(1),
    ]),
    verdicts: [
      {
        budget: `import "sallyport" ≤ ${most} ms over bare Node`,
        measured: `${added.toFixed(1)} ms`,
        met: added <= most,
      },
    ],
    notes: [],
  };
}

async function program(name: string, text: string): Promise<string> {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, text);
  return file;
}

function run(file: string): number {
  const core = chooseCores()?.server;
  const [command = '', ...args] =
    core === undefined ? [process.execPath, file] : ['taskset', '-c', String(core), process.execPath, file];
  const began = performance.now();
  const { status, stderr } = spawnSync(command, args);
  if (status !== 0) throw new Error(`${file}: ${String(stderr)}`);
  return performance.now() - began;
}
