import type { Client } from '../clients/client.ts';
import type { Config } from '../config/config.ts';
import { demandedScopes, scopesAt } from '../oauth/resource-scopes.ts';
import { grantableScopes } from '../oauth/scope.ts';

/**
 * What may be granted to a client at a resource of what it asks for; when it asks for nothing, what it has by default.
 * Static clients stay within what their operator wrote. A client that registered itself repeated what some metadata said
 * that day, and could register anew at any time: it may ask for what the resource demands today, because a challenge may
 * have told it to.
 */
export function clientScopes(
  config: Config,
  client: Pick<Client, 'scopes' | 'source'>,
  { resource, requested }: { readonly resource: string; readonly requested: readonly string[] },
): readonly string[] {
  const { supported, demanded } = scopesOf(config, resource);
  return grantableScopes(requested, {
    supported,
    client: client.scopes,
    onRequest: client.source === 'static' ? [] : demanded,
    onDemand: config.scopesOnDemand,
  });
}

interface ResourceScopes {
  readonly supported: readonly string[];
  readonly demanded: readonly string[];
}

/** A configuration never changes, and every refresh asks. */
const known = new WeakMap<Config, Map<string, ResourceScopes>>();

function scopesOf(config: Config, resource: string): ResourceScopes {
  const resources = known.get(config) ?? new Map<string, ResourceScopes>();
  known.set(config, resources);
  const before = resources.get(resource);
  if (before) return before;
  const scopes = { supported: scopesAt(config, resource), demanded: demandedScopes(config, resource) };
  // Only resources of the configuration are ever asked about, so there are few.
  resources.set(resource, scopes);
  return scopes;
}
