import type { Config } from '../../config/config.ts';
import { missingScopes } from '../../oauth/scope-hierarchy.ts';
import type { ScopeHierarchy } from '../../oauth/scope-hierarchy.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import type { LoginRequest } from '../login-request.ts';

/** A scope that is asked for, as the page offers it. */
export interface OfferedScope {
  readonly name: string;
  /** Field of its checkbox; `null`: it cannot be left out. */
  readonly field: string | null;
}

/** Says that the page had checkboxes: a box that is not there was not checked. */
const choiceField = 'choice';

/**
 * What a user may leave out of what a client asked for. Not what the resource demands of every call, without which nothing
 * works; not `openid`, without which the answer is another protocol; and not `offline_access` where a refresh token is
 * given with or without it.
 */
export function offeredScopes(
  config: Config,
  { scopes, resource }: Pick<LoginRequest, 'scopes' | 'resource'>,
): readonly OfferedScope[] {
  const { proxies, scopeHierarchy, refreshTokenPolicy } = config;
  const minimum = proxies.find((proxy) => proxy.resource === resource)?.scopes ?? [];
  // What is demanded itself; where that was not asked for, the first that includes it.
  const needed = new Set(
    minimum.map((demanded) =>
      scopes.includes(demanded)
        ? demanded
        : scopes.find((scope) => missingScopes([scope], [demanded], scopeHierarchy).length === 0),
    ),
  );
  const isNeeded = (scope: string): boolean => {
    if (scope === 'openid') return true;
    if (scope === 'offline_access') return refreshTokenPolicy === 'always';
    return needed.has(scope);
  };
  return scopes.map((name, index) => ({ name, field: isNeeded(name) ? null : `scope-${index}` }));
}

/** The scopes that a form allows of those that were offered; never one more. */
export function chosenScopes(
  offered: readonly OfferedScope[],
  { form, hierarchy }: { readonly form: Parameters; readonly hierarchy: ScopeHierarchy },
): readonly string[] {
  const names = offered.map(({ name }) => name);
  if (form.get(choiceField) === undefined) return names;
  const isLeft = ({ field }: OfferedScope): boolean => field !== null && form.get(field) !== 'on';
  const left = offered.filter(isLeft).map(({ name }) => name);
  // Who leaves a scope out leaves out what includes it.
  const isClear = (name: string): boolean => missingScopes([name], left, hierarchy).length === left.length;
  return offered.filter(({ name, field }) => field === null || isClear(name)).map(({ name }) => name);
}
