import type { Client } from '../../clients/client.ts';
import type { HttpResponse } from '../../http/exchange.ts';
import { nameOf } from '../../upstream/identity.ts';
import type { BrowserCookie } from '../browser-cookie.ts';
import { reopen } from '../callback/collected.ts';
import type { ServerContext } from '../context.ts';
import { sealForBrowser } from '../sealed-value.ts';
import type { Transaction } from '../transaction.ts';
import { transactionTtl } from '../transaction.ts';
import { otherBrowser } from './other-browser.ts';
import { consentResponse } from './show-consent.ts';

/** A login whose upstream has answered, and whose user is asked before anything is kept. */
export interface Waiting {
  /** Of the browser that asks to be shown the form; `null`: it has none. */
  readonly browser: BrowserCookie | null;
  readonly transaction: Transaction;
  readonly client: Client;
  /** That the click is waited for under. */
  readonly leg: number;
}

/**
 * Asks after the sign-in: names the account, the app and where the code goes. Only the click goes on.
 * @throws {PageError} in any browser but the one in which somebody signed in: whoever else may bring the same request or the
 *   same `state` (they began it, and handed it over) could click for whoever did
 */
export function showAgain(
  context: ServerContext,
  { browser, transaction, client, leg }: Waiting,
): HttpResponse {
  const { progress, again } = transaction;
  if (!progress || !again) throw new TypeError('nobody waits for a click here');
  if (!browser || browser.hash !== transaction.browser) throw otherBrowser();
  const sealed = sealForBrowser(context, 'second', {
    transaction: transaction.id,
    leg,
    browser: browser.hash,
    withoutCookie: transaction.withoutCookie === true,
    expiresAt: context.clock() + transactionTtl,
  });
  const collected = reopen(progress);
  const identity = context.vault.openIdentity(collected, collected.identity);
  return consentResponse(context, {
    transaction: { ...transaction, request: { ...transaction.request, scopes: scopesToChoose(transaction) } },
    client,
    form: { name: 'second', value: sealed },
    account: { name: nameOf(identity), upstream: identity.upstream },
    again,
    headers: browser.header,
  });
}

/** Somebody else may allow all that was asked for; who was asked before chooses among what was allowed. */
export function scopesToChoose({ again, offered, request }: Transaction): readonly string[] {
  return again === 'other_user' ? (offered ?? request.scopes) : request.scopes;
}
