import type { Quirks } from '../quirks/quirks.ts';
import { fillText } from '../template.ts';
import type { Attributes } from '../template.ts';

/** Scopes without the prefix that the provider leaves off in what it tells. */
export function bareScopes(
  { scopePrefix }: Quirks,
  { scopes, attributes }: { scopes: readonly string[]; attributes: Attributes },
): string[] {
  if (scopePrefix === null) return [...scopes];
  const prefix = fillText(scopePrefix, attributes);
  return scopes.map((scope) => (scope.startsWith(prefix) ? scope.slice(prefix.length) : scope));
}
