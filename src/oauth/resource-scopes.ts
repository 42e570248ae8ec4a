import { identityScopes } from './scope.ts';

/** The part of the configuration that says which scopes belong where. */
export interface ScopeConfig {
  readonly scopesSupported: readonly string[];
  /** Scopes that nobody is told to ask for before they are needed. */
  readonly scopesOnDemand: readonly string[];
  readonly proxies: readonly {
    readonly resource: string;
    readonly scopes: readonly string[];
    readonly scopesSupported: readonly string[] | null;
    readonly tools: readonly { readonly scopes: readonly string[] }[] | null;
  }[];
}

/** Scopes that can be granted for a resource: those that mean something there, and who somebody is can be asked everywhere. */
export function scopesAt(config: ScopeConfig, resource: string): readonly string[] {
  const own = proxyOf(config, resource)?.scopesSupported ?? null;
  if (own === null) return config.scopesSupported;
  return config.scopesSupported.filter((scope) => own.includes(scope) || identityScopes.includes(scope));
}

/** Scopes that something at a resource needs. */
export function demandedScopes(config: ScopeConfig, resource: string): readonly string[] {
  const proxy = proxyOf(config, resource);
  if (!proxy) return [];
  const demanded = new Set([...proxy.scopes, ...(proxy.tools ?? []).flatMap(({ scopes }) => scopes)]);
  return config.scopesSupported.filter((scope) => demanded.has(scope));
}

/**
 * Scopes that a client should ask for from the beginning: what the resource demands, else what there is. Those that are for
 * later are named when they are needed, and refresh tokens are not the resource's business.
 */
export function usefulScopes(config: ScopeConfig, resource: string): readonly string[] {
  const always = proxyOf(config, resource)?.scopes ?? [];
  const isEarly = (scope: string): boolean =>
    always.includes(scope) || !config.scopesOnDemand.includes(scope);
  const demanded = demandedScopes(config, resource).filter(isEarly);
  const useful = demanded.length > 0 ? demanded : scopesAt(config, resource).filter(isEarly);
  return useful.filter((scope) => scope !== 'offline_access');
}

function proxyOf({ proxies }: ScopeConfig, resource: string): ScopeConfig['proxies'][number] | undefined {
  return proxies.find((proxy) => proxy.resource === resource);
}
