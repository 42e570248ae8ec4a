/** What a span is called and how it stands to others. */
export interface SpanStart {
  /** Words of ours and of the configuration; no path or id that a stranger chose. */
  readonly name: string;
  /** `server`: somebody called us; `client`: we call somebody; `internal`: the store. */
  readonly kind: 'server' | 'client' | 'internal';
  readonly attributes: Attributes;
  /** Headers of the caller: its trace is continued (W3C Trace Context). */
  readonly caller?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Never a secret, and never who the user is. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span that runs. */
export interface RunningSpan {
  set(attributes: Attributes): void;
  /** Marks it as failed; the reason stays in the log. */
  fail(): void;
}

/** Tells a tracing system what takes how long. */
export interface Tracer {
  /** Runs work inside a span that ends with it; work that rejects fails it. Spans begun meanwhile are below it. */
  span<T>(start: SpanStart, work: (span: RunningSpan) => Promise<T>): Promise<T>;
  /** Headers that let the next server of ours continue the present trace: `traceparent` and `tracestate`. */
  outgoing(): Readonly<Record<string, string>>;
}
