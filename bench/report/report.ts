import { writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import type { Cores } from '../process/cores.ts';
import type { BenchOptions, BenchResult } from './result.ts';

const file = new URL('../RESULTS.md', import.meta.url);

/** How the numbers came about. */
interface Circumstances {
  readonly cores: Cores | null;
  readonly options: BenchOptions;
}

/** One benchmark as Markdown. */
export function renderBench({ name, title, columns, rows, verdicts, notes }: BenchResult): string {
  return [
    `## ${name}`,
    '',
    `${title}.`,
    '',
    row(columns),
    row(columns.map(() => '---')),
    ...rows.map((cells) => row(cells)),
    '',
    ...verdicts.map(
      ({ budget, measured, met }) => `- ${met ? 'met' : '**missed**'}: ${budget}; measured ${measured}`,
    ),
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

/** Writes `bench/RESULTS.md`. */
export async function writeReport(results: readonly BenchResult[], how: Circumstances): Promise<void> {
  const text = [...head(how), ...summary(results), ...results.map((result) => renderBench(result))].join(
    '\n',
  );
  await writeFile(file, `${text.trimEnd()}\n`);
}

function head({ cores, options: { rounds, duration } }: Circumstances): readonly string[] {
  const [cpu] = cpus();
  const pinned = cores ? `server on core ${cores.server}, load on core ${cores.load}` : 'not pinned';
  return [
    '# Results',
    '',
    `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}; \`bench/README.md\` says how it measures.`,
    '',
    row(['machine', '']),
    row(['---', '---']),
    row(['processor', `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${pinned}`]),
    row(['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`]),
    row(['system', `${process.platform} ${release()}, Node.js ${process.versions.node}`]),
    row(['rounds', `${rounds} of ${duration} ms, all candidates in turn; medians`]),
    '',
  ];
}

function summary(results: readonly BenchResult[]): readonly string[] {
  const verdicts = results.flatMap((result) => result.verdicts);
  return [
    '## budgets',
    '',
    row(['budget', 'measured', '']),
    row(['---', '---', '---']),
    ...verdicts.map(({ budget, measured, met }) => row([budget, measured, met ? 'met' : '**missed**'])),
    '',
  ];
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
