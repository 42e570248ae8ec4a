import { sha256 } from '../../crypto/hash.ts';
import { OAuthError } from '../../oauth/errors.ts';
import { grantLabel, nameLabel, userLabel } from '../../observe/audit/labels.ts';
import type { OpaqueToken } from '../../oauth/opaque-token.ts';
import { parseScope } from '../../oauth/scope.ts';
import type { GrantView, RotateRefresh, RotateRefreshResult } from '../../store/contract.ts';
import type { Identity } from '../../types/tokens.ts';
import type { AccessQuestion } from '../../upstream/access/decision.ts';
import { tellRefusals } from '../../upstream/access/decision.ts';
import { auditEnd, auditTheft, requestDetails } from '../audit-details.ts';
import type { ServerContext } from '../context.ts';
import type { GrantData } from '../grant-data.ts';
import { issueTokens, mayRefresh } from '../issue-tokens.ts';
import type { GrantRequest } from '../token-endpoint.ts';
import { checkProof } from './check-proof.ts';
import { decideAccess } from '../decide-access.ts';
import { renewEvidence } from './renew-evidence.ts';
import { requestedResource } from './requested-resource.ts';
import { stillGranted } from './still-granted.ts';

export const grantType = 'refresh_token';

export const parameters: readonly string[] = ['refresh_token'];

/** A refresh token, and the request that it came with. */
interface Presented {
  readonly request: GrantRequest;
  readonly token: OpaqueToken;
}

type Rotated = Extract<RotateRefreshResult, { r: 'ok' | 'retry' | 'advanced' }>;

/** Rotates a refresh token (OAuth 2.1 §4.3): one atomic store operation; more only when identity evidence is old. */
export async function handler(context: ServerContext, request: GrantRequest): Promise<object> {
  const token = context.codec.open('refresh', request.parameters.get('refresh_token') ?? '');
  if (!token) throw new OAuthError('invalid_grant', 'the refresh token is not valid');
  const step = rotation(context, request, token);
  const lacking = await lacksEvidence(context, token);
  let result = await context.store.rotateRefresh(lacking ? { ...step, identityMaxAge: 0 } : step);
  if (result.r === 'stale') {
    context.observer.metrics.refreshes.add(['stale']);
    await renewEvidence(context, { key: token, grant: result.grant, request });
    result = await context.store.rotateRefresh(step);
  }
  const rotated = accepted(context, { request, token }, result);
  const data = stillGranted(context, { client: request.client, grant: rotated.grant });
  if (data.proven) await checkProof(context, request, { key: token, grant: rotated.grant, data });
  await checkStillAllowed(context, { request, token }, { grant: rotated.grant, data });
  auditRotation(context, { request, token }, rotated);
  const { generation } = rotated;
  return issueTokens(context, {
    client: request.client,
    grant: rotated.grant,
    key: { bucket: token.bucket, grantId: token.grantId },
    scopes: narrowed(request, data),
    data,
    refresh: mayRefresh(context, request.client, data) ? { generation, seed: token.seed } : null,
    nonce: null,
  });
}

function rotation(
  context: ServerContext,
  { client, parameters: form, attempt }: GrantRequest,
  token: OpaqueToken,
): RotateRefresh {
  const { config } = context;
  return {
    bucket: token.bucket,
    grantId: token.grantId,
    seed: sha256(token.seed),
    generation: token.generation,
    client: sha256(client.id),
    resource: requestedResource(context, form),
    grace: client.lifespans.refreshGrace ?? config.refreshGrace,
    refreshTtl: client.lifespans.refreshToken ?? config.lifespans.refreshToken,
    identityMaxAge: context.access.hasRules ? config.identityMaxAge : null,
    // Who names scopes knows that a refresh brings no more of them.
    heedStepUp: !form.has('scope'),
    attempt,
  };
}

/**
 * Whether what is known of the user was taken before the rules asked for what it lacks. Looked at only where rules need
 * look-ups, and before anything is consumed.
 */
async function lacksEvidence({ store, lookups, vault }: ServerContext, token: OpaqueToken): Promise<boolean> {
  if (!lookups.concerned) return false;
  const { bucket, grantId } = token;
  const session = await store.readSession({ bucket, grantId, upstream: null });
  // With a user's last grant the evidence is gone too.
  if (session?.state !== 'active') return false;
  const { userId, identity } = session.grant;
  return lookups.lacks(vault.openIdentity({ bucket, userId }, identity));
}

/** Fewer scopes on request (RFC 6749 §6); unknown ones are dropped, and asking for none of ours changes nothing. */
function narrowed({ parameters: form }: GrantRequest, { scopes }: GrantData): readonly string[] {
  const wanted = new Set(parseScope(form.get('scope')));
  const kept = scopes.filter((scope) => wanted.has(scope));
  return kept.length > 0 ? kept : scopes;
}

/** The rules may have changed since the login, and so may what the upstream says about the user. */
async function checkStillAllowed(
  context: ServerContext,
  { request, token }: Presented,
  { grant, data }: { readonly grant: GrantView; readonly data: GrantData },
): Promise<void> {
  const { vault, store, sessions, log, observer } = context;
  const { bucket, grantId } = token;
  const { userId, resource } = grant;
  const identity = (): Identity => vault.openIdentity({ bucket, userId }, grant.identity);
  const question = (): AccessQuestion => {
    const { id, name } = request.client;
    // A document that is not at hand is no reason to take its client for another.
    return { identity: identity(), client: { id, name: name ?? data.clientName }, resource };
  };
  const decision = decideAccess(context, { userId, question });
  if (decision.allowed) return;
  const rules = tellRefusals(decision.rules);
  const sid = `${bucket}.${grantId}`;
  log.warn(
    { sid, sub: grant.userId, correlationId: request.correlationId, reason: decision.reason, rules },
    'access denied at refresh: the grant was revoked',
  );
  await store.revokeGrant({ bucket, grantId, why: 'access_denied' });
  sessions.forget(sid);
  const about = { grant: grantLabel(token), user: userLabel(grant.userId) };
  observer.audit.record('access_denied', () => ({
    ...requestDetails(request),
    ...about,
    resource: nameLabel(grant.resource),
    knownClient: null,
    standing: null,
    at: 'refresh',
    upstream: nameLabel(grant.upstream),
    reason: nameLabel(decision.reason),
    rules: rules.map((rule) => nameLabel(rule)),
  }));
  auditEnd(context, { asking: request, by: 'server', what: 'grant', why: 'access_denied', ...about });
  throw new OAuthError('invalid_grant', 'this account may no longer use this server');
}

/** What is told of a rotation, by its result. */
const rotations = { ok: 'refreshed', retry: 'refresh_repeated', advanced: 'refresh_advanced' } as const;

function auditRotation(
  { observer }: ServerContext,
  { request, token }: Presented,
  { r, generation, grant }: Rotated,
): void {
  observer.audit.record(rotations[r], () => ({
    ...requestDetails(request),
    grant: grantLabel(token),
    user: userLabel(grant.userId),
    resource: nameLabel(grant.resource),
    generation,
  }));
}

function accepted(
  context: ServerContext,
  { request, token }: Presented,
  result: RotateRefreshResult,
): Rotated {
  const { log, sessions, observer } = context;
  observer.metrics.refreshes.add([result.r === 'revoked' && result.now ? 'theft' : result.r]);
  const { generation } = token;
  const { correlationId } = request;
  const sid = `${token.bucket}.${token.grantId}`;
  switch (result.r) {
    case 'ok':
      return result;
    case 'retry':
      log.info({ sid, correlationId, generation }, 'refresh token used again within its grace');
      return result;
    case 'advanced':
      log.warn(
        { sid, correlationId, generation },
        'refresh token was ahead of the store, which lost its last write',
      );
      return result;
    case 'mismatch':
      log.warn({ sid, correlationId, what: result.what }, 'refresh refused');
      throw result.what === 'resource'
        ? new OAuthError('invalid_target', 'the grant is for another resource')
        : new OAuthError('invalid_grant', 'the refresh token is not valid for this client');
    case 'revoked':
      if (result.now) {
        log.warn({ sid, correlationId, generation }, 'refresh token replayed: the grant was revoked');
        auditTheft(context, { asking: request, grant: grantLabel(token), what: 'refresh_token' });
      }
      sessions.forget(sid);
      throw new OAuthError('invalid_grant', 'the grant was revoked');
    case 'dead':
      log.info({ sid, correlationId }, 'refresh refused: the identity provider ended the sign-in');
      throw new OAuthError('invalid_grant', 'the identity provider ended the sign-in');
    case 'step_up':
      // Some clients answer a challenge for more scopes with a refresh, which cannot bring any, and then give up. Told that only
      // their user can help, they go on to authorize. The next refresh is like any other.
      throw new OAuthError(
        'interaction_required',
        'more scopes need the user: send a new authorization request',
      );
    case 'stale':
      throw new OAuthError(
        'temporarily_unavailable',
        'the identity provider could not confirm the user in time',
      );
    case 'expired':
    case 'missing':
      throw new OAuthError('invalid_grant', 'the grant has expired');
  }
}
