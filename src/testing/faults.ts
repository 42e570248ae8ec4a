import type { EndpointName } from './quirks/addresses.ts';

/**
 * How a request fails: with a status; with an error code in the provider's own form; with a redirect (307 unless said
 * otherwise); never answered; connection reset; text that is no JSON; headers that come in drops and never end; a body
 * of 16 MiB; or an answer of your own.
 */
export type Failure =
  | number
  | 'hang'
  | 'reset'
  | 'garbage'
  | 'slow-headers'
  | 'huge-body'
  | { readonly error: string; readonly description?: string }
  | { readonly redirect: string; readonly status?: number }
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

/** When and how often. */
export interface FailureOptions {
  /** How many requests fail. Default: 1. */
  readonly times?: number;
  /** True: the provider does its work (redeems, rotates, revokes) and only its answer is lost. */
  readonly after?: boolean;
}

/** A failure that is waiting for its request. */
export interface PlannedFailure {
  readonly how: Failure;
  readonly after: boolean;
}

/** Failures still to come, by endpoint. */
export interface FaultPlan {
  readonly add: (endpoint: EndpointName, how: Failure, options?: FailureOptions) => void;
  readonly take: (endpoint: EndpointName) => PlannedFailure | null;
}

export function createFaultPlan(): FaultPlan {
  const planned = new Map<EndpointName, PlannedFailure[]>();
  return {
    add: (endpoint, how, { times = 1, after = false } = {}) => {
      const queue = planned.get(endpoint) ?? [];
      for (let count = 0; count < times; count += 1) queue.push({ how, after });
      planned.set(endpoint, queue);
    },
    take: (endpoint) => planned.get(endpoint)?.shift() ?? null,
  };
}
