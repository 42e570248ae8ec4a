import { compare } from '../process/rounds.ts';
import { withCandidates } from '../process/with-candidates.ts';
import { comparisonTable, cpuRatio, percent, summarize } from '../report/comparison-table.ts';
import type { BenchOptions, BenchResult } from '../report/result.ts';
import { documentPaths } from '../servers/plain-requests.ts';

const bare = 'bare node:http, same bytes';
const ours = 'sallyport';

/** Metadata and keys, against a handler that does nothing but send the same headers and bytes. */
export async function documentsBench({ rounds, duration }: BenchOptions): Promise<BenchResult> {
  const known: { path: string; headers: Record<string, string>; body: string }[] = [];
  const specs = [
    { name: ours, file: 'sallyport.ts', args: ['memory'] },
    { name: bare, file: 'limit.ts' },
  ];
  const samples = await withCandidates(
    specs,
    {
      question: 'documents',
      count: documentPaths.length,
      // Ours comes first, and is copied.
      before: async (server, port) => {
        if (known.length === 0) known.push(...(await readDocuments(port)));
        else for (const document of known) await server.ask('document', document);
      },
    },
    ([first, second], load) =>
      compare(second && first ? [second, first] : [], {
        load,
        order: 'repeat',
        connections: 32,
        duration,
        rounds,
        warmUps: Math.min(rounds, 2),
      }),
  );
  const summaries = summarize(samples);
  const share = cpuRatio(summaries, bare, ours);
  const budget = 'metadata and JWKS ≥ 85 % of bare node:http serving the same bytes';
  return {
    name: 'documents',
    title: 'Metadata and JWKS in turn, 32 connections',
    ...comparisonTable(summaries),
    verdicts: [{ budget, measured: percent(share), met: share >= 0.85 }],
    notes: [],
  };
}

async function readDocuments(
  port: number,
): Promise<{ path: string; headers: Record<string, string>; body: string }[]> {
  return Promise.all(
    documentPaths.map(async (path) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      const all = Object.fromEntries(response.headers);
      const { date: _, connection: __, 'keep-alive': ___, ...headers } = all;
      return { path, headers, body: await response.text() };
    }),
  );
}
