import { parseLossless } from './lossless-json.ts';

/** A way into a JSON document. */
export type TokenPath = readonly TokenPathStep[];

type TokenPathStep =
  | { readonly kind: 'member'; readonly name: string }
  /** The text here is a JWT; the way goes on in its claims. */
  | { readonly kind: 'jwt' };

const jwtStep = '@upstreamjwt';

/** What follows a backslash stands for itself. */
const steps = /((?:\\[^]|[^\\.|])+)(?:[.|]|$)/gy;

/**
 * Reads a path such as `authed_user.id`, `items.0.id`, `https://example\.com/id` or `access_token|@upstreamjwt|sub`.
 * @returns `null` when a step is empty, a modifier is unknown, or a query stands where only names and places may
 */
export function parseTokenPath(text: string): TokenPath | null {
  const found = [...text.matchAll(steps)];
  const read = found.reduce((length, [whole]) => length + whole.length, 0);
  if (found.length === 0 || read !== text.length || /(?:^|[^\\])[.|]$/u.test(text)) return null;
  const path: TokenPathStep[] = [];
  for (const [, raw = ''] of found) {
    if (raw === jwtStep) path.push({ kind: 'jwt' });
    else if (/^[@!#]/u.test(raw) || /(?:^|[^\\])[*?#]/u.test(raw)) return null;
    else path.push({ kind: 'member', name: raw.replaceAll(/\\([^])/gu, '$1') });
  }
  return path;
}

/**
 * What a path leads to, with numbers as `parseLossless` has them; `undefined` when it leads nowhere. Only own members
 * count, digits are places in a list.
 */
export function readTokenPath(document: unknown, path: TokenPath): unknown {
  let value = document;
  for (const step of path) value = step.kind === 'jwt' ? claimsOf(value) : memberOf(value, step.name);
  return value;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return /^\d{1,9}$/u.test(name) ? value[Number(name)] : undefined;
  // `hasOwn` proves that the key is there; the type of an unknown object cannot carry that.
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** The claims of a compact JWS, not verified: it came from the token endpoint over TLS (OpenID Connect Core §3.1.3.7, 6). */
function claimsOf(value: unknown): unknown {
  if (typeof value !== 'string') return undefined;
  const [, payload = '', ...rest] = value.split('.');
  if (rest.length !== 1) return undefined;
  try {
    return parseLossless(Buffer.from(payload, 'base64url').toString());
  } catch {
    return undefined;
  }
}
