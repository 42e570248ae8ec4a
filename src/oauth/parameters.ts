import { OAuthError } from './errors.ts';

/** The only parameter that may be repeated (RFC 8707 §2). */
const repeatable = 'resource';

const maxParameters = 100;

/** What form encoding never writes (URL Standard §5.2): decoders differ about it, and broken UTF-8 would become one U+FFFD. */
const notEncoded = /[^\x20-\x7e]/u;

const encoded = /[%+]/u;

/** The parameters of one request. Each came once; an empty value counts as absent (RFC 6749 §3.1). */
export class Parameters {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** The value of a parameter; `undefined` when it is absent or empty. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  /** Every value; more than one only for `resource`. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** Whether the parameter came with a value. */
  has(name: string): boolean {
    return this.#values.has(name);
  }
}

/**
 * Parses a query or form body, strictly: what two parsers could read differently is refused.
 * @throws {OAuthError} `invalid_request`
 */
export function parseParameters(text: string): Parameters {
  const values = new Map<string, string[]>();
  const seen = new Set<string>();
  if (notEncoded.test(text)) throw new OAuthError('invalid_request', 'a parameter is not well encoded');
  const pairs = text.split('&');
  if (pairs.length > maxParameters) throw new OAuthError('invalid_request', 'too many parameters');
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (seen.has(name) && name !== repeatable) {
      throw new OAuthError('invalid_request', `the parameter ${name.slice(0, 40)} came more than once`);
    }
    seen.add(name);
    if (value !== '') values.set(name, [...(values.get(name) ?? []), value]);
  }
  return new Parameters(values);
}

function decode(text: string): string {
  // Most values are tokens and ids, which need no encoding. A NUL is not printable, so it only comes encoded.
  if (!encoded.test(text)) return text;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    throw new OAuthError('invalid_request', 'a parameter is not well encoded', { cause: error });
  }
  if (decoded.includes('\0')) throw new OAuthError('invalid_request', 'a parameter holds a NUL character');
  return decoded;
}
