import type { Milliseconds } from '../../types/time.ts';

/** How long a document may be used unasked, whatever its headers say. */
const bounds: { readonly least: Milliseconds; readonly most: Milliseconds } = {
  least: 60_000,
  most: 86_400_000,
};

/** How long a copy that is not fresh any more still serves while its host does not answer (RFC 5861 §4). */
export const staleFor: Milliseconds = 86_400_000;

/** What tells how long an answer stays fresh. */
export interface FreshnessRules {
  readonly now: Milliseconds;
  /** When the headers say nothing. */
  readonly fallback: Milliseconds;
}

/**
 * How long an answer stays fresh by its own headers (RFC 9111 §4.2), within our bounds. Bounds are ours to set
 * (CIMD draft-02 §4.4): without the lower one, `no-store` would make every sign-in a fetch that an attacker can time.
 */
export function freshFor(headers: Headers, { now, fallback }: FreshnessRules): Milliseconds {
  const told = toldBy(headers, now);
  return Math.min(bounds.most, Math.max(bounds.least, told ?? fallback));
}

function toldBy(headers: Headers, now: Milliseconds): Milliseconds | null {
  const directives = directivesOf(headers.get('cache-control') ?? '');
  if (directives.has('no-store') || directives.has('no-cache')) return 0;
  // One copy serves many people here, so what is said to shared caches counts first.
  const maxAge = seconds(directives.get('s-maxage')) ?? seconds(directives.get('max-age'));
  const age = seconds(headers.get('age') ?? undefined) ?? 0;
  if (maxAge !== null) return maxAge - age;
  const expires = headers.get('expires');
  if (expires === null) return null;
  const date = Date.parse(headers.get('date') ?? '');
  const until = Date.parse(expires);
  // RFC 9111 §5.3: what cannot be read, most often 0, has expired.
  return Number.isNaN(until) ? 0 : until - (Number.isNaN(date) ? now : date) - age;
}

function directivesOf(text: string): ReadonlyMap<string, string | undefined> {
  return new Map(
    text.split(',').map((part) => {
      const [name = '', value] = part.trim().split('=', 2);
      return [name.toLowerCase(), value?.replaceAll('"', '').trim()];
    }),
  );
}

function seconds(text: string | undefined): Milliseconds | null {
  return text !== undefined && /^\d{1,10}$/u.test(text) ? Number(text) * 1000 : null;
}
