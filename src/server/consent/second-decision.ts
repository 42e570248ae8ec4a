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
      // Sent before, and it led nowhere: it is asked once more.
      const transaction = openBytes(context, taken.sealed);
      if (!transaction.again) throw expiredPage();
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
  if (form.get('decision') !== 'allow') return decline(context, { request, transaction, details }, client);
  // The operator may have changed their mind while the page was open.
  const { config } = context;
  if (again === 'without_cookie' && !mayGoWithoutCookies(config, client, transaction.request))
    throw otherBrowser();
  const login = allowedLogin(context, transaction, form);
  context.observer.audit.record('consent_allowed', details);
  return end(context, { ...decided, transaction: login, progress, client, details });
}

/** The login as it was agreed to now: nothing of what was agreed to before is left. */
function allowedLogin({ config }: ServerContext, transaction: Transaction, form: Parameters): Transaction {
  const { id, expiresAt, browser, request, progress, withoutCookie } = transaction;
  const offered = { ...request, scopes: scopesToChoose(transaction) };
  const scopes = chosenScopes(offeredScopes(config, offered), { form, hierarchy: config.scopeHierarchy });
  return {
    id,
    expiresAt,
    browser,
    request: { ...request, scopes },
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
  if (progress.remaining.length > 0) return goOn(context, agreed);
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

/** To the next upstream of a chain: whoever agreed has not been there yet. */
async function goOn(
  context: ServerContext,
  { transaction, progress, second, attempt }: Agreed,
): Promise<HttpResponse> {
  const [upstream = ''] = progress.remaining;
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
