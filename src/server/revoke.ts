import { sha256 } from '../crypto/hash.ts';
import { json } from '../http/headers.ts';
import { OAuthError } from '../oauth/errors.ts';
import { grantLabel, userLabel } from '../observe/audit/labels.ts';
import { grantKeyOf } from '../resource/sessions.ts';
import type { ScopedHandler } from './answer.ts';
import { answerJson, readForm } from './answer.ts';
import type { Asking } from './audit-details.ts';
import { auditEnd } from './audit-details.ts';
import { authenticateClient } from './authenticate-client.ts';
import type { ServerContext } from './context.ts';
import { findAccessToken } from './find-token.ts';

/**
 * `POST /oauth/revoke` (RFC 7009). An access token ends by itself, a refresh token or code takes the grant along.
 * A token that is not this client's is treated as unknown: 200, and nothing happens (RFC 7009 §2.2).
 */
export function revoke(context: ServerContext): ScopedHandler {
  return answerJson(context, async (request, { correlationId }) => {
    const parameters = await readForm(request);
    const client = await authenticateClient(context, { request, parameters, correlationId });
    const text = parameters.get('token');
    if (text === undefined) throw new OAuthError('invalid_request', 'token is missing');
    // The hint is not needed: each of our tokens says what it is.
    const asking = { client, correlationId, from: request.remoteAddress };
    if (!(await revokeGrant(context, asking, text))) await revokeAccessToken(context, asking, text);
    return json(200, {});
  });
}

/** True when the text is a refresh token or code of ours, whoever's. */
async function revokeGrant(context: ServerContext, asking: Asking, text: string): Promise<boolean> {
  const { codec, store, sessions, log } = context;
  const opaque = codec.open('refresh', text) ?? codec.open('code', text);
  if (!opaque) return false;
  const { bucket, grantId, seed } = opaque;
  const proof = { client: sha256(asking.client.id), seed: sha256(seed) };
  const sid = `${bucket}.${grantId}`;
  if (await store.revokeGrant({ bucket, grantId, why: 'revoked_by_client', proof })) {
    sessions.forget(sid);
    log.info({ sid, correlationId: asking.correlationId }, 'grant revoked by its client');
    const grant = grantLabel(opaque);
    auditEnd(context, { asking, by: 'client', what: 'grant', why: 'revoked_by_client', grant, user: null });
  }
  return true;
}

async function revokeAccessToken(context: ServerContext, asking: Asking, text: string): Promise<void> {
  const { store, sessions, log } = context;
  const token = await findAccessToken(context, text);
  if (!token || token.clientId !== asking.client.id) return;
  const { sessionId, tokenId } = token;
  const key = grantKeyOf(sessionId);
  const result = await store.revokeAccessToken({ ...key, tokenId });
  sessions.forget(sessionId);
  log.info({ sid: sessionId, correlationId: asking.correlationId, result }, 'access token revoked');
  if (result === 'missing') return;
  const about = { grant: grantLabel(key), user: userLabel(token.subject) };
  if (result === 'ok')
    auditEnd(context, { asking, by: 'client', what: 'access_token', why: 'revoked_by_client', ...about });
  else auditEnd(context, { asking, by: 'server', what: 'grant', why: 'access_tokens_revoked', ...about });
}
