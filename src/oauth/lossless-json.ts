/**
 * Parses JSON; integers that a double cannot hold come out as strings of their digits. Two accounts whose numeric ids
 * differ beyond 2^53 must not become one. Throws `SyntaxError`.
 */
export function parseLossless(text: string): unknown {
  return JSON.parse(text, keepDigits);
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? source : value;
}
