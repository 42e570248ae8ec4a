import { median } from '../report/statistics.ts';
import type { Held } from './gateway-process.ts';

/** What a soak found; `violations` is empty when all is well. */
export interface Summary {
  readonly minutes: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  /** What happened around the gateway: faults of the provider, credentials at the MCP server. */
  readonly outside: Readonly<Record<string, number>>;
  readonly restarts: number;
  readonly keys: { readonly rotations: number; readonly seen: number };
  /** Open files before the load, and when it was over and nobody was connected any more. `null`: could not be seen. */
  readonly filesAtRest: { readonly before: number; readonly after: number } | null;
  readonly exitCode: number | null;
  readonly held: Readonly<Record<'rss' | 'heap' | 'external' | 'fds' | 'resources', Thirds>>;
  readonly violations: readonly string[];
}

/** Medians of the three parts of a run. The first third warms up. */
interface Thirds {
  readonly first: number;
  readonly middle: number;
  readonly last: number;
  /** Last by middle. */
  readonly growth: number;
}

/** Growth from the middle to the last third that is still steady. */
const steady = 1.05;

/** What a client does that lives as long as a soak; each must have happened. */
const expected = ['login: ok', 'refresh: 200', 'mcp POST: 200', 'mcp GET: 200', 'revoke: 200'];

/** Judges a run. Memory is only comparable within one process. */
export function judge(run: Omit<Summary, 'violations' | 'held'>, samples: readonly Held[]): Summary {
  const held = {
    rss: thirds(samples.map(({ rss }) => rss)),
    heap: thirds(samples.map(({ heap }) => heap)),
    external: thirds(samples.map(({ external }) => external)),
    fds: thirds(samples.map(({ fds }) => fds)),
    resources: thirds(samples.map(({ resources }) => resources)),
  };
  const violations = [
    ...Object.entries(run.failures).map(([what, count]) => `${count} × ${what}`),
    ...expected.filter((what) => (run.counts[what] ?? 0) === 0).map((what) => `never happened: ${what}`),
    ...((run.outside['credential leaked'] ?? 0) > 0 ? ['a token of ours reached the MCP server'] : []),
    ...((run.outside['credential none'] ?? 0) > 0
      ? ['a request reached the MCP server without a credential']
      : []),
    // The last one may have come too late to be seen, and one of the two first ones may have been gone.
    ...(run.keys.seen < run.keys.rotations ? [`of ${run.keys.rotations} new keys few were published`] : []),
    ...(run.exitCode === 0 ? [] : [`the gateway ended with ${run.exitCode}`]),
    ...(run.restarts === 0 ? [...growth(held), ...leaks(run)] : []),
  ];
  return { ...run, held, violations };
}

function growth({ rss }: Summary['held']): readonly string[] {
  return rss.growth > steady ? [`memory grew by ${Math.round((rss.growth - 1) * 100)} %`] : [];
}

/** Connections that are kept to the provider and the MCP server, and what was loaded on the way. */
const keptFiles = 30;

/** Under load there are as many open files as clients and events happen to need: only what stays open tells. */
function leaks({ filesAtRest }: Pick<Summary, 'filesAtRest'>): readonly string[] {
  if (!filesAtRest) return ['open files could not be counted'];
  const { before, after } = filesAtRest;
  return after > before + keptFiles ? [`open files grew from ${before} to ${after} at rest`] : [];
}

function thirds(values: readonly number[]): Thirds {
  const size = Math.ceil(values.length / 3);
  const [first, middle, last] = [0, 1, 2].map((part) => median(values.slice(part * size, (part + 1) * size)));
  return { first: first ?? 0, middle: middle ?? 0, last: last ?? 0, growth: (last ?? 0) / (middle || 1) };
}
