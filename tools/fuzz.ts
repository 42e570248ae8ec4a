/**
 * Fuzzes every parser with 10⁶ cases each (`npm test` takes 10⁴ of one fixed seed). Arguments are beginnings of file names;
 * `--seed N` repeats a run, `--runs N` changes the number of cases.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, runs: { type: 'string', default: '1000000' } },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const runs = Number(values.runs);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(runs) || runs < 1) {
  console.error('--seed and --runs are whole numbers');
  process.exit(2);
}
console.log(
  `fuzzing with ${runs} cases per parser, seed ${seed}; repeat it with: npm run fuzz -- --seed ${seed}`,
);

// A case takes its time, a million of them take more: only the whole has no limit here.
const files = positionals.length === 0 ? ['test/fuzz/'] : positionals.map((part) => `test/fuzz/${part}`);
const args = ['run', '--testTimeout=0', ...files];
const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, SALLYPORT_FUZZ: `${runs}:${seed}` },
});
const [code] = (await once(child, 'exit')) as [number | null];
console.log(`seed ${seed}`);
process.exitCode = code ?? 1;
