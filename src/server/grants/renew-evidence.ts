import { OAuthError } from '../../oauth/errors.ts';
import { grantLabel, userLabel } from '../../observe/audit/labels.ts';
import type { GrantKey, GrantView } from '../../store/contract.ts';
import { auditEnd } from '../audit-details.ts';
import type { ServerContext } from '../context.ts';
import type { GrantRequest } from '../token-endpoint.ts';

/**
 * Asks the upstream about the user again, because what it said is older than `identity_max_age`. An upstream that is
 * down costs nothing but this answer; one that cannot be asked ends the grant.
 */
export async function renewEvidence(
  context: ServerContext,
  {
    key,
    grant,
    request,
  }: { readonly key: GrantKey; readonly grant: GrantView; readonly request: GrantRequest },
): Promise<void> {
  const { store, vault, sessions, log } = context;
  const { bucket, grantId } = key;
  const session = await store.readSession({ bucket, grantId, upstream: null });
  const { userId, upstream, account } = grant;
  const renewed = await vault.renewIdentity(
    { bucket, userId, upstream, account, evidence: grant.identity },
    session?.connection ?? null,
  );
  switch (renewed.r) {
    case 'ok':
      return;
    case 'unavailable':
      throw new OAuthError('temporarily_unavailable', 'the identity provider does not answer; try again', {
        headers: { 'retry-after': String(renewed.retryAfter) },
      });
    case 'dead':
    case 'impossible': {
      const sid = `${bucket}.${grantId}`;
      log.info(
        { sid, upstream, correlationId: request.correlationId, reason: renewed.r },
        'the grant ended: the identity provider no longer vouches for it',
      );
      const why = renewed.r === 'dead' ? 'upstream_ended' : 'upstream_silent';
      await store.revokeGrant({ bucket, grantId, why });
      sessions.forget(sid);
      const about = { grant: grantLabel(key), user: userLabel(userId) };
      auditEnd(context, { asking: request, by: 'server', what: 'grant', why, ...about });
      throw new OAuthError('invalid_grant', 'the identity provider no longer vouches for this sign-in');
    }
  }
}
