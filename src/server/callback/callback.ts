import { randomToken } from '../../crypto/random.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { page, redirect } from '../../http/headers.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import type { ScopedHandler } from '../answer.ts';
import { PageError, answerPage } from '../answer.ts';
import { loginDetails } from '../audit-details.ts';
import type { ReplyTo } from '../authorization-reply.ts';
import { replyWithCode } from '../authorization-reply.ts';
import { readBrowser } from '../browser-cookie.ts';
import { cancelled } from '../cancelled.ts';
import type { ServerContext } from '../context.ts';
import type { LoginState } from '../login-state.ts';
import { openLoginState } from '../login-state.ts';
import { resumeClient } from '../resume-client.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf, openBytes } from '../transaction.ts';
import { checkAccess } from './check-access.ts';
import { commitLogin } from './commit-login.ts';
import { exchangeCode } from './exchange-code.ts';
import { signedInPage } from './signed-in.ts';
import { startLeg } from './start-leg.ts';

/** `GET /oauth/callback`: the upstream's answer. Ends in one atomic commit and a code for the client. */
export function callback(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    const parameters = new URLSearchParams(request.query);
    const state = openState(context, request, parameters);
    scope.correlationId = correlationOf({ id: state.transaction });
    // HEAD is for looking, not for doing (RFC 9110 §9.2.1): the browser itself comes with GET.
    if (request.method === 'HEAD') return nothingDone(context);
    const attempt = randomToken(12);
    const taken = await context.store.takePending({ ...state, attempt });
    switch (taken.r) {
      case 'ok':
        return finish(context, {
          transaction: open(context, taken.sealed),
          request,
          state,
          parameters,
          attempt,
        });
      case 'restarted':
        return redirect(await startLeg(context, open(context, taken.sealed), taken.leg));
      case 'done':
        return signedInPage(context, { id: state.transaction });
      case 'denied':
        throw cancelled();
      case 'exhausted':
      case 'missing':
        throw expired();
    }
  });
}

function nothingDone({ config: { brand } }: ServerContext): HttpResponse {
  return page(200, '', { 'content-security-policy': contentSecurityPolicy(brand) });
}

interface Answer {
  readonly transaction: Transaction;
  readonly request: HttpRequest;
  readonly state: LoginState;
  readonly parameters: URLSearchParams;
  readonly attempt: string;
}

async function finish(context: ServerContext, answer: Answer): Promise<HttpResponse> {
  const { transaction } = answer;
  const to = replyTo(context, transaction);
  const { client } = to;
  const details = (): LoginDetails => loginDetails(answer.request, { transaction, client });
  const exchanged = await exchangeCode(context, { ...answer, details }, to);
  if ('response' in exchanged) return exchanged.response;
  const { login } = exchanged;
  const { resource } = transaction.request;
  const denied = checkAccess(context, { login, resource, details }, to);
  if (denied) return denied;
  const code = await commitLogin(context, { ...answer, login, client, details });
  return code === null ? signedInPage(context, transaction) : replyWithCode(context, to, code);
}

/** Our `state` opens only in the browser that consented (RFC 9700 §4.7; login CSRF). */
function openState(context: ServerContext, request: HttpRequest, parameters: URLSearchParams): LoginState {
  const browser = readBrowser(context, request);
  const states = parameters.getAll('state');
  const [text] = states;
  const state =
    browser && text !== undefined && states.length === 1
      ? openLoginState(context.rings.loginState, text, browser.hash)
      : null;
  if (state) return state;
  throw new PageError('This sign-in was not started here', {
    status: 403,
    explanation:
      'The answer of the identity provider belongs to another browser, or to a sign-in that is long over.',
    action: 'Go back to the app and connect again, in one and the same browser with cookies allowed.',
  });
}

function open(context: ServerContext, sealed: Uint8Array): Transaction {
  return openBytes(context, sealed);
}

function replyTo(context: ServerContext, transaction: Transaction): ReplyTo {
  const { redirectUri, state } = transaction.request;
  const client = resumeClient(context, transaction);
  return { client, redirectUri, state, correlationId: correlationOf(transaction) };
}

function expired(): PageError {
  return new PageError('This sign-in has expired', {
    explanation: 'It was not finished within ten minutes, or was tried too often.',
    action: 'Go back to the app and connect again.',
  });
}
