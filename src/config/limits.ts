import type { Config } from './config.ts';
import type { Resolving } from './resolving.ts';

/** How often, and how many. */
export interface LimitsConfig {
  /** Pages that one source may visit a minute; 0: any number. */
  readonly pagesPerMinute: number;
  /** Proofs that are none, of one client at one source a minute; 0: any number. */
  readonly failuresPerMinute: number;
  /** Grants of one user, of which the oldest goes. */
  readonly grantsPerUser: number;
  /** Connected accounts of one user, of which dead ones go first, then the oldest that no grant was signed in with. */
  readonly connectionsPerUser: number;
  /** Consents of one user that are remembered, of which the one goes that was not used for longest. */
  readonly rememberedAnswersPerUser: number;
}

/** Reads `limits`. */
export function resolveLimits({ config: { limits } }: Resolving): LimitsConfig {
  return {
    pagesPerMinute: limits?.pages_per_minute ?? 600,
    failuresPerMinute: limits?.failures_per_minute ?? 60,
    grantsPerUser: limits?.grants_per_user ?? 200,
    connectionsPerUser: limits?.connections_per_user ?? 100,
    rememberedAnswersPerUser: limits?.remembered_answers_per_user ?? 50,
  };
}

/** What a store needs to know of the configuration: how much of each it keeps. */
export function capsOf({ limits, registration }: Config): LimitsConfig & { readonly registrations: number } {
  return { ...limits, registrations: registration.maxStored };
}
