import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadResult, RequestText } from '../load/plan.ts';
import type { Remote } from '../process/remote.ts';
import { startLoad, startServer } from '../process/with-candidates.ts';
import type { BenchOptions, BenchResult } from '../report/result.ts';
import { median } from '../report/statistics.ts';

const source = fileURLToPath(new URL('../servers/slow-fsync.c', import.meta.url));

/** Milliseconds that other routes may be slower. */
const most = 2;

const writers = 8;

/** Whether the event loop waits for the disk: JWKS while refreshes are written, with each fsync 20 ms longer. */
export async function slowDiskBench(options: BenchOptions): Promise<BenchResult> {
  const about = {
    name: 'slow-disk',
    title: `JWKS on one connection while ${writers} others refresh; SQLite`,
    columns: ['disk', 'JWKS p50 ms', 'JWKS p99 ms', 'refreshes/s'],
  };
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  try {
    const library = join(folder, 'slow-fsync.so');
    const built = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
    if (built.status !== 0) {
      return {
        ...about,
        rows: [],
        verdicts: [],
        notes: ['not measured: it takes a C compiler (gcc) and Linux'],
      };
    }
    const disks = new Map<string, Readonly<Record<string, string>>>([
      ['as it is', {}],
      ['each fsync 20 ms longer', { LD_PRELOAD: library }],
    ]);
    const found = await measure(options, { folder, disks });
    const [normal = 0, slow = 0] = [...found.values()].map(({ p99 }) => p99);
    const rise = slow - normal;
    return {
      ...about,
      rows: [...found].map(([name, { p50, p99, writes }]) => [
        name,
        p50.toFixed(2),
        p99.toFixed(2),
        Math.round(writes),
      ]),
      verdicts: [
        {
          budget: `20 ms added to each fsync: p99 of other routes rises by < ${most} ms`,
          measured: `${rise.toFixed(2)} ms`,
          met: rise < most,
        },
      ],
      notes: [],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Found {
  readonly p50: number;
  readonly p99: number;
  readonly writes: number;
}

async function measure(
  { rounds, duration }: BenchOptions,
  {
    folder,
    disks,
  }: { readonly folder: string; readonly disks: ReadonlyMap<string, Readonly<Record<string, string>>> },
): Promise<ReadonlyMap<string, Found>> {
  const remotes: Remote[] = [];
  try {
    const [reader, writer] = [await startLoad(), await startLoad()];
    remotes.push(reader, writer);
    const servers = new Map<string, { readonly server: Remote; readonly port: number }>();
    for (const [name, env] of disks) {
      const file = join(folder, `${servers.size}.db`);
      const server = await startServer({ file: 'sallyport.ts', args: [file], env });
      remotes.push(server);
      servers.set(name, { server, port: await server.ask<number>('listen') });
    }
    const samples = new Map<string, Found[]>([...disks.keys()].map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, one] of servers)
        samples.get(name)?.push(await oneRound(one, { reader, writer, duration }));
    }
    return new Map(
      [...samples].map(([name, all]) => [
        name,
        {
          p50: median(all.map(({ p50 }) => p50)),
          p99: median(all.map(({ p99 }) => p99)),
          writes: median(all.map(({ writes }) => writes)),
        },
      ]),
    );
  } finally {
    await Promise.all(remotes.map((remote) => remote.stop()));
  }
}

async function oneRound(
  { server, port }: { readonly server: Remote; readonly port: number },
  {
    reader,
    writer,
    duration,
  }: { readonly reader: Remote; readonly writer: Remote; readonly duration: number },
): Promise<Found> {
  const refreshes = await server.ask<RequestText[]>('refreshes', writers);
  const documents = await server.ask<RequestText[]>('documents');
  const writing: LoadPlan = { port, connections: writers, duration, requests: refreshes, order: 'chain' };
  const reading: LoadPlan = { port, connections: 1, duration, requests: documents, order: 'repeat' };
  const [written, read] = await Promise.all([
    writer.ask<LoadResult>('run', writing),
    reader.ask<LoadResult>('run', reading),
  ]);
  return { p50: read.p50, p99: read.p99, writes: written.answers / written.seconds };
}
