/** What one benchmark found. */
export interface BenchResult {
  readonly name: string;
  /** What was done, in a sentence. */
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly verdicts: readonly Verdict[];
  readonly notes: readonly string[];
}

/** One budget of the design, and what was measured. */
export interface Verdict {
  readonly budget: string;
  readonly measured: string;
  readonly met: boolean;
}

/** How benchmarks are run. */
export interface BenchOptions {
  readonly rounds: number;
  /** Milliseconds of one round. */
  readonly duration: number;
  /** Share of the full amount of rows, between 0 and 1, for benchmarks that fill a store. */
  readonly scale: number;
}
