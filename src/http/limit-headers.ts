/** What is counted apart: pages that people visit, proofs of a client that were none, and registrations of clients. */
export type LimitName = 'pages' | 'failures' | 'registrations';

/** What came of asking for a turn. */
export interface Turn {
  readonly granted: boolean;
  readonly left: number;
  /** Seconds until there is one more. */
  readonly wait: number;
}

/** What a client is told of a limit (draft-ietf-httpapi-ratelimit-headers). */
export function limitHeaders(
  name: LimitName,
  { left, wait, granted }: Turn,
  perMinute: number,
): Readonly<Record<string, string>> {
  return {
    'ratelimit-policy': `"${name}";q=${perMinute};w=60`,
    ratelimit: `"${name}";r=${left};t=${granted ? 0 : wait}`,
    ...(!granted && { 'retry-after': String(wait) }),
  };
}
