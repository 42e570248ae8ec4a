import type { Client } from '../../clients/client.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { redirect } from '../../http/headers.ts';
import { sourceOf } from '../../http/source.ts';
import type { DenyPending } from '../../store/pending-contract.ts';
import { signedInPage } from '../callback/signed-in.ts';
import { startLeg } from '../callback/start-leg.ts';
import { readBrowser } from '../browser-cookie.ts';
import { cancelled } from '../cancelled.ts';
import type { ServerContext } from '../context.ts';
import type { Transaction } from '../transaction.ts';
import { openBytes, sealBytes, transactionTtl } from '../transaction.ts';
import { otherBrowser } from './other-browser.ts';
import { showAgain } from './show-again.ts';

/** A login that its user agreed to. */
export interface Agreed {
  readonly request: HttpRequest;
  readonly transaction: Transaction;
  readonly client: Client;
  /** Where it leads first. */
  readonly upstream: string;
  readonly headers?: HttpResponse['headers'];
  /** Hears that it is stored. */
  readonly stored: () => void;
}

/** Stores the login and leads to the upstream: to the one that it has come to, when this is not the first time. */
export async function beginLogin(context: ServerContext, agreed: Agreed): Promise<HttpResponse> {
  const { request, transaction, client, headers } = agreed;
  const row = { ...rowOf(request, transaction), sealed: sealBytes(context, transaction) };
  let put = await context.store.putPending(row);
  let going = transaction;
  if (put.r === 'ok' && put.sealed) {
    const waiting = openBytes(context, put.sealed);
    const own = waiting.browser === transaction.browser;
    // Where somebody has signed in already, nobody else goes on for them.
    if (!own && waiting.progress) throw otherBrowser();
    // What another browser waits with is not touched, and its answer opens in no other.
    if (own && waiting.progress) going = waiting;
    // Who went back and allowed less means it.
    else if (own && JSON.stringify(waiting) !== JSON.stringify(transaction))
      put = await context.store.putPending({ ...row, instead: put.sealed });
  }
  if (put.r === 'denied') throw cancelled();
  if (put.r !== 'ok') return signedInPage(context, transaction);
  agreed.stored();
  const { leg } = put;
  if (going.again)
    return showAgain(context, { browser: readBrowser(context, request), transaction: going, client, leg });
  const upstream = going.progress?.remaining[0] ?? agreed.upstream;
  return redirect(await startLeg(context, going, { leg, upstream }), headers);
}

/** What a yes and a no are stored as, alike. */
export function rowOf(request: HttpRequest, { id }: Pick<Transaction, 'id'>): DenyPending {
  return { transaction: id, ttl: transactionTtl, source: sourceOf(request.remoteAddress) };
}
