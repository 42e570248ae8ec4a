import type { Client } from '../../clients/client.ts';
import { equalSecrets } from '../../crypto/hash.ts';
import { randomToken } from '../../crypto/random.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { redirect } from '../../http/headers.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import type { RequestScope } from '../answer.ts';
import { loginDetails } from '../audit-details.ts';
import { replyWithCode } from '../authorization-reply.ts';
import { readBrowser } from '../browser-cookie.ts';
import { checkAccess } from '../callback/check-access.ts';
import { reopen } from '../callback/collected.ts';
import { commitLogin } from '../callback/commit-login.ts';
import { signedInPage } from '../callback/signed-in.ts';
import { startLeg } from '../callback/start-leg.ts';
import { cancelled } from '../cancelled.ts';
import type { ServerContext } from '../context.ts';
import { resumeClient } from '../resume-client.ts';
import type { SecondForm } from '../sealed-value.ts';
import { openFromBrowser } from '../sealed-value.ts';
import type { Progress, Transaction } from '../transaction.ts';
import { correlationOf, openBytes, sealBytes, transactionTtl } from '../transaction.ts';
import { decline } from './decline.ts';
import { expiredPage } from './expired.ts';
import { otherBrowser } from './other-browser.ts';
import { chosenScopes, offeredScopes } from './scope-choice.ts';
import { scopesToChoose, showAgain } from './show-again.ts';
import { mayGoWithoutCookies } from './without-cookies.ts';

/** A form that was posted from our own page. */
interface Posted {
  readonly request: HttpRequest;
  readonly scope: RequestScope;
  readonly form: Parameters;
}

/**
 * The decision of a user who was asked after the sign-in; `null` when the form is another one. It counts once, and the code
 * is issued here and nowhere else.
 */
export async function secondDecision(
  context: ServerContext,
  { request, scope, form }: Posted,
): Promise<HttpResponse | null> {
  if (!form.has('second')) return null;
  const second = openFromBrowser(context, 'second', form.get('second'));
  if (!second || form.has('request')) throw expiredPage();
  const { transaction: id, leg } = second;
  scope.correlationId = correlationOf({ id });
  checkBrowser(context, request, second);
  const attempt = randomToken(12);
  const taken = await context.store.takePending({ transaction: id, leg, attempt });
  switch (taken.r) {
    case 'ok':
      return decide(context, {
        request,
        form,
        second,
        attempt,
        transaction: openBytes(context, taken.sealed),
      });
    case 'restarted': {
      const transaction = openBytes(context, taken.sealed);
      // Sent before, and it led on: there it goes, once more.
      if (!transaction.again)
        return redirect(await legAgain(context, { transaction, second, leg: taken.leg }));
      // It led nowhere: it is asked once more.
      const client = await resumeClient(context, transaction);
      const browser = { hash: second.browser, header: {} };
      return showAgain(context, { browser, transaction, client, leg: taken.leg });
    }
    case 'done':
      return signedInPage(context, { id });
    case 'denied':
      throw cancelled();
    case 'exhausted':
    case 'missing':
      throw expiredPage();
  }
}

/** Where a login has come to since its form was answered. */
function legAgain(
  context: ServerContext,
  { transaction, second, leg }: Pick<Decided, 'transaction' | 'second'> & { readonly leg: number },
): Promise<string> {
  const { progress, browser, choosesAt } = transaction;
  const upstream = progress ? progress.remaining[0] : choosesAt;
  if (upstream === undefined || browser !== second.browser) throw expiredPage();
  return startLeg(context, transaction, { leg, upstream });
}

/** From the browser that was shown the form; from one without a cookie only where the login goes on without. */
function checkBrowser(context: ServerContext, request: HttpRequest, second: SecondForm): void {
  const browser = readBrowser(context, request);
  if (browser ? equalSecrets(browser.hash, second.browser) : second.withoutCookie) return;
  throw otherBrowser();
}

interface Decided {
  readonly request: HttpRequest;
  readonly form: Parameters;
  readonly second: SecondForm;
  readonly attempt: string;
  readonly transaction: Transaction;
}

async function decide(context: ServerContext, decided: Decided): Promise<HttpResponse> {
  const { request, form, transaction } = decided;
  const { progress, again } = transaction;
  if (!progress || !again) throw expiredPage();
  const client = await resumeClient(context, transaction);
  const details = (): LoginDetails => loginDetails(request, { transaction, client });
  // Whoever comes without a cookie may not be who began: a yes for somebody else is too much to ask of them.
  const other = form.get('decision') === 'other_account' && again !== 'without_cookie';
  if (form.get('decision') !== 'allow' && !other)
    return decline(context, { request, transaction, details }, client);
  // The operator may have changed their mind while the page was open.
  const { config } = context;
  if (again === 'without_cookie' && !mayGoWithoutCookies(config, client, transaction.request))
    throw otherBrowser();
  const login = allowedLogin(context, transaction, form);
  context.observer.audit.record('consent_allowed', details);
  if (other) return exchangeAccount(context, { ...decided, transaction: login });
  return end(context, { ...decided, transaction: login, progress, client, details });
}

/** The login as it was agreed to now: nothing of what was agreed to before is left. */
function allowedLogin({ config }: ServerContext, transaction: Transaction, form: Parameters): Transaction {
  const { id, expiresAt, browser, request, client, progress, withoutCookie } = transaction;
  const offered = { ...request, scopes: scopesToChoose(transaction) };
  const scopes = chosenScopes(offeredScopes(config, offered), { form, hierarchy: config.scopeHierarchy });
  return {
    id,
    expiresAt,
    browser,
    request: { ...request, scopes },
    ...(client && { client }),
    ...(progress && { progress }),
    ...(withoutCookie && { withoutCookie }),
  };
}

interface Agreed extends Decided {
  readonly progress: Progress;
  readonly client: Client;
  readonly details: () => LoginDetails;
}

async function end(context: ServerContext, agreed: Agreed): Promise<HttpResponse> {
  const { request, transaction, progress, second, attempt, client, details } = agreed;
  const { redirectUri, state, resource } = transaction.request;
  const to = { client, redirectUri, state, correlationId: correlationOf(transaction) };
  const collected = reopen(progress);
  const identity = context.vault.openIdentity(collected, collected.identity);
  // The rules of this moment count.
  const denied = checkAccess(context, { identity, resource, details }, to);
  if (denied) return denied;
  const [upstream] = progress.remaining;
  if (upstream !== undefined) return goOn(context, { ...agreed, upstream });
  const committed = await commitLogin(context, {
    request,
    transaction,
    leg: second.leg,
    attempt,
    collected,
    client,
    details,
  });
  return committed.r === 'ok' ? replyWithCode(context, to, committed) : signedInPage(context, transaction);
}

/** Where the sign-in was, for another account: whichever is chosen there is agreed to, and nothing is kept of this one. */
function exchangeAccount(
  context: ServerContext,
  {
    transaction: { progress, ...agreed },
    second,
    attempt,
  }: Pick<Decided, 'transaction' | 'second' | 'attempt'>,
): Promise<HttpResponse> {
  // A leg is one byte of our state.
  if (!progress || second.leg >= lastLegToExchange) throw expiredPage();
  const { upstream } = progress.identity;
  const request = { ...agreed.request, prompt: 'select_account' };
  return goOn(context, {
    transaction: { ...agreed, request, choosesAt: upstream },
    second,
    attempt,
    upstream,
  });
}

const lastLegToExchange = 128;

interface Going extends Pick<Decided, 'transaction' | 'second' | 'attempt'> {
  readonly upstream: string;
}

/** To an upstream: the next of a chain, where whoever agreed has not been yet, or the first once more. */
async function goOn(
  context: ServerContext,
  { transaction, second, attempt, upstream }: Going,
): Promise<HttpResponse> {
  const advanced = await context.store.advancePending({
    transaction: transaction.id,
    leg: second.leg,
    attempt,
    sealed: sealBytes(context, transaction),
    ttl: transactionTtl,
  });
  switch (advanced.r) {
    case 'ok':
      return redirect(await startLeg(context, transaction, { leg: advanced.leg, upstream }));
    case 'done':
      return signedInPage(context, transaction);
    case 'denied':
      throw cancelled();
    case 'missing':
      throw expiredPage();
  }
}
