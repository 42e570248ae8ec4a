import { sha256 } from '../../crypto/hash.ts';
import { randomToken } from '../../crypto/random.ts';
import { OAuthError } from '../../oauth/errors.ts';
import { grantLabel, nameLabel, userLabel } from '../../observe/audit/labels.ts';
import type { OpaqueToken } from '../../oauth/opaque-token.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { challengeOf } from '../../oauth/pkce.ts';
import type { RedeemCode, RedeemCodeResult } from '../../store/contract.ts';
import { auditTheft, requestDetails } from '../audit-details.ts';
import type { ServerContext } from '../context.ts';
import { issueTokens, mayRefresh } from '../issue-tokens.ts';
import type { GrantRequest } from '../token-endpoint.ts';
import { checkProof } from './check-proof.ts';
import { requestedResource } from './requested-resource.ts';
import { stillGranted } from './still-granted.ts';

export const grantType = 'authorization_code';

export const parameters: readonly string[] = ['code', 'code_verifier'];

/** Redeems a code (OAuth 2.1 §4.1.3): one atomic store operation, then the signature. */
export async function handler(context: ServerContext, request: GrantRequest): Promise<object> {
  const code = context.codec.open('code', request.parameters.get('code') ?? '');
  if (!code) throw new OAuthError('invalid_grant', 'the code is not valid');
  const seed = randomToken(32);
  const redeemed = await context.store.redeemCode({
    ...redemption(context, request, code),
    newSeed: sha256(seed),
  });
  if (redeemed.r !== 'ok') throw refusal(context, { request, code }, redeemed);
  const { bucket, grantId } = code;
  const { grant } = redeemed;
  const data = stillGranted(context, { client: request.client, grant });
  await checkProof(context, request, { key: { bucket, grantId }, grant, data });
  const refresh = mayRefresh(context, request.client, data) ? { generation: 1, seed } : null;
  context.observer.audit.record('token_issued', () => ({
    ...requestDetails(request),
    grant: grantLabel(code),
    user: userLabel(grant.userId),
    resource: nameLabel(grant.resource),
    refreshable: refresh !== null,
  }));
  return issueTokens(context, {
    client: request.client,
    grant,
    key: { bucket, grantId },
    scopes: data.scopes,
    data,
    refresh,
    nonce: data.nonce,
  });
}

function redemption(
  context: ServerContext,
  { client, parameters: form, attempt }: GrantRequest,
  { bucket, grantId, seed }: OpaqueToken,
): Omit<RedeemCode, 'newSeed'> {
  const redirectUri = form.get('redirect_uri');
  const { lifespans } = context.config;
  const refreshable = client.grantTypes.includes('refresh_token');
  return {
    bucket,
    grantId,
    codeSeed: sha256(seed),
    client: sha256(client.id),
    challenge: checkVerifier(form),
    redirectUri: redirectUri === undefined ? null : sha256(redirectUri),
    resource: requestedResource(context, form),
    refreshTtl: refreshable
      ? (client.lifespans.refreshToken ?? lifespans.refreshToken)
      : lifespans.accessToken,
    attempt,
  };
}

/** RFC 7636 §4.1, §4.6. */
function checkVerifier(form: Parameters): string {
  const challenge = challengeOf(form.get('code_verifier') ?? '');
  if (challenge === null) throw new OAuthError('invalid_grant', 'code_verifier does not match');
  return challenge;
}

function refusal(
  context: ServerContext,
  { request, code }: { readonly request: GrantRequest; readonly code: OpaqueToken },
  result: Exclude<RedeemCodeResult, { r: 'ok' }>,
): OAuthError {
  const { log, sessions } = context;
  const { correlationId } = request;
  const sid = `${code.bucket}.${code.grantId}`;
  switch (result.r) {
    case 'mismatch':
      log.warn({ sid, correlationId, what: result.what }, 'code refused');
      return result.what === 'resource'
        ? new OAuthError('invalid_target', 'the code was issued for another resource')
        : new OAuthError('invalid_grant', explain(result.what));
    case 'revoked':
      if (result.now) {
        log.warn({ sid, correlationId }, 'code replayed: the grant was revoked');
        auditTheft(context, { asking: request, grant: grantLabel(code), what: 'code' });
      }
      sessions.forget(sid);
      return new OAuthError('invalid_grant', 'the code was used before');
    case 'replayed':
      return new OAuthError('invalid_grant', 'the code was used before');
    case 'expired':
    case 'missing':
      return new OAuthError('invalid_grant', 'the code has expired');
  }
}

function explain(what: 'client' | 'challenge' | 'redirect_uri' | 'code'): string {
  switch (what) {
    case 'client':
      return 'the code was issued to another client';
    case 'challenge':
      return 'code_verifier does not match';
    case 'redirect_uri':
      return 'redirect_uri is not the one of the authorization request';
    case 'code':
      return 'the code is not valid';
  }
}
