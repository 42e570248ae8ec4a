import type { HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { bearerChallenge } from '../oauth/challenge.ts';
import type { OAuthErrorCode } from '../oauth/errors.ts';
import type { ScopedHandler } from './answer.ts';
import { answerJson } from './answer.ts';
import type { ServerContext } from './context.ts';
import { grantKeyOf } from '../resource/sessions.ts';
import { findAccessToken } from './find-token.ts';
import { profileClaims } from './issue-tokens.ts';

/** `/oauth/userinfo` (OpenID Connect Core §5.3): what the upstream said about the user, by scope. */
export function userinfo(context: ServerContext): ScopedHandler {
  return answerJson(context, async (request) => {
    const [, text] = /^bearer +([^\s,]+)$/iu.exec(request.headers['authorization'] ?? '') ?? [];
    if (text === undefined) return refused(401, {});
    const token = await findAccessToken(context, text);
    if (!token) return refused(401, { error: 'invalid_token', description: 'the token is not valid' });
    if (!token.scopes.includes('openid')) {
      return refused(403, {
        error: 'insufficient_scope',
        description: 'the scope openid is needed',
        scope: 'openid',
      });
    }
    const check = await context.sessions.check(token, null);
    if (check.r === 'dead')
      return refused(401, { error: 'invalid_token', description: 'the token was revoked' });
    const { bucket } = grantKeyOf(token.sessionId);
    const { userId, identity } = check.session.grant;
    const claims = profileClaims(context.vault.openIdentity({ bucket, userId }, identity), token.scopes);
    return json(200, { sub: token.subject, ...claims });
  });
}

interface Refusal {
  readonly error?: OAuthErrorCode;
  readonly description?: string;
  readonly scope?: string;
}

/** RFC 6750 §3: a request without a token gets a bare challenge. */
function refused(status: 401 | 403, refusal: Refusal): HttpResponse {
  const body =
    refusal.error === undefined ? {} : { error: refusal.error, error_description: refusal.description };
  return json(status, body, { 'www-authenticate': bearerChallenge(refusal) });
}
