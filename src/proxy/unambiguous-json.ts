/** JSON that every parser reads alike, or why it may not be. */
export type UnambiguousJson =
  | { readonly r: 'ok'; readonly value: unknown }
  | { readonly r: 'refused'; readonly why: string };

/**
 * Reads JSON on which somebody behind us is going to act with a parser of their own. What parsers are known to disagree
 * about is refused: other encodings and byte order marks, malformed UTF-8, extensions of the grammar, and keys that come
 * twice in an object, of which some take the first and some the last (RFC 8259 §4, §8.1).
 */
export function readUnambiguousJson(bytes: Buffer): UnambiguousJson {
  const text = decode(bytes);
  if (text === null) return { r: 'refused', why: 'the body is not UTF-8' };
  const value = parse(text);
  if (value === undefined) return { r: 'refused', why: 'the body is not JSON' };
  // Outside of texts, a colon follows each key and nothing else.
  if (countColons(text) !== countKeys(value))
    return { r: 'refused', why: 'the body has a key that comes twice in an object' };
  return { r: 'ok', value };
}

/** A byte order mark stays, and is no JSON. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** `undefined`, which JSON cannot say, when it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const quote = 0x22;
const colon = 0x3a;
const backslash = 0x5c;

/** Of valid JSON, without those in texts. */
function countColons(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === colon) count += 1;
    else if (code === quote) at = endOfText(text, at);
  }
  return count;
}

/** Where the quote is that ends the text that begins here. */
function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** An odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first -= 1;
  return (at - first) % 2 === 1;
}

/** Of all objects in it. Without recursion: a body may be nested as deeply as it is long. */
function countKeys(value: unknown): number {
  const waiting: unknown[] = [value];
  let count = 0;
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    const below = Object.values(next);
    if (!Array.isArray(next)) count += below.length;
    for (const one of below) if (typeof one === 'object' && one !== null) waiting.push(one);
  }
  return count;
}
