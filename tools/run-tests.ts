/**
 * Runs every test. Real programs and browsers (`test/real/`) run after the rest, two files at a time, because each of them
 * is a handful of processes. Where Chromium is missing, the browser tests (`*.browser.test.ts`) cannot run: the end then
 * names each of them; with `CI=true` that is a failure. Arguments are vitest's file filters. The last line is always
 * `N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What vitest's JSON reporter writes, as far as it is used here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

interface Listed {
  readonly name: string;
  readonly file: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const browserTests = 'test/**/*.browser.test.ts';
const filters = process.argv.slice(2);
const chromium = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const reports = mkdtempSync(join(tmpdir(), 'sallyport-tests-'));

async function runVitest(args: readonly string[], quiet = false): Promise<number> {
  const stdio = quiet ? 'ignore' : 'inherit';
  const child = spawn(process.execPath, [vitest, ...args], { cwd: root, stdio });
  // A signal has no code; it is no success.
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** A file that cannot even be loaded has no tests that could fail; it counts as one. */
function brokenFiles(report: Report): number {
  return report.testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
  }).length;
}

function readTotals(file: string): Totals {
  // Without a report vitest itself broke down: that is a failure too.
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  // Written by vitest a moment ago.
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles(report),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Runs one part. An error outside of any test fails it as well. */
async function runPart(name: string, args: readonly string[]): Promise<Totals> {
  const file = join(reports, `${name}.json`);
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const code = await runVitest(['run', '--passWithNoTests', ...output, ...args, ...filters]);
  const totals = readTotals(file);
  return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

/** The tests that need a browser, by name; collected without running them. A file that cannot be loaded counts as one. */
async function listBrowserTests(): Promise<readonly Listed[]> {
  const wanted = (file: string): boolean =>
    filters.length === 0 || filters.some((filter) => file.includes(filter));
  const files = globSync(browserTests, { cwd: root }).filter(wanted);
  if (files.length === 0) return [];
  const list = join(reports, 'browser.json');
  const code = await runVitest(['list', `--json=${list}`, ...files], true);
  if (code !== 0) return files.map((file) => ({ name: 'all of it', file: join(root, file) }));
  // Written by vitest a moment ago.
  return JSON.parse(readFileSync(list, 'utf8')) as readonly Listed[];
}

function reportMissing(tests: readonly Listed[]): void {
  console.log(`\nThere is no Chromium at ${chromium}. These tests did not run (${tests.length}):`);
  for (const { name, file } of tests) console.log(`  ${relative(root, file)} > ${name}`);
  console.log('Install it (apt-get install -y chromium), or set CHROMIUM_PATH.');
}

function sum(parts: readonly Totals[]): Totals {
  const add = (key: keyof Totals): number => parts.reduce((total, part) => total + part[key], 0);
  return { passed: add('passed'), failed: add('failed'), skipped: add('skipped') };
}

async function run(): Promise<Totals> {
  const missing = existsSync(chromium) ? [] : await listBrowserTests();
  const without = existsSync(chromium) ? [] : ['--exclude', browserTests];
  const parts = [
    await runPart('parts', ['--exclude', 'test/real/**', ...without]),
    await runPart('real', [
      '--exclude',
      'test/*.test.ts',
      '--exclude',
      'test/!(real)/**',
      '--maxWorkers=2',
      ...without,
    ]),
  ];
  if (missing.length === 0) return sum(parts);
  reportMissing(missing);
  const absent = missing.length;
  const demanded = process.env['CI'] === 'true';
  return sum([...parts, { passed: 0, failed: demanded ? absent : 0, skipped: demanded ? 0 : absent }]);
}

try {
  const { passed, failed, skipped } = await run();
  if (passed + failed === 0) console.log('\nNo test ran.');
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
} finally {
  rmSync(reports, { recursive: true, force: true });
}
