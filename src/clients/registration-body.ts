import { OAuthError } from '../oauth/errors.ts';

/** Deepest nesting, and most members and items: a set of keys has three levels. */
const maxDepth = 8;
const maxParts = 1000;

/**
 * Reads the JSON of a registration. A member that comes twice is refused, because what was in front of us may have looked at
 * the other one (RFC 8259 §4 leaves open which counts).
 * @throws {OAuthError} `invalid_client_metadata`
 */
export function readJson(text: string): unknown {
  const value = parse(text);
  checkShape(text);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid('the body is not JSON', error);
  }
}

/** Walks over the tokens of a text that is JSON. */
function checkShape(text: string): void {
  const open: (Set<string> | null)[] = [];
  let parts = 0;
  for (const [token, , colon] of text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\],]/gsu)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') parts += 1;
    else if (colon !== undefined) checkOnce(token, open.at(-1));
    if (open.length > maxDepth) throw invalid(`the body is nested more than ${maxDepth} deep`);
    if (parts > maxParts) throw invalid(`the body has more than ${maxParts} parts`);
  }
}

function checkOnce(token: string, names: Set<string> | null | undefined): void {
  // `\u0061` is `a`: names are compared as JSON reads them.
  const name: unknown = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1));
  if (typeof name !== 'string' || !names) return;
  if (names.has(name)) throw invalid(`${name.slice(0, 64)} is there twice`);
  names.add(name);
}

function invalid(description: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_client_metadata', description, { cause });
}
