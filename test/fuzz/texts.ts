/** Generators that all parsers share: damage to valid texts, and texts that make careless regular expressions explode. */
import * as fc from 'fast-check';

/** What breaks parsers: delimiters, escapes, controls, halves of surrogates, look-alikes, numbers at their edges. */
const nasty = [
  ' \t\r\n\0\x7f"\'\\/%&=+;,.:?#@[]{}()<>|^`~-_'.split(''),
  ['%00', '%0a', '%', '%2', '%zz', '%c0%af', '%ff', '+', '&&', '==', '://', '//', '..', '%2e%2e', '\r\n\r\n'],
  ['é', 'ﬀ', '\u202e', '\ufeff', '\u2028', '\ud800', '𝒳', '。', 'ı', 'K'],
  ['__proto__', 'constructor', 'toString', 'null', 'true', '0', '-1', '1e999', '9007199254740993', 'NaN'],
].flat();

/** One of the fragments that break parsers. */
export const fragment: fc.Arbitrary<string> = fc.constantFrom(...nasty);

/** Any text at all. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.array(fragment, { maxLength: 8 }).map((parts) => parts.join('')),
);

const damages = ['flip', 'cut', 'drop', 'double', 'insert', 'splice', 'case', 'swap'] as const;

interface Damage {
  readonly kind: (typeof damages)[number];
  /** Where, as a fraction of the length in 2^16ths. */
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom(...damages),
  // The ends matter most: there are prefixes, padding and bits that nobody reads.
  at: fc.oneof({ weight: 6, arbitrary: fc.nat({ max: 0xffff }) }, fc.constantFrom(0, 0xffff)),
  length: fc.integer({ min: 1, max: 12 }),
  text: fragment,
});

function apply(text: string, { kind, at: place, length, text: more }: Damage, other: string): string {
  const at = Math.floor((place * text.length) / 0x1_0000);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  const changed = {
    flip: () =>
      before + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << (length % 8))) + after.slice(1),
    cut: () => before,
    drop: () => before + after.slice(length),
    double: () => before + after.slice(0, length) + after,
    insert: () => before + more + after,
    splice: () => before + other.slice(Math.floor((place * other.length) / 0x1_0000)),
    case: () => before + swapCase(after.slice(0, length)) + after.slice(length),
    swap: () => before + after.slice(length, length * 2) + after.slice(0, length) + after.slice(length * 2),
  };
  return changed[kind]();
}

function swapCase(text: string): string {
  const upper = text.toUpperCase();
  return upper === text ? text.toLowerCase() : upper;
}

/** A valid text with one to three damages: flipped bits, cuts, doubled, dropped and foreign pieces, two texts spliced. */
export function damaged(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(valid, valid, fc.array(damage, { minLength: 1, maxLength: 3 }))
    .map(([text, other, list]) => list.reduce((so, each) => apply(so, each, other), text));
}

/** What a parser of this grammar meets: valid texts, damaged ones, and any text at all. */
export function around(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 2, arbitrary: valid },
    { weight: 5, arbitrary: damaged(valid) },
    { weight: 1, arbitrary: anyText },
  );
}

/**
 * Long texts of one repeated piece with another end, alone and after each opening: what backtracking needs.
 * @param openings how texts of this grammar begin
 * @param pieces what may repeat in it
 * @param length characters, 64 KiB by default: our largest body
 */
export function repeats(
  openings: readonly string[],
  pieces: readonly string[],
  length = 65_536,
): readonly string[] {
  const all = [...pieces, 'a', '1', '.', '%41', ' ', '/', '-', '='];
  return openings.flatMap((opening) =>
    all.flatMap((piece) =>
      ['!', '\0'].map((end) => opening + piece.repeat(Math.ceil(length / piece.length)) + end),
    ),
  );
}
