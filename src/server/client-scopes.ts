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
  return grantableScopes(requested, {
    supported: scopesAt(config, resource),
    client: client.scopes,
    onRequest: client.source === 'static' ? [] : demandedScopes(config, resource),
    onDemand: config.scopesOnDemand,
  });
}
