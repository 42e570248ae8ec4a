/** A form as a page shows it. */
export interface Form {
  readonly method: 'GET' | 'POST';
  /** As written; empty: the page itself. */
  readonly action: string;
  /** What the inputs would send. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly buttons: readonly { readonly name: string; readonly value: string }[];
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(String(hex), 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[String(name).toLowerCase()] ?? whole;
  });
}

function attributesOf(tag: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const match of tag.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)) {
    const [, name = '', double, single, bare] = match;
    attributes.set(name.toLowerCase(), decode(double ?? single ?? bare ?? ''));
  }
  return attributes;
}

/** Reads the first form of a page of ours or of oidc-provider; `null` when there is none. Not a parser for any page. */
export function firstForm(html: string): Form | null {
  const [, head = '', inside = ''] = /<form\b([^>]*)>(.*?)<\/form>/is.exec(html) ?? [];
  if (head === '' && inside === '') return null;
  const form = attributesOf(head);
  const id = form.get('id');
  // Controls may stand outside and name their form.
  const controls = (pattern: RegExp): readonly ReadonlyMap<string, string>[] => [
    ...[...inside.matchAll(pattern)].map(([, tag = '']) => attributesOf(tag)),
    ...[...html.matchAll(pattern)]
      .map(([, tag = '']) => attributesOf(tag))
      .filter((control) => id !== undefined && control.get('form') === id),
  ];
  const inputs = controls(/<input\b([^>]*)>/gis).filter(
    (input) => input.get('type') !== 'checkbox' || input.has('checked'),
  );
  const buttons = controls(/<button\b([^>]*)>/gis).filter((button) => !button.has('disabled'));
  return {
    method: form.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET',
    action: form.get('action') ?? '',
    fields: inputs.flatMap((input) => {
      const name = input.get('name');
      return name === undefined ? [] : [[name, input.get('value') ?? ''] as const];
    }),
    buttons: buttons.map((button) => ({
      name: button.get('name') ?? '',
      value: button.get('value') ?? '',
    })),
  };
}
