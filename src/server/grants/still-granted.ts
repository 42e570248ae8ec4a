import type { Client } from '../../clients/client.ts';
import { identifyingUpstreams } from '../../config/sign-in.ts';
import { OAuthError } from '../../oauth/errors.ts';
import type { GrantView } from '../../store/contract.ts';
import type { ServerContext } from '../context.ts';
import type { GrantData } from '../grant-data.ts';
import { clientResources } from '../client-resources.ts';
import { clientScopes } from '../client-scopes.ts';
import { decodeGrantData } from '../grant-data.ts';
import { readTrace } from '../login-trace.ts';

/**
 * A client may have taken out of its document or its registration what it is shut out for, and a document may not be at hand:
 * what counts is also what the grant was issued for.
 * @throws {OAuthError} `invalid_grant`
 */
function checkIssuedFor({ blocks, clients }: ServerContext, client: Client, data: GrantData): void {
  const { softwareId, trace, voucher } = data;
  if (blocks.ofIssued(() => ({ target: readTrace(trace)?.target ?? '', softwareId })))
    throw new OAuthError('invalid_grant', 'whoever runs this server has shut the app out');
  if (client.needsVoucher && !clients.believes(voucher ?? undefined))
    throw new OAuthError('invalid_grant', 'nobody vouches for the app any more');
}

/**
 * What a grant gives today: a session outlives configurations, and what the operator has taken back since is not handed out
 * again. Never more than was granted (RFC 6749 §6).
 * @throws {OAuthError} `invalid_grant` when its resource is no longer served, or nobody may sign in any more where its user
 * did: only a new login can have another
 */
export function stillGranted(
  context: ServerContext,
  { client, grant }: { readonly client: Client; readonly grant: GrantView },
): GrantData {
  const { config } = context;
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
  checkIssuedFor(context, client, data);
  const may = clientScopes(config, client, { resource: grant.resource, requested: data.scopes });
  return { ...data, scopes: data.scopes.filter((scope) => may.includes(scope)) };
}
