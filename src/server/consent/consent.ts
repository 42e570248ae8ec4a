import { equalSecrets } from '../../crypto/hash.ts';
import type { Client } from '../../clients/client.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { redirect } from '../../http/headers.ts';
import { sourceOf } from '../../http/source.ts';
import { OAuthError } from '../../oauth/errors.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { parseParameters } from '../../oauth/parameters.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import type { DenyPending } from '../../store/pending-contract.ts';
import type { ScopedHandler } from '../answer.ts';
import { PageError, answerPage, readForm } from '../answer.ts';
import { loginDetails } from '../audit-details.ts';
import { replyWithError } from '../authorization-reply.ts';
import { readBrowser } from '../browser-cookie.ts';
import { signedInPage } from '../callback/signed-in.ts';
import { startLeg } from '../callback/start-leg.ts';
import { cancelled } from '../cancelled.ts';
import type { ServerContext } from '../context.ts';
import { resumeClient } from '../resume-client.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf, openBytes, openText, sealBytes, transactionTtl } from '../transaction.ts';
import { checkSameOrigin } from './check-same-origin.ts';
import { showConsent } from './show-consent.ts';

/** `GET /oauth/consent`: the page, when the authorization endpoint is on another origin and handed the request over. */
export function consentPage(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    const sealed = parseParameters(request.query).get('request');
    const transaction = openText(context, sealed, {
      purpose: 'handover',
      clock: context.clock,
    });
    if (!transaction) throw expired();
    scope.correlationId = correlationOf(transaction);
    const client = await resumeClient(context, transaction);
    return showConsent(context, { request, transaction, client });
  });
}

/** `POST /oauth/consent`: the decision. Idempotent per transaction; only after it is anything stored. */
export function consentDecision(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    checkSameOrigin(context, request);
    const form = await readForm(request);
    const transaction = openText(context, form.get('request'), {
      purpose: 'consent',
      clock: context.clock,
    });
    if (!transaction) throw expired();
    scope.correlationId = correlationOf(transaction);
    checkBrowser(context, request, transaction);
    const client = await resumeClient(context, transaction);
    const details = (): LoginDetails => loginDetails(request, { transaction, client });
    const upstream = allowedUpstream(context, form);
    if (upstream === null) return decline(context, { request, transaction, details }, client);
    return goUpstream(context, { request, transaction, details }, upstream);
  });
}

/** The form must come back from the browser that was shown it: a page handed to somebody else is worthless. */
function checkBrowser(context: ServerContext, request: HttpRequest, transaction: Transaction): void {
  const browser = readBrowser(context, request);
  if (browser && transaction.browser !== null && equalSecrets(browser.hash, transaction.browser)) return;
  throw new PageError('This page belongs to another browser', {
    status: 403,
    explanation: 'The sign-in was started in another browser, or this browser does not keep cookies.',
    action: 'Allow cookies for this site, go back to the app, and connect again.',
  });
}

interface Decided {
  readonly request: HttpRequest;
  readonly transaction: Transaction;
  readonly details: () => LoginDetails;
}

async function goUpstream(
  context: ServerContext,
  { request, transaction, details }: Decided,
  chosen: string,
): Promise<HttpResponse> {
  const sealed = sealBytes(context, transaction);
  const stored = await context.store.putPending({ ...rowOf(request, transaction), sealed });
  if (stored.r === 'denied') throw cancelled();
  if (stored.r !== 'ok') return signedInPage(context, transaction);
  context.log.debug({ correlationId: correlationOf(transaction) }, 'consent given');
  context.observer.audit.record('consent_allowed', details);
  // A login of this browser that has come further goes on where it is.
  const waiting = stored.sealed ? openBytes(context, stored.sealed) : transaction;
  const { progress } = waiting.browser === transaction.browser ? waiting : transaction;
  const upstream = progress?.remaining[0] ?? chosen;
  const going = progress ? { ...transaction, progress } : transaction;
  return redirect(await startLeg(context, going, { leg: stored.leg, upstream }));
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

/** What a yes and a no are stored as, alike. */
function rowOf(request: HttpRequest, { id }: Transaction): DenyPending {
  return { transaction: id, ttl: transactionTtl, source: sourceOf(request.remoteAddress) };
}

/** A no is final for its transaction: who allowed it before and went back is not signed in by the upstream's answer. */
async function decline(
  context: ServerContext,
  { request, transaction, details }: Decided,
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

function expired(): PageError {
  return new PageError('This page has expired', {
    explanation: 'A sign-in must be finished within ten minutes, on the page that this server showed.',
    action: 'Go back to the app and connect again.',
  });
}
