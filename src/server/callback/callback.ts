import { identifyingUpstreams } from '../../config/sign-in.ts';
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
import { answerFlow } from '../connections/answer.ts';
import { returningCookie } from '../consent/returning.ts';
import { otherBrowser } from '../consent/other-browser.ts';
import { showAgain } from '../consent/show-again.ts';
import type { ServerContext } from '../context.ts';
import type { LoginState } from '../login-state.ts';
import { openLoginState, openStrangerState } from '../login-state.ts';
import { resumeClient } from '../resume-client.ts';
import { nameOf } from '../../upstream/identity.ts';
import type { Identity } from '../../types/tokens.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf, openBytes, sealBytes, transactionTtl } from '../transaction.ts';
import { remainingOf } from './chain.ts';
import { askAgain, reasonToAskAgain } from './ask-again.ts';
import { checkAccess } from './check-access.ts';
import type { Collected } from './collected.ts';
import { collect, progressOf } from './collected.ts';
import { commitLogin } from './commit-login.ts';
import { exchangeCode } from './exchange-code.ts';
import { signedInPage } from './signed-in.ts';
import { startLeg } from './start-leg.ts';

/**
 * `GET /oauth/callback` and `/oauth/callback/{upstream}`: an upstream's answer. Leads to the next upstream, or ends in one
 * atomic commit and a code for the client.
 * @param upstreams whose answers come to this address
 */
export function callback(context: ServerContext, upstreams: readonly string[]): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    const connecting = await answerFlow(context, { request, scope, upstreams });
    if (connecting) return connecting;
    const parameters = new URLSearchParams(request.query);
    const state = openState(context, request, { parameters, upstreams });
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
        return restart(context, { request, state, taken });
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
  readonly state: CallbackState;
  readonly parameters: URLSearchParams;
  readonly attempt: string;
}

async function finish(context: ServerContext, answer: Answer): Promise<HttpResponse> {
  const { transaction, request, state, attempt } = answer;
  // Of two who agreed to one request, the login is the first one's.
  if (!state.stranger && readBrowser(context, request)?.hash !== transaction.browser) throw otherBrowser();
  checkAwaited(context, transaction, state);
  const to = await replyTo(context, transaction);
  const { client } = to;
  const details = (): LoginDetails => loginDetails(request, { transaction, client });
  const exchanged = await exchangeCode(context, { ...answer, details }, to);
  if ('response' in exchanged) return exchanged.response;
  const { login } = exchanged;
  const { resource } = transaction.request;
  const collected = collect(context, transaction, exchanged);
  // The first upstream says who somebody is, and the rules of this moment count; the others only lend their tokens.
  const identity = transaction.progress
    ? context.vault.openIdentity(collected, collected.identity)
    : login.identity;
  const denied = checkAccess(context, { identity, resource, details }, to);
  if (denied) return denied;
  const remaining = await remainingOf(context, transaction, { collected, identity });
  const { leg, stranger } = state;
  const answered = { request, transaction, client, details, leg, attempt, collected };
  const why = reasonToAskAgain(transaction, { collected, stranger });
  if (why) return askAgain(context, { ...answered, remaining, why });
  if (remaining.length > 0) return goOn(context, answer, { collected, remaining });
  const committed = await commitLogin(context, answered);
  switch (committed.r) {
    case 'ok':
      return replyWithCode(context, to, {
        code: committed.code,
        ...(transaction.remember && { headers: returningHeader(context, collected, identity) }),
      });
    case 'unconsented':
      return askAgain(context, { ...answered, remaining, why: 'forgotten' });
    case 'over':
      return signedInPage(context, transaction);
  }
}

/** Whose consents to look up the next time. */
function returningHeader(
  context: ServerContext,
  { userId, upstream }: Collected,
  identity: Identity,
): HttpResponse['headers'] {
  return returningCookie(context, { userId, upstream, name: nameOf(identity) });
}

/** To the next upstream of a chain, with everything so far in the pending row. */
async function goOn(
  context: ServerContext,
  { transaction, state, attempt }: Answer,
  { collected, remaining }: { readonly collected: Collected; readonly remaining: readonly string[] },
): Promise<HttpResponse> {
  const [upstream = ''] = remaining;
  const next: Transaction = { ...transaction, progress: progressOf(collected, remaining) };
  const { leg } = state;
  const advanced = await context.store.advancePending({
    transaction: transaction.id,
    leg,
    attempt,
    sealed: sealBytes(context, next),
    ttl: transactionTtl,
  });
  switch (advanced.r) {
    case 'ok':
      return redirect(await startLeg(context, next, { leg: advanced.leg, upstream }));
    case 'done':
      return signedInPage(context, transaction);
    case 'denied':
      throw cancelled();
    case 'missing':
      throw expired();
  }
}

/** A leg whose answer was lost begins again, at the upstream that the login has come to. */
async function restart(
  context: ServerContext,
  {
    request,
    state,
    taken: { sealed, leg },
  }: {
    readonly request: HttpRequest;
    readonly state: LoginState;
    readonly taken: { readonly sealed: Uint8Array; readonly leg: number };
  },
): Promise<HttpResponse> {
  const transaction = open(context, sealed);
  const browser = readBrowser(context, request);
  // A state that opens without a cookie opens for whoever began the login, too; who signed in since may be somebody else.
  if (transaction.progress && browser?.hash !== transaction.browser) throw otherBrowser();
  if (transaction.again) {
    const { client } = await replyTo(context, transaction);
    return showAgain(context, { browser, transaction, client, leg });
  }
  const upstream = transaction.progress?.remaining[0] ?? state.upstream;
  checkAwaited(context, transaction, { upstream });
  return redirect(await startLeg(context, transaction, { leg, upstream }));
}

/**
 * Only the upstream that a login has come to is heard, and only while the configuration lets people sign in there: it may
 * have changed since the login began.
 */
function checkAwaited(
  { config, providers }: ServerContext,
  { id, progress, again }: Transaction,
  { upstream }: Pick<LoginState, 'upstream'>,
): void {
  // A login that waits for a click waits for no upstream.
  const awaited = again
    ? false
    : progress
      ? progress.remaining[0] === upstream && providers.has(upstream)
      : identifyingUpstreams(config).some(({ name }) => name === upstream);
  if (awaited) return;
  throw new PageError('This way to sign in is not offered any more', {
    explanation: 'The identity provider was taken away while you were signing in.',
    action: 'Go back to the app and connect again.',
    correlationId: correlationOf({ id }),
  });
}

/** An opened state, and whether it was opened without a cookie. */
interface CallbackState extends LoginState {
  readonly stranger: boolean;
}

/**
 * Our `state` opens only in the browser that consented (RFC 9700 §4.7; login CSRF). Where the operator lets a client's
 * users sign in without cookies it also opens in a browser that has none of ours; never in one that has another.
 */
function openState(
  context: ServerContext,
  request: HttpRequest,
  { parameters, upstreams }: { readonly parameters: URLSearchParams; readonly upstreams: readonly string[] },
): CallbackState {
  const browser = readBrowser(context, request);
  const [text, ...more] = parameters.getAll('state');
  const keys = context.rings.loginState;
  if (text !== undefined && more.length === 0) {
    const state = browser
      ? openLoginState(keys, text, { browser: browser.hash, upstreams })
      : openStrangerState(keys, text, { upstreams });
    if (state) return { ...state, stranger: browser === null };
  }
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

async function replyTo(context: ServerContext, transaction: Transaction): Promise<ReplyTo> {
  const { redirectUri, state } = transaction.request;
  const client = await resumeClient(context, transaction);
  return { client, redirectUri, state, correlationId: correlationOf(transaction) };
}

function expired(): PageError {
  return new PageError('This sign-in has expired', {
    explanation: 'It was not finished within ten minutes, or was tried too often.',
    action: 'Go back to the app and connect again.',
  });
}
