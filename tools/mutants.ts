/**
 * Proves that the tests of attacks and faults can fail: each mutation of `test/mutations/` is applied to a copy of the
 * tree, and its tests must then fail. Arguments are parts of mutations' names. `--jobs N` copies run at a time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Mutation } from './mutation-list.ts';
import { mutate, readMutations } from './mutation-list.ts';

type Verdict = 'killed' | 'hangs' | 'survived' | 'broken';

const root = fileURLToPath(new URL('..', import.meta.url));
/** A mutant that makes its tests hang has been noticed too. */
const patience = 240_000;

function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-mutants-'));
  const parts = ['src', 'test', 'examples', 'docs', 'tools', 'package.json', 'vitest.config.ts', 'README.md'];
  for (const part of parts.filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'));
  return copy;
}

/** Some test must have run and failed; a file that cannot be loaded proves nothing. */
async function judge(copy: string, { tests }: Mutation): Promise<Verdict> {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const args = ['run', '--bail=1', '--reporter=json', `--outputFile=${report}`, ...tests];
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: copy,
    stdio: 'ignore',
    detached: true,
  });
  const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), patience);
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  if (signal !== null) return 'hangs';
  if (!existsSync(report)) return 'broken';
  // Written by vitest a moment ago.
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as {
    numFailedTests: number;
    numPassedTests: number;
  };
  if (numFailedTests > 0) return 'killed';
  return numPassedTests > 0 ? 'survived' : 'broken';
}

async function tryMutation(copy: string, mutation: Mutation): Promise<Verdict> {
  const file = join(copy, mutation.file);
  const original = readFileSync(file, 'utf8');
  writeFileSync(file, mutate(original, mutation));
  try {
    return await judge(copy, mutation);
  } finally {
    writeFileSync(file, original);
  }
}

async function work(queue: Mutation[], verdicts: Map<string, Verdict>): Promise<void> {
  const copy = copyTree();
  try {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      const verdict = await tryMutation(copy, mutation);
      verdicts.set(mutation.id, verdict);
      console.log(`${verdict.padEnd(8)}  ${mutation.id}: ${mutation.why}`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) } },
});
const chosen = readMutations(root).filter(
  ({ id }) => positionals.length === 0 || positionals.some((part) => id.includes(part)),
);
const verdicts = new Map<string, Verdict>();
const queue = [...chosen];
await Promise.all(Array.from({ length: Number(values.jobs) }, () => work(queue, verdicts)));
const unnoticed = [...verdicts].filter(([, verdict]) => verdict === 'survived' || verdict === 'broken');
console.log(`\n${chosen.length - unnoticed.length} of ${chosen.length} mutations were noticed`);
for (const [id, verdict] of unnoticed) console.log(`  ${verdict}: ${id}`);
process.exitCode = unnoticed.length === 0 && chosen.length > 0 ? 0 : 1;
