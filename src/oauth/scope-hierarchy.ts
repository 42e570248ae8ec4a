/** What each scope includes beside itself, transitively; scopes that include nothing are left out. */
export type ScopeHierarchy = Readonly<Record<string, readonly string[]>>;

/** Nothing includes anything. */
export const flatScopes: ScopeHierarchy = {};

/** The scopes, and what they include. */
export function withImplied(scopes: readonly string[], hierarchy: ScopeHierarchy): readonly string[] {
  return [...new Set(scopes.flatMap((scope) => [scope, ...impliedBy(scope, hierarchy)]))];
}

/** What of `needed` the granted scopes do not satisfy, by themselves or by what they include (MCP, step-up authorization). */
export function missingScopes(
  granted: readonly string[],
  needed: readonly string[],
  hierarchy: ScopeHierarchy,
): readonly string[] {
  const absent = needed.filter((scope) => !granted.includes(scope));
  if (absent.length === 0) return absent;
  const all = withImplied(granted, hierarchy);
  return [...new Set(absent.filter((scope) => !all.includes(scope)))];
}

function impliedBy(scope: string, hierarchy: ScopeHierarchy): readonly string[] {
  return Object.hasOwn(hierarchy, scope) ? (hierarchy[scope] ?? []) : [];
}

/** A chain of `implies` that leads back to where it began. */
export interface Circle {
  readonly scopes: readonly string[];
}

/** Follows `implies` to the end. */
export function closeHierarchy(
  direct: ScopeHierarchy,
): { readonly r: 'ok'; readonly hierarchy: ScopeHierarchy } | ({ readonly r: 'circle' } & Circle) {
  const hierarchy: [string, readonly string[]][] = [];
  for (const scope of Object.keys(direct)) {
    const found: string[] = [];
    const waiting = [...impliedBy(scope, direct)];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (next === scope) return { r: 'circle', scopes: [scope, ...found] };
      if (found.includes(next)) continue;
      found.push(next);
      waiting.push(...impliedBy(next, direct));
    }
    if (found.length > 0) hierarchy.push([scope, found]);
  }
  return { r: 'ok', hierarchy: Object.fromEntries(hierarchy) };
}
