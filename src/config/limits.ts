import type { Resolving } from './resolving.ts';

/** How often, and how many. */
export interface LimitsConfig {
  /** Pages that one source may visit a minute; 0: any number. */
  readonly pagesPerMinute: number;
  /** Proofs that are none, of one client at one source a minute; 0: any number. */
  readonly failuresPerMinute: number;
  /** Grants of one user, of which the oldest goes. */
  readonly grantsPerUser: number;
}

/** Reads `limits`. */
export function resolveLimits({ config: { limits } }: Resolving): LimitsConfig {
  return {
    pagesPerMinute: limits?.pages_per_minute ?? 600,
    failuresPerMinute: limits?.failures_per_minute ?? 60,
    grantsPerUser: limits?.grants_per_user ?? 200,
  };
}
