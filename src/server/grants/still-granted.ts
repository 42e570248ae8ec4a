import type { Client } from '../../clients/client.ts';
import { identifyingUpstreams } from '../../config/sign-in.ts';
import { OAuthError } from '../../oauth/errors.ts';
import type { GrantView } from '../../store/contract.ts';
import type { ServerContext } from '../context.ts';
import type { GrantData } from '../grant-data.ts';
import { clientResources } from '../client-resources.ts';
import { clientScopes } from '../client-scopes.ts';
import { decodeGrantData } from '../grant-data.ts';

/**
 * What a grant gives today: a session outlives configurations, and what the operator has taken back since is not handed out
 * again. Never more than was granted (RFC 6749 §6).
 * @throws {OAuthError} `invalid_grant` when its resource is no longer served, or nobody may sign in any more where its user
 * did: only a new login can have another
 */
export function stillGranted(
  { config }: ServerContext,
  { client, grant }: { readonly client: Client; readonly grant: GrantView },
): GrantData {
  if (!clientResources(config, client).resources.includes(grant.resource)) {
    throw new OAuthError(
      'invalid_grant',
      'the resource of this grant is no longer served here, or not to this client',
    );
  }
  if (!identifyingUpstreams(config).some(({ name }) => name === grant.upstream)) {
    throw new OAuthError('invalid_grant', 'the identity provider of this grant is no longer in use here');
  }
  const data = decodeGrantData(grant.data);
  const may = clientScopes(config, client, { resource: grant.resource, requested: data.scopes });
  return { ...data, scopes: data.scopes.filter((scope) => may.includes(scope)) };
}
