/** Every secret that a run made or used, and all the ways in which one may be written down. */

/** A secret that was found where it must not be. */
export interface Leak {
  readonly secret: string;
  readonly spelling: string;
}

/** Shorter texts would be found by chance. */
const shortest = 12;

export class SecretList {
  readonly #spellings = new Map<string, { readonly secret: string; readonly spelling: string }>();
  readonly #names = new Set<string>();

  /** Remembers a secret under a name; several values may share one. */
  add(secret: string, value: string | null | undefined): void {
    if (value === null || value === undefined || value.length < shortest)
      throw new TypeError(`${secret}: a secret of at least ${shortest} characters is expected`);
    this.#names.add(secret);
    for (const [spelling, text] of spellingsOf(value))
      if (text.length >= shortest) this.#spellings.set(text, { secret, spelling });
  }

  /** The names so far. */
  names(): readonly string[] {
    return [...this.#names];
  }

  /** Each secret that occurs in a text, once per spelling; those named in `but` may. */
  leaks(text: string, but: readonly string[] = []): readonly Leak[] {
    const found = [...this.#spellings].flatMap(([written, leak]) =>
      !but.includes(leak.secret) && text.includes(written) ? [leak] : [],
    );
    return [...new Map(found.map((leak) => [`${leak.secret} ${leak.spelling}`, leak])).values()];
  }
}

function* spellingsOf(value: string): Generator<readonly [string, string]> {
  yield ['as it is', value];
  // A log that cuts long values still tells a part; the end of a signed token is what proves it.
  if (value.length > 40) yield ['its end', value.slice(-32)];
  const bytes = Buffer.from(value);
  const decoded = Buffer.from(value, 'base64url');
  if (decoded.toString('base64url') === value) yield ['its bytes', decoded.toString('latin1')];
  yield ['hex', bytes.toString('hex')];
  yield ['HEX', bytes.toString('hex').toUpperCase()];
  yield ['percent-encoded', encodeURIComponent(value)];
  yield ['percent-encoded twice', encodeURIComponent(encodeURIComponent(value))];
  yield ['escaped', JSON.stringify(value).slice(1, -1)];
  yield ['bytes in decimal', [...bytes.subarray(0, 24)].join(',')];
  for (const offset of [0, 1, 2]) {
    // Inside a longer text that was encoded whole, as in Basic credentials: the characters that only it decides.
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const core = whole.slice(offset === 0 ? 0 : offset + 1, -4);
    yield ['base64', core];
    yield ['base64url', core.replaceAll('+', '-').replaceAll('/', '_')];
  }
}
