import type { RequestText } from '../load/plan.ts';
import { chooseCores } from './cores.ts';
import { isPeerInstalled } from './peers.ts';
import { startProcess } from './remote.ts';
import type { Remote } from './remote.ts';
import type { Candidate } from './rounds.ts';

/** A server of a comparison, not started yet. */
export interface CandidateSpec {
  readonly name: string;
  /** In `bench/servers/`. */
  readonly file: string;
  readonly args?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A package of `bench/peers/`, without which it cannot take part. */
  readonly needs?: string;
}

/** Whether a candidate can take part. */
export function isAtHand({ needs }: CandidateSpec): boolean {
  return needs === undefined || isPeerInstalled(needs);
}

const servers = new URL('../servers/', import.meta.url);
const loadFile = new URL('../load/main.ts', import.meta.url);

/** Starts a server of `bench/servers/` on the servers' core. */
export function startServer({ file, args = [], env = {} }: Omit<CandidateSpec, 'name'>): Promise<Remote> {
  const core = chooseCores()?.server ?? null;
  return startProcess(new URL(file, servers), { core, args, env, execArgv: ['--expose-gc'] });
}

/** Starts the load generator on a core of its own. */
export function startLoad(): Promise<Remote> {
  return startProcess(loadFile, { core: chooseCores()?.load ?? null });
}

/** What every candidate is asked for before each round. */
interface Asked {
  /** Answered with requests. */
  readonly question: string;
  readonly count: number;
  /** Done once with each candidate, in their order. */
  readonly before?: (server: Remote, port: number) => Promise<void>;
}

/** Runs `work` with all candidates up and a load generator on another core, and stops them. */
export async function withCandidates<T>(
  specs: readonly CandidateSpec[],
  { question, count, before }: Asked,
  work: (candidates: readonly Candidate[], load: Remote) => Promise<T>,
): Promise<T> {
  const remotes: Remote[] = [];
  try {
    const load = await startLoad();
    remotes.push(load);
    const candidates: Candidate[] = [];
    for (const spec of specs) {
      const server = await startServer(spec);
      remotes.push(server);
      const port = await server.ask<number>('listen');
      await before?.(server, port);
      const prepare = (): Promise<readonly RequestText[]> => server.ask(question, count);
      candidates.push({ name: spec.name, server, port, prepare });
    }
    return await work(candidates, load);
  } finally {
    await Promise.all(remotes.map((remote) => remote.stop()));
  }
}
