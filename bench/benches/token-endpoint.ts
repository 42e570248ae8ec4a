import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from '../process/rounds.ts';
import type { CandidateSpec } from '../process/with-candidates.ts';
import { isAtHand, withCandidates } from '../process/with-candidates.ts';
import { comparisonTable, cpuRatio, percent, summarize } from '../report/comparison-table.ts';
import type { Summary } from '../report/comparison-table.ts';
import type { BenchOptions, BenchResult, Verdict } from '../report/result.ts';

const ours = 'sallyport, memory';
const durable = 'sallyport, SQLite';

/** Peers that answer a token request with a signed JWT, too. */
const peers: readonly CandidateSpec[] = [
  { name: 'oidc-provider 9, Map', file: 'oidc-provider.ts' },
  { name: 'MCP SDK router, Map', file: 'mcp-sdk.ts' },
];

/** Installed by whoever wants it. Its adapter over arrays is its fastest store, as long as it holds little. */
const betterAuth = { file: 'better-auth.ts', needs: 'better-auth' };
const absentees: readonly CandidateSpec[] = [
  { name: 'better-auth 1.7, arrays', ...betterAuth, args: ['memory'] },
  { name: 'better-auth 1.7, SQLite in memory', ...betterAuth, args: ['sqlite'] },
];

const connections = 32;

/** Codes that one round may use up for each of its milliseconds: they are made between the rounds. */
const codesPerMs = 4;

/** A grant of the token endpoint: how it is asked for, and what it may cost. */
interface TokenBench {
  readonly name: string;
  readonly title: string;
  readonly question: 'refreshes' | 'codes';
  readonly count: number;
  readonly order: 'chain' | 'once';
  readonly peers: readonly CandidateSpec[];
  readonly notes: readonly string[];
  readonly verdicts: (summaries: ReadonlyMap<string, Summary>) => readonly Verdict[];
}

/** Rotating refresh tokens: 32 clients, each going on with the token of its last answer. */
export function refreshBench(options: BenchOptions): Promise<BenchResult> {
  return tokenBench(options, {
    name: 'refresh',
    title: 'Refresh grant, ES256, 32 connections',
    question: 'refreshes',
    count: connections,
    order: 'chain',
    peers: [...peers, ...absentees],
    notes: [
      "better-auth's adapter over arrays goes through all rows for each request, and rotated tokens stay: its figure grows with the run",
    ],
    verdicts: (summaries) => [
      shareOfLimit(summaries, 'refresh grant, memory', 0.65),
      durableShare(summaries),
    ],
  });
}

/** Redeeming codes with PKCE. */
export function codeBench(options: BenchOptions): Promise<BenchResult> {
  return tokenBench(options, {
    name: 'code',
    title: 'Authorization-code grant with PKCE, ES256, 32 connections',
    question: 'codes',
    count: Math.max(connections, options.duration * codesPerMs),
    order: 'once',
    peers,
    notes: [],
    verdicts: (summaries) => [shareOfLimit(summaries, 'authorization-code grant, memory', 0.6)],
  });
}

async function tokenBench(
  { rounds, duration }: BenchOptions,
  { name, title, question, count, order, peers, notes, verdicts }: TokenBench,
): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  const all: readonly CandidateSpec[] = [
    { name: 'the limit', file: 'limit.ts' },
    { name: ours, file: 'sallyport.ts', args: ['memory'] },
    { name: durable, file: 'sallyport.ts', args: [join(folder, 'bench.db')] },
    ...peers,
  ];
  const specs = all.filter(isAtHand);
  const absent = all.filter((spec) => !isAtHand(spec)).map((spec) => spec.name);
  try {
    const samples = await withCandidates(specs, { question, count }, (candidates, load) =>
      compare(candidates, { load, order, connections, duration, rounds, warmUps: Math.min(rounds, 2) }),
    );
    const summaries = summarize(samples);
    return { name, title, ...comparisonTable(summaries, absent), verdicts: verdicts(summaries), notes };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** By CPU, which a busy machine falsifies less than requests per second. */
function shareOfLimit(summaries: ReadonlyMap<string, Summary>, what: string, least: number): Verdict {
  const share = cpuRatio(summaries, 'the limit', ours);
  return {
    budget: `${what} ≥ ${percent(least)} of the limit`,
    measured: percent(share),
    met: share >= least,
  };
}

/** By requests per second: what the disk costs is time. */
function durableShare(summaries: ReadonlyMap<string, Summary>): Verdict {
  const share = (summaries.get(durable)?.rps ?? 0) / (summaries.get(ours)?.rps ?? Number.NaN);
  return {
    budget: 'refresh grant, SQLite, durable ≥ 50 % of our memory figure (requests/s)',
    measured: percent(share),
    met: share >= 0.5,
  };
}
