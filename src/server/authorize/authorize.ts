import { snapshotOf } from '../../clients/cimd/document-client.ts';
import type { HttpResponse } from '../../http/exchange.ts';
import { redirect } from '../../http/headers.ts';
import { OAuthError } from '../../oauth/errors.ts';
import { parseParameters } from '../../oauth/parameters.ts';
import type { ScopedHandler } from '../answer.ts';
import { answerPage } from '../answer.ts';
import { replyWithError } from '../authorization-reply.ts';
import { askConsent } from '../consent/ask.ts';
import type { ServerContext } from '../context.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf, sealText, startTransaction } from '../transaction.ts';
import { checkLoginRequest } from './check-login-request.ts';
import { checkRedirectUri } from './check-redirect-uri.ts';
import { loadClient } from './load-client.ts';

/** `GET /oauth/authorize` (OAuth 2.1 §4.1.1). Stores nothing: the request travels sealed in the consent form. */
export function authorize(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    const parameters = parseParameters(request.query);
    const client = await loadClient(context, parameters, { request, scope });
    const redirectUri = checkRedirectUri(client, parameters);
    try {
      const login = checkLoginRequest(context, { client, redirectUri, parameters });
      const transaction = { ...startTransaction(login, context.clock), ...snapshotOf(client) };
      scope.correlationId = correlationOf(transaction);
      if (context.locations.handsOver) return handOver(context, transaction);
      return await askConsent(context, { request, transaction, client });
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const to = { client, redirectUri, state: parameters.get('state') ?? null, ...scope };
      return replyWithError(context, to, error);
    }
  });
}

/** The callback lives on another origin, and consent must share its cookie: the sealed request goes there. */
function handOver(context: ServerContext, transaction: Transaction): HttpResponse {
  const sealed = sealText(context, transaction, 'handover');
  if (sealed === null) throw new OAuthError('invalid_request', 'the request is too large');
  return redirect(`${context.locations.consent}?request=${sealed}`);
}
