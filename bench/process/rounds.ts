import type { LoadPlan, LoadResult, RequestText } from '../load/plan.ts';
import type { Remote, Usage } from './remote.ts';

/** One server of a comparison. */
export interface Candidate {
  readonly name: string;
  readonly server: Remote;
  readonly port: number;
  /** Requests for one round. */
  readonly prepare: () => Promise<readonly RequestText[]>;
}

/** One measured round of one candidate. */
export interface Sample {
  /** CPU microseconds of the server process for each answer. */
  readonly cpu: number;
  /** Answers per second. */
  readonly rps: number;
  readonly p99: number;
}

export interface Comparison {
  readonly load: Remote;
  readonly order: LoadPlan['order'];
  readonly connections: number;
  /** Milliseconds of one round. */
  readonly duration: number;
  readonly limit?: number;
  readonly rounds: number;
  readonly warmUps: number;
}

/** All candidates in turn, round after round, so that what disturbs the machine disturbs them alike. */
export async function compare(
  candidates: readonly Candidate[],
  how: Comparison,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(candidates.map(({ name }) => [name, []]));
  for (let round = -how.warmUps; round < how.rounds; round += 1) {
    const turn = candidates.map((_, index) => candidates[(index + round + how.warmUps) % candidates.length]);
    for (const candidate of turn) {
      if (!candidate) continue;
      const sample = await measure(candidate, how);
      if (round >= 0) samples.get(candidate.name)?.push(sample);
    }
  }
  return samples;
}

/** Milliseconds of each round that are not counted: whoever had to wait for its turn was swapped out of every cache. */
const settling = 300;

async function measure(candidate: Candidate, how: Comparison): Promise<Sample> {
  await run(candidate, { ...how, duration: settling });
  return run(candidate, how);
}

/** @throws {Error} when an answer is not a success: what fails fast is no measurement */
async function run(
  { name, server, port, prepare }: Candidate,
  { load, order, connections, duration, limit }: Comparison,
): Promise<Sample> {
  const requests = await prepare();
  // No forced collection: it throws compiled code away, and the larger program pays more for that.
  const before = await server.ask<Usage>('usage');
  const plan: LoadPlan = {
    port,
    order,
    connections,
    duration,
    requests,
    ...(limit !== undefined && { limit }),
  };
  const result = await load.ask<LoadResult>('run', plan);
  const after = await server.ask<Usage>('usage');
  const good = Object.keys(result.statuses).every((status) => status.startsWith('2'));
  if (!good || result.answers === 0) throw new Error(`${name} answers ${JSON.stringify(result.statuses)}`);
  return {
    cpu: (after.cpu - before.cpu) / result.answers,
    rps: result.answers / result.seconds,
    p99: result.p99,
  };
}
