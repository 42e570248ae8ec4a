import type { Client } from '../../clients/client.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import { nameLabel, userLabel } from '../../observe/audit/labels.ts';
import { ensureBrowser } from '../browser-cookie.ts';
import { cancelled } from '../cancelled.ts';
import { expiredPage } from '../consent/expired.ts';
import { showAgain } from '../consent/show-again.ts';
import type { ServerContext } from '../context.ts';
import type { AskedAgain, Transaction } from '../transaction.ts';
import { sealBytes, transactionTtl } from '../transaction.ts';
import type { Collected } from './collected.ts';
import { progressOf } from './collected.ts';
import { signedInPage } from './signed-in.ts';

/** An upstream's answer that nobody has agreed to as it is. */
interface Unagreed {
  readonly request: HttpRequest;
  readonly transaction: Transaction;
  readonly client: Client;
  readonly details: () => LoginDetails;
  readonly leg: number;
  readonly attempt: string;
  readonly collected: Collected;
  /** Upstreams that the login still leads to. */
  readonly remaining: readonly string[];
  readonly why: AskedAgain;
}

/** Why the click before the sign-in does not count for who signed in; `null`: it does. */
export function reasonToAskAgain(
  { expected, progress }: Transaction,
  { collected, stranger }: { readonly collected: Collected; readonly stranger: boolean },
): AskedAgain | null {
  if (stranger) return 'without_cookie';
  // The first upstream says who somebody is; after it there is nothing new to see.
  return expected && !progress && expected.userId !== collected.userId ? 'other_user' : null;
}

/** Asks before anything is kept: what the upstream gave waits in the pending row, sealed, for one click. */
export async function askAgain(context: ServerContext, unagreed: Unagreed): Promise<HttpResponse> {
  const { request, transaction, client, details, leg, attempt, collected, remaining, why } = unagreed;
  const browser = ensureBrowser(context, request);
  const waiting: Transaction = {
    ...transaction,
    // From here on the login is this browser's: whoever began it elsewhere is not asked.
    browser: browser.hash,
    progress: progressOf(collected, remaining),
    again: why,
  };
  const advanced = await context.store.advancePending({
    transaction: transaction.id,
    leg,
    attempt,
    sealed: sealBytes(context, waiting),
    ttl: transactionTtl,
  });
  switch (advanced.r) {
    case 'ok':
      context.observer.audit.record('consent_asked_again', () => ({
        ...details(),
        user: userLabel(collected.userId),
        upstream: nameLabel(collected.upstream),
        reason: why,
      }));
      return showAgain(context, { browser, transaction: waiting, client, leg: advanced.leg });
    case 'done':
      return signedInPage(context, transaction);
    case 'denied':
      throw cancelled();
    case 'missing':
      throw expiredPage();
  }
}
