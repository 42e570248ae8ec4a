import type { Client } from '../../clients/client.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { OAuthError } from '../../oauth/errors.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import { PageError } from '../answer.ts';
import { replyWithError } from '../authorization-reply.ts';
import type { ServerContext } from '../context.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf } from '../transaction.ts';
import { rowOf } from './begin-login.ts';

interface Declined {
  readonly request: HttpRequest;
  readonly transaction: Transaction;
  readonly details: () => LoginDetails;
}

/** A no is final for its transaction: who allowed it before and went back is not signed in by the upstream's answer. */
export async function decline(
  context: ServerContext,
  { request, transaction, details }: Declined,
  client: Client,
): Promise<HttpResponse> {
  const stored = await context.store.denyPending(rowOf(request, transaction));
  if (stored.r === 'done') throw tooLate();
  context.observer.audit.record('consent_declined', details);
  const { redirectUri, state } = transaction.request;
  const to = { client, redirectUri, state, correlationId: correlationOf(transaction) };
  return replyWithError(context, to, new OAuthError('access_denied', 'the user did not agree'));
}

/** The client has its code, and a second answer would only confuse it: the user must know that it is connected. */
function tooLate(): PageError {
  return new PageError('This sign-in is complete already', {
    status: 409,
    explanation: 'You allowed it before, and the app has its answer: it is connected.',
    action:
      'If you do not want that, disconnect in the app, or ask whoever runs this server to end the connection.',
  });
}
