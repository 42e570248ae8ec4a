import { authenticateClient } from '../clients/authenticate.ts';
import { equalSecrets, sha256 } from '../crypto/hash.ts';
import type { Handler } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { OAuthError } from '../oauth/errors.ts';
import { answerJson, readForm } from './answer.ts';
import type { ServerContext } from './context.ts';
import { grantKeyOf } from '../resource/sessions.ts';
import { findToken } from './find-token.ts';

/**
 * `POST /oauth/revoke` (RFC 7009). An access token ends by itself, a refresh token or code takes the grant along.
 * A token that is not this client's is treated as unknown: 200, and nothing happens (RFC 7009 §2.2).
 */
export function revoke(context: ServerContext): Handler {
  return answerJson(context, async (request) => {
    const parameters = await readForm(request);
    const client = authenticateClient({ headers: request.headers, parameters }, context.clients);
    const text = parameters.get('token');
    if (text === undefined) throw new OAuthError('invalid_request', 'token is missing');
    const found = await findToken(context, text);
    if (found?.kind === 'access' && found.token.clientId === client.id) {
      const { sessionId, tokenId } = found.token;
      const result = await context.store.revokeAccessToken({ ...grantKeyOf(sessionId), tokenId });
      context.sessions.forget(sessionId);
      context.log.info({ sid: sessionId, result }, 'access token revoked');
    }
    if (found?.kind === 'grant' && equalSecrets(found.client, sha256(client.id))) {
      const sid = `${found.key.bucket}.${found.key.grantId}`;
      await context.store.revokeGrant({ ...found.key, why: 'revoked_by_client' });
      context.sessions.forget(sid);
      context.log.info({ sid }, 'grant revoked by its client');
    }
    return json(200, {});
  });
}
