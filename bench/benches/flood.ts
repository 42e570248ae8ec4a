import type { FloodPlan, FloodResult, LoginsPlan, LoginsResult } from '../load/flood.ts';
import type { Remote, Usage } from '../process/remote.ts';
import { startLoad, startServer } from '../process/with-candidates.ts';
import type { BenchOptions, BenchResult } from '../report/result.ts';
import { median } from '../report/statistics.ts';

const million = 1_000_000;

/** Of `defaultCaps` in `store/records.ts`. */
const cap = 2000;

const mostGrowth = 20;

/** Honest logins, again and again while the flood is on. */
const honest = { rounds: 50, pause: 100, away: 300 };

/** Strangers register, ask and consent as fast as they can, from one address and from many; somebody honest signs in. */
export async function floodBench({ scale }: BenchOptions): Promise<BenchResult> {
  const rounds = Math.max(60, Math.round(million * scale));
  const found = [await flood(rounds, 'one'), await flood(rounds, 'many')];
  const growth = Math.max(...found.map((one) => one.growth));
  const rows = Math.max(...found.map((one) => one.rows));
  const lost = found.reduce((sum, one) => sum + one.lost, 0);
  const refused = found.reduce((sum, one) => sum + one.refused, 0);
  return {
    name: 'flood',
    title: `${rounds} registrations, authorization requests and consents from 32 connections; memory store`,
    columns: [
      'sources',
      'rounds/s',
      'refused',
      'most rows',
      'RSS growth MB',
      'heap growth MB',
      'honest: kept',
      'lost',
      'ms before',
      'ms meanwhile',
    ],
    rows: found.map((one) => [
      one.sources,
      Math.round(one.perSecond),
      one.refused,
      one.rows,
      one.growth.toFixed(1),
      one.heap.toFixed(1),
      one.kept,
      one.lost,
      one.calm.toFixed(1),
      one.meanwhile.toFixed(1),
    ]),
    verdicts: [
      { budget: `flood: rows ≤ ${cap}`, measured: String(rows), met: rows <= cap },
      {
        budget: `flood: RSS growth < ${mostGrowth} MB`,
        measured: `${growth.toFixed(1)} MB`,
        met: growth < mostGrowth,
      },
      { budget: 'flood: no honest login is lost', measured: `${lost} lost`, met: lost === 0 },
      // What is refused at the door says nothing about what is behind it.
      { budget: 'flood: all of it gets in', measured: `${refused} refused`, met: refused === 0 },
    ],
    notes: ['growth counts from a store that is full already, after collection'],
  };
}

interface Found {
  readonly sources: FloodPlan['sources'];
  readonly perSecond: number;
  readonly refused: number;
  /** Of the store, all kinds together, at any moment that was looked at. */
  readonly rows: number;
  /** Megabytes: of the whole process, and of what it still holds. */
  readonly growth: number;
  readonly heap: number;
  readonly kept: number;
  readonly lost: number;
  /** Milliseconds of an honest login's steps before the provider. */
  readonly calm: number;
  readonly meanwhile: number;
}

async function flood(rounds: number, sources: FloodPlan['sources']): Promise<Found> {
  const remotes: Remote[] = [];
  try {
    const server = await startServer({ file: 'sallyport.ts', args: ['memory'] });
    remotes.push(server);
    const [stranger, user] = [await startLoad(), await startLoad()];
    remotes.push(stranger, user);
    const port = await server.ask<number>('listen');
    const plan: FloodPlan = { port, rounds, connections: 32, sources };
    // Fills the rows up to their cap, and warms up.
    await stranger.ask<FloodResult>('flood', { ...plan, rounds: Math.min(rounds, 2 * cap) });
    const calm = await user.ask<LoginsResult>('logins', {
      port,
      rounds: 10,
      pause: 0,
      away: 0,
    } satisfies LoginsPlan);
    const before = await server.ask<Usage>('usage', 'collect');
    const logins: LoginsPlan = { port, ...honest, rounds: Math.min(honest.rounds, rounds) };
    let rows = 0;
    const [flooded, meanwhile] = await whileFlooding(stranger.ask<FloodResult>('flood', plan), async () => {
      const result = await user.ask<LoginsResult>('logins', logins);
      rows = Math.max(rows, await rowsOf(server));
      return result;
    });
    const after = await server.ask<Usage>('usage', 'collect');
    return {
      sources,
      perSecond: flooded.rounds / flooded.seconds,
      refused: Object.values(flooded.refused).reduce((sum, count) => sum + count, 0),
      rows: Math.max(rows, await rowsOf(server)),
      growth: (after.rss - before.rss) / 1e6,
      heap: (after.live - before.live) / 1e6,
      kept: meanwhile.kept,
      lost: meanwhile.lost,
      calm: median(calm.times),
      meanwhile: median(meanwhile.times),
    };
  } finally {
    await Promise.all(remotes.map((remote) => remote.stop()));
  }
}

async function rowsOf(server: Remote): Promise<number> {
  const counts = await server.ask<Readonly<Record<string, number>>>('stats');
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Somebody honest signs in from the flood's first request to its last. */
async function whileFlooding(
  flood: Promise<FloodResult>,
  logins: () => Promise<LoginsResult>,
): Promise<readonly [FloodResult, LoginsResult]> {
  const over = new AbortController();
  const flooded = flood.finally(() => over.abort());
  let all: LoginsResult = { kept: 0, lost: 0, times: [] };
  do {
    const { kept, lost, times } = await logins();
    all = { kept: all.kept + kept, lost: all.lost + lost, times: [...all.times, ...times] };
  } while (!over.signal.aborted);
  return [await flooded, all];
}
