import { chooseCores } from '../process/cores.ts';
import { startProcess } from '../process/remote.ts';
import { compare } from '../process/rounds.ts';
import { withCandidates } from '../process/with-candidates.ts';
import { comparisonTable, cpuRatio, summarize } from '../report/comparison-table.ts';
import type { Summary } from '../report/comparison-table.ts';
import type { BenchOptions, BenchResult } from '../report/result.ts';

const blind = 'the same engine, blind';
const ours = 'sallyport gateway';
const ruled = 'with tool scopes';

/** MCP calls through the gateway: verified, alive, with the user's upstream token. */
export async function proxiedBench(options: BenchOptions): Promise<BenchResult> {
  const summaries = await throughProxies(options, 'calls');
  const [ratio, withScopes] = [ours, ruled].map((name) => cpuRatio(summaries, name, blind));
  const budget = 'proxied MCP POST (1 KiB): CPU ≤ 1.25 × the same engine forwarding blindly';
  const scopes = 'the same with tool scopes read from the body: CPU ≤ 1.5 ×';
  return {
    name: 'proxied',
    title: 'MCP POST of 1 KiB, 32 connections with a session each',
    ...comparisonTable(summaries),
    verdicts: [within(budget, ratio, 1.25), within(scopes, withScopes, 1.5)],
    notes: [],
  };
}

function within(budget: string, ratio = Infinity, limit: number): BenchResult['verdicts'][number] {
  return { budget, measured: `${ratio.toFixed(2)} ×`, met: ratio <= limit };
}

/** Event streams through the gateway; there is no budget, because the engine is nearly all of it. */
export async function streamsBench(options: BenchOptions): Promise<BenchResult> {
  const summaries = await throughProxies(options, 'streams');
  return {
    name: 'streams',
    title: 'Event streams of 100 events, 32 at a time; a "request" is a whole stream',
    ...comparisonTable(summaries),
    verdicts: [],
    notes: [],
  };
}

async function throughProxies(
  { rounds, duration }: BenchOptions,
  question: 'calls' | 'streams',
): Promise<ReadonlyMap<string, Summary>> {
  const core = chooseCores()?.behind ?? null;
  const behind = await startProcess(new URL('../servers/mcp-server.ts', import.meta.url), { core });
  try {
    const target = `http://127.0.0.1:${await behind.ask<number>('listen')}/mcp`;
    const specs = [
      { name: blind, file: 'blind-proxy.ts', args: [target] },
      { name: ours, file: 'sallyport.ts', args: ['memory', target] },
      ...(question === 'calls'
        ? [{ name: ruled, file: 'sallyport.ts', args: ['memory', target, 'tools'] }]
        : []),
    ];
    const samples = await withCandidates(specs, { question, count: 32 }, (candidates, load) =>
      compare(candidates, {
        load,
        order: 'repeat',
        connections: 32,
        duration,
        rounds,
        warmUps: Math.min(rounds, 2),
      }),
    );
    return summarize(samples);
  } finally {
    await behind.stop();
  }
}
