import { json } from '../http/headers.ts';
import { OAuthError } from '../oauth/errors.ts';
import { formatScope } from '../oauth/scope.ts';
import type { ScopedHandler } from './answer.ts';
import { answerJson, readForm } from './answer.ts';
import { authenticateClient } from './authenticate-client.ts';
import type { ServerContext } from './context.ts';
import { findAccessToken } from './find-token.ts';

/** `POST /oauth/introspect` (RFC 7662): for resource servers, about access tokens for their own resource only. */
export function introspect(context: ServerContext): ScopedHandler {
  return answerJson(context, async (request, { correlationId }) => {
    const parameters = await readForm(request);
    const client = await authenticateClient(context, { request, parameters, correlationId });
    if (client.authMethod === 'none' || client.introspects.length === 0) {
      throw new OAuthError('unauthorized_client', 'this client may not introspect tokens');
    }
    const text = parameters.get('token');
    if (text === undefined) throw new OAuthError('invalid_request', 'token is missing');
    const token = await findAccessToken(context, text);
    if (!token || !client.introspects.includes(token.audience)) return json(200, { active: false });
    const check = await context.sessions.check(token, null);
    if (check.r === 'dead') return json(200, { active: false });
    return json(200, {
      active: true,
      iss: context.config.issuer,
      sub: token.subject,
      aud: token.audience,
      client_id: token.clientId,
      scope: formatScope(token.scopes),
      exp: token.expiresAt,
      iat: token.issuedAt,
      jti: token.tokenId,
      sid: token.sessionId,
      token_type: 'Bearer',
    });
  });
}
