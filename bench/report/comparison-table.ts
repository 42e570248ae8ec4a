import { installPeers } from '../process/peers.ts';
import type { Sample } from '../process/rounds.ts';
import type { BenchResult } from './result.ts';
import { median, spread } from './statistics.ts';

/** Medians of one candidate. */
export interface Summary {
  readonly name: string;
  readonly cpu: number;
  readonly rps: number;
  readonly p99: number;
  readonly cpuSpread: number;
  readonly rpsSpread: number;
}

export function summarize(samples: ReadonlyMap<string, readonly Sample[]>): ReadonlyMap<string, Summary> {
  return new Map(
    [...samples].map(([name, all]) => {
      const cpu = all.map((sample) => sample.cpu);
      const rps = all.map((sample) => sample.rps);
      const p99 = median(all.map((sample) => sample.p99));
      const medians = { name, cpu: median(cpu), rps: median(rps), p99 };
      return [name, { ...medians, cpuSpread: spread(cpu), rpsSpread: spread(rps) }];
    }),
  );
}

/** CPU of a candidate as a multiple of another's. */
export function cpuRatio(summaries: ReadonlyMap<string, Summary>, name: string, base: string): number {
  return (summaries.get(name)?.cpu ?? Number.NaN) / (summaries.get(base)?.cpu ?? Number.NaN);
}

/** Columns and rows; the first candidate is what the others are compared with. `absent` ones are named, too. */
export function comparisonTable(
  summaries: ReadonlyMap<string, Summary>,
  absent: readonly string[] = [],
): Pick<BenchResult, 'columns' | 'rows'> {
  const [base] = summaries.values();
  return {
    columns: [
      'candidate',
      'CPU µs/request',
      'spread',
      `× ${base?.name ?? ''}`,
      'requests/s',
      'spread',
      'p99 ms',
    ],
    rows: [
      ...[...summaries.values()].map((summary) => [
        summary.name,
        summary.cpu.toFixed(1),
        percent(summary.cpuSpread),
        (summary.cpu / (base?.cpu ?? Number.NaN)).toFixed(2),
        Math.round(summary.rps),
        percent(summary.rpsSpread),
        summary.p99.toFixed(2),
      ]),
      ...absent.map((name) => [name, `not installed: ${installPeers}`, '', '', '', '', '']),
    ],
  };
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
