import { OAuthError } from '../../oauth/errors.ts';
import { grantLabel, userLabel } from '../../observe/audit/labels.ts';
import type { GrantKey, GrantView } from '../../store/contract.ts';
import { auditEnd } from '../audit-details.ts';
import type { ServerContext } from '../context.ts';
import type { GrantData } from '../grant-data.ts';
import type { GrantRequest } from '../token-endpoint.ts';

/**
 * What was issued to a client that proved itself by its key is for nobody without it, whatever the client's document says
 * today, and even when there is none: somebody who has its code or refresh token and not its key has stolen it, or has
 * changed the document. The grant ends.
 * @throws {OAuthError} `invalid_grant`
 */
export async function checkProof(
  context: ServerContext,
  request: GrantRequest,
  { key, grant, data }: { readonly key: GrantKey; readonly grant: GrantView; readonly data: GrantData },
): Promise<void> {
  const { client } = request;
  if (!data.proven || client.authMethod === 'private_key_jwt') return;
  const { store, sessions, log } = context;
  const { bucket, grantId } = key;
  const why = 'client_unproven';
  await store.revokeGrant({ bucket, grantId, why });
  sessions.forget(`${bucket}.${grantId}`);
  log.warn(
    { sid: `${bucket}.${grantId}`, correlationId: request.correlationId },
    'a token of a client with a key was presented without it: the grant was revoked',
  );
  const about = { grant: grantLabel(key), user: userLabel(grant.userId) };
  auditEnd(context, { asking: request, by: 'server', what: 'grant', why, ...about });
  throw new OAuthError('invalid_grant', 'this was issued to a client that proves itself by its key');
}
