/** Splits a request target (RFC 9112 §3.2; origin or absolute form) into path and query, neither decoded. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = target.startsWith('/') ? target : afterAuthority(target);
  const mark = origin.indexOf('?');
  return mark < 0
    ? { path: origin, query: '' }
    : { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

function afterAuthority(target: string): string {
  const scheme = target.indexOf('://');
  if (scheme < 0) return target;
  const rest = target.slice(scheme + 3);
  // The authority ends at the first of these (RFC 3986 §3.2); a slash in a query begins no path.
  const end = rest.search(/[/?#]/u);
  if (end < 0) return '/';
  return rest[end] === '/' ? rest.slice(end) : `/${rest.slice(end)}`;
}
