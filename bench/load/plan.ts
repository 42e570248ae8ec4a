/** What the load generator shall send; everything ready made, so that it has little to do meanwhile. */
export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  /** Milliseconds; the run ends earlier when all requests are used up. */
  readonly duration: number;
  /** Stops after so many answers. */
  readonly limit?: number;
  readonly requests: readonly RequestText[];
  /**
   * `repeat`: every connection goes round all requests. `once`: each is sent once. `chain`: connection `n` begins with
   * request `n`, and puts the `refresh_token` of each answer into its next one.
   */
  readonly order: 'repeat' | 'once' | 'chain';
}

/** One request; `content-length` and `host` are added. */
export interface RequestText {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back. */
export interface LoadResult {
  /** Answers by status; in a chain, one without a new refresh token is told as that. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly answers: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU microseconds of the load generator for each answer: it must not be the bottleneck. */
  readonly ownCpu: number;
}
