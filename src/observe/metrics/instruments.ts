/** Values of one label set that is bounded by the code: never an id, never what a client sent. */
export type LabelValues = readonly string[];

/** Something that is rendered in Prometheus' text format. */
export interface Instrument {
  readonly name: string;
  render(): Promise<string>;
}

/** What an instrument is called and what it means. */
export interface Description<Names extends readonly string[]> {
  readonly name: string;
  readonly help: string;
  readonly labels: Names;
  /** Of something that is read: `gauge` unless it only ever grows. */
  readonly type?: 'gauge' | 'counter';
}

/** One number for each value of `Names`. */
type ValuesOf<Names extends readonly string[]> = { readonly [Index in keyof Names]: string };

/** Counts; never goes down. */
export interface Counter<Names extends readonly string[]> extends Instrument {
  add(values: ValuesOf<Names>, by?: number): void;
}

/** Spreads durations over buckets. */
export interface Histogram<Names extends readonly string[]> extends Instrument {
  /** @param seconds how long it took */
  observe(values: ValuesOf<Names>, seconds: number): void;
}

/** A number for each label set, read when somebody asks. */
export type Reading = readonly (readonly [values: LabelValues, value: number])[];

export function createCounter<const Names extends readonly string[]>(
  about: Description<Names>,
): Counter<Names> {
  const counts = new Map<string, number>();
  if (about.labels.length === 0) counts.set('', 0);
  return {
    name: about.name,
    add(values, by = 1) {
      const key = keyOf(values);
      counts.set(key, (counts.get(key) ?? 0) + by);
    },
    render: async () =>
      head(about, 'counter') +
      lines([...counts].map(([key, count]) => [about.name, labelText(about, key), count])),
  };
}

/** Upper bounds in seconds: from a cached answer to a provider that gives up. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Spread {
  readonly buckets: number[];
  sum: number;
  count: number;
}

export function createHistogram<const Names extends readonly string[]>(
  about: Description<Names>,
): Histogram<Names> {
  const spreads = new Map<string, Spread>();
  const spreadOf = (key: string): Spread => {
    const known = spreads.get(key);
    if (known) return known;
    const made = { buckets: bounds.map(() => 0), sum: 0, count: 0 };
    spreads.set(key, made);
    return made;
  };
  return {
    name: about.name,
    observe(values, seconds) {
      const spread = spreadOf(keyOf(values));
      const index = bounds.findIndex((bound) => seconds <= bound);
      if (index >= 0) spread.buckets[index] = (spread.buckets[index] ?? 0) + 1;
      spread.sum += seconds;
      spread.count += 1;
    },
    render: async () =>
      head(about, 'histogram') +
      [...spreads].map(([key, spread]) => spreadLines(about.name, labelText(about, key), spread)).join(''),
  };
}

/** Asks when it is rendered; a reading that fails leaves its samples out, and nothing else. */
export function createGauge(
  about: Description<readonly string[]>,
  read: () => Reading | Promise<Reading>,
): Instrument {
  return {
    name: about.name,
    async render() {
      const reading = await Promise.resolve()
        .then(read)
        .catch((): Reading => []);
      const samples = reading.map(
        ([values, value]) => [about.name, labelText(about, keyOf(values)), value] as const,
      );
      return head(about, about.type ?? 'gauge') + lines(samples);
    },
  };
}

/** Label values are words of ours, without this separator. */
function keyOf(values: LabelValues): string {
  return values.length === 1 ? (values[0] ?? '') : values.join('\n');
}

function head({ name, help }: Description<readonly string[]>, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function labelText({ labels }: Description<readonly string[]>, key: string): string {
  const values = key.split('\n');
  return labels.map((name, index) => `${name}="${escape(values[index] ?? '')}"`).join(',');
}

function escape(value: string): string {
  return value.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`);
}

function lines(samples: readonly (readonly [name: string, labels: string, value: number])[]): string {
  return samples
    .map(([name, labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`)
    .join('');
}

/** Buckets are cumulative in the text, and not in memory. */
function spreadLines(name: string, labels: string, { buckets, sum, count }: Spread): string {
  const before = labels === '' ? '' : `${labels},`;
  let total = 0;
  const cumulative = bounds.map((bound, index) => {
    total += buckets[index] ?? 0;
    return [`${name}_bucket`, `${before}le="${bound}"`, total] as const;
  });
  return lines([
    ...cumulative,
    [`${name}_bucket`, `${before}le="+Inf"`, count],
    [`${name}_sum`, labels, sum],
    [`${name}_count`, labels, count],
  ]);
}
