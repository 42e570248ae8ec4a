import type { Client } from '../../clients/client.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { nameLabel, userLabel } from '../../observe/audit/labels.ts';
import { bucketOf } from '../../upstream/identity.ts';
import { loginDetails } from '../audit-details.ts';
import { ensureBrowser } from '../browser-cookie.ts';
import type { ServerContext } from '../context.ts';
import type { Returning } from '../sealed-value.ts';
import type { Transaction } from '../transaction.ts';
import { beginLogin } from './begin-login.ts';
import { isStartedHere } from './check-started-here.ts';
import { consentIdOf, coveredScopes, mayRemember, readAgreement } from './remembered.ts';
import { readReturning } from './returning.ts';
import { showConsent } from './show-consent.ts';
import { mayGoWithoutCookies } from './without-cookies.ts';

/** A request that came to the point where its user is asked. */
interface Asking {
  readonly request: HttpRequest;
  readonly transaction: Transaction;
  readonly client: Client;
}

/** Asks the user, unless the operator vouches for the client or the user has agreed to all of it before. */
export async function askConsent(context: ServerContext, asking: Asking): Promise<HttpResponse> {
  const { request, transaction, client } = asking;
  const known = readReturning(context, request);
  if (transaction.request.asksConsent) return showConsent(context, { ...asking, known });
  if (client.consent === 'skip' && request.method === 'GET') {
    const withoutCookie = mayGoWithoutCookies(context.config, client, transaction.request);
    const going = { ...transaction, ...(withoutCookie && { withoutCookie }) };
    const answer = await goOn(context, asking, { going, upstream: null });
    if (answer) return answer;
  }
  const remembered = known && (await rememberedLogin(context, asking, known));
  const answer = remembered && (await goOn(context, asking, { going: remembered, upstream: known.upstream }));
  return answer ?? showConsent(context, { ...asking, known });
}

/** The login as the user allowed it before; `null` when there is anything to ask. */
async function rememberedLogin(
  context: ServerContext,
  { request, transaction, client }: Asking,
  { userId, upstream }: Returning,
): Promise<Transaction | null> {
  const { config, signIn, store, clock } = context;
  if (!mayRemember(config, client) || !isStartedHere(context, request)) return null;
  const consentId = consentIdOf(transaction.request);
  const consent = await store.recallConsent({ bucket: bucketOf(userId), userId, consentId });
  // An operator who shortens the time means what was said before, too.
  const longest = config.consent.remember ?? 0;
  if (!consent || consent.createdAt + longest <= clock()) return null;
  const { scopes } = transaction.request;
  const legs = config.signIn === 'choose' ? signIn.filter(({ name }) => name === upstream) : signIn;
  const allowed = coveredScopes(readAgreement(consent.data), { scopes, legs });
  if (allowed === null || legs.length === 0) return null;
  return {
    ...transaction,
    offered: scopes,
    request: { ...transaction.request, scopes: allowed },
    expected: { userId, upstream, consentId },
  };
}

/** Leads to the upstream without a page; `null` where the user has to choose one. */
async function goOn(
  context: ServerContext,
  { request, transaction, client }: Asking,
  { going, upstream: known }: { readonly going: Transaction; readonly upstream: string | null },
): Promise<HttpResponse | null> {
  const { config, signIn } = context;
  const [first, ...others] = signIn;
  const upstream = config.signIn === 'choose' && others.length > 0 ? known : (first?.name ?? null);
  if (upstream === null) return null;
  const browser = ensureBrowser(context, request);
  const { expected } = going;
  return beginLogin(context, {
    request,
    transaction: { ...going, browser: browser.hash },
    client,
    upstream,
    headers: browser.header,
    stored: () => {
      if (!expected) return;
      context.observer.audit.record('consent_recalled', () => ({
        ...loginDetails(request, { transaction, client }),
        user: userLabel(expected.userId),
        upstream: nameLabel(upstream),
      }));
    },
  });
}
