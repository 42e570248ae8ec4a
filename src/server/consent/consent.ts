import { equalSecrets } from '../../crypto/hash.ts';
import type { Client } from '../../clients/client.ts';
import type { HttpRequest } from '../../http/exchange.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { parseParameters } from '../../oauth/parameters.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import type { ScopedHandler } from '../answer.ts';
import { PageError, answerPage, readForm } from '../answer.ts';
import { loginDetails } from '../audit-details.ts';
import { readBrowser } from '../browser-cookie.ts';
import type { ServerContext } from '../context.ts';
import { resumeClient } from '../resume-client.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf, openText } from '../transaction.ts';
import { askConsent } from './ask.ts';
import { beginLogin } from './begin-login.ts';
import { checkSameOrigin } from './check-same-origin.ts';
import { decline } from './decline.ts';
import { expiredPage } from './expired.ts';
import { otherBrowser } from './other-browser.ts';
import { mayRemember } from './remembered.ts';
import { chosenScopes, offeredScopes } from './scope-choice.ts';
import { secondDecision } from './second-decision.ts';
import { mayGoWithoutCookies } from './without-cookies.ts';

/** `GET /oauth/consent`: the page, when the authorization endpoint is on another origin and handed the request over. */
export function consentPage(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    const sealed = parseParameters(request.query).get('request');
    const transaction = openText(context, sealed, {
      purpose: 'handover',
      clock: context.clock,
    });
    if (!transaction) throw expiredPage();
    scope.correlationId = correlationOf(transaction);
    const client = await resumeClient(context, transaction);
    return askConsent(context, { request, transaction, client });
  });
}

/** `POST /oauth/consent`: the decision. Idempotent per transaction; only after it is anything stored. */
export function consentDecision(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    checkSameOrigin(context, request);
    const form = await readForm(request);
    const again = await secondDecision(context, { request, scope, form });
    if (again) return again;
    const transaction = openText(context, form.get('request'), {
      purpose: 'consent',
      clock: context.clock,
    });
    if (!transaction) throw expiredPage();
    scope.correlationId = correlationOf(transaction);
    const client = await resumeClient(context, transaction);
    checkBrowser(context, request, { transaction, client });
    const details = (): LoginDetails => loginDetails(request, { transaction, client });
    const going = decisionOf(context, { form, transaction, client });
    if (going === null) return decline(context, { request, transaction, details }, client);
    return beginLogin(context, {
      request,
      ...going,
      client,
      stored: () => {
        context.log.debug({ correlationId: correlationOf(transaction) }, 'consent given');
        context.observer.audit.record('consent_allowed', details);
      },
    });
  });
}

/**
 * The form must come back from the browser that was shown it: a page handed to somebody else is worthless. One without any
 * cookie is let on for clients that the operator named, and asked again at the end.
 */
function checkBrowser(
  context: ServerContext,
  request: HttpRequest,
  { transaction, client }: { readonly transaction: Transaction; readonly client: Client },
): void {
  const browser = readBrowser(context, request);
  if (browser && transaction.browser !== null && equalSecrets(browser.hash, transaction.browser)) return;
  if (!browser && mayGoWithoutCookies(context.config, client, transaction.request)) return;
  throw otherBrowser();
}

interface Filled {
  readonly form: Parameters;
  readonly transaction: Transaction;
  readonly client: Client;
}

/** The login as the form allows it; `null` for a no. */
function decisionOf(
  context: ServerContext,
  { form, transaction, client }: Filled,
): { readonly transaction: Transaction; readonly upstream: string } | null {
  const { config } = context;
  const other = form.get('decision') === 'other_account';
  const upstream = other ? otherAccountAt(context, transaction) : allowedUpstream(context, form);
  if (upstream === null) return null;
  const { expected, ...rest } = transaction;
  const { request } = transaction;
  const scopes = chosenScopes(offeredScopes(config, request), { form, hierarchy: config.scopeHierarchy });
  const withoutCookie = mayGoWithoutCookies(config, client, request);
  const remember = form.get('remember') === 'on' && !withoutCookie && mayRemember(config, client);
  const prompt = other ? 'select_account' : request.prompt;
  const going: Transaction = {
    ...rest,
    request: { ...request, scopes, prompt },
    offered: request.scopes,
    ...(withoutCookie && { withoutCookie }),
    ...(remember && { remember }),
    // Who chooses another account, or another place to sign in, is not the one whom the page named.
    ...(!other && expected?.upstream === upstream && { expected }),
  };
  return { transaction: going, upstream };
}

/** Where the account is exchanged for another: where the known one signs in, when there is a choice. */
function otherAccountAt({ config, signIn }: ServerContext, { expected }: Transaction): string | null {
  const names = signIn.map(({ name }) => name);
  if (config.signIn !== 'choose') return names[0] ?? null;
  return names.find((name) => name === expected?.upstream) ?? null;
}

/** Where a yes leads first; `null` for a no. Where there is a choice, each button is a yes that names its upstream. */
function allowedUpstream({ config, signIn }: ServerContext, form: Parameters): string | null {
  const names = signIn.map(({ name }) => name);
  if (config.signIn === 'choose' && names.length > 1) {
    const chosen = form.get('upstream');
    if (chosen === undefined || form.get('decision') !== undefined) return null;
    if (names.includes(chosen)) return chosen;
    throw new PageError('This way to sign in is not offered', {
      explanation: 'The page is older than the configuration of this server, or was changed on its way.',
      action: 'Go back to the app and connect again.',
    });
  }
  return form.get('decision') === 'allow' ? (names[0] ?? null) : null;
}
