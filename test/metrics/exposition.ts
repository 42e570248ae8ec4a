export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

/** Numbers in Prometheus' text format, read as strictly as the format is written down; throws where it is broken. */
export class Exposition {
  readonly families: ReadonlyMap<string, Family>;

  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('the last line does not end');
    const families = new Map<string, { name: string; type: string; samples: Sample[] }>();
    let current: { name: string; type: string; samples: Sample[] } | undefined;
    for (const line of text.trimEnd().split('\n')) {
      const [, type] = /^# TYPE (\S+ (?:counter|gauge|histogram))$/.exec(line) ?? [];
      if (/^# HELP [a-z_]+ \S/.test(line)) current = undefined;
      else if (type !== undefined) {
        const [name = '', kind = ''] = type.split(' ');
        if (families.has(name)) throw new Error(`${name} is there twice`);
        current = { name, type: kind, samples: [] };
        families.set(name, current);
      } else if (current) current.samples.push(sampleOf(line, current));
      else throw new Error(`a sample without a type: ${line}`);
    }
    this.families = families;
  }

  /** The sum of the samples of a name that have these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  get samples(): readonly Sample[] {
    return [...this.families.values()].flatMap(({ samples }) => samples);
  }

  /** Names and labels of every series. */
  get series(): readonly string[] {
    return this.samples.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`);
  }
}

function sampleOf(line: string, { name, type }: { readonly name: string; readonly type: string }): Sample {
  const [, own = '', inside = '', number = ''] =
    /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?[\d.e+-]+|\+Inf)$/.exec(line) ?? [];
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => own === `${name}${suffix}`)) throw new Error(`not of ${name}: ${line}`);
  const labels = [...inside.matchAll(/([a-z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g)];
  if (labels.map(([whole]) => whole).join('') !== inside) throw new Error(`broken labels: ${line}`);
  return {
    name: own,
    labels: Object.fromEntries(labels.map(([, key = '', value = '']) => [key, value])),
    value: Number(number),
  };
}
