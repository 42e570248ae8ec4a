/** Measures; `bench/README.md` says what and how. */
import { parseArgs } from 'node:util';
import { documentsBench } from './benches/documents.ts';
import { floodBench } from './benches/flood.ts';
import { grantsBench } from './benches/grants.ts';
import { importBench } from './benches/import.ts';
import { proxiedBench, streamsBench } from './benches/proxied.ts';
import { slowDiskBench } from './benches/slow-disk.ts';
import { codeBench, refreshBench } from './benches/token-endpoint.ts';
import { chooseCores } from './process/cores.ts';
import { renderBench, writeReport } from './report/report.ts';
import type { BenchOptions, BenchResult } from './report/result.ts';

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult>>> = {
  refresh: refreshBench,
  code: codeBench,
  documents: documentsBench,
  proxied: proxiedBench,
  streams: streamsBench,
  'slow-disk': slowDiskBench,
  flood: floodBench,
  grants: grantsBench,
  import: importBench,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    scale: { type: 'string' },
  },
});

const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

const options: BenchOptions = {
  rounds: Number(values.rounds ?? (values.quick ? 3 : 9)),
  duration: values.quick ? 300 : 1000,
  scale: Number(values.scale ?? (values.quick ? 0.01 : 0.1)),
};
const cores = chooseCores();
console.log(cores ? `server on core ${cores.server}, load on core ${cores.load}` : 'not pinned to cores');

const chosen = Object.entries(benches).filter(
  ([name]) => positionals.length === 0 || positionals.includes(name),
);
const results: BenchResult[] = [];
for (const [, bench] of chosen) {
  const result = await bench(options);
  results.push(result);
  console.log(`\n${renderBench(result)}`);
}
// A partial or hurried run would pass for the whole one.
if (positionals.length === 0 && !values.quick) await writeReport(results, { cores, options });
const missed = results.flatMap(({ verdicts }) => verdicts.filter(({ met }) => !met));
if (values.check && missed.length > 0) process.exitCode = 1;
