import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { redirect } from '../../http/headers.ts';
import { correlationLabel, nameLabel, sourceLabel, userLabel } from '../../observe/audit/labels.ts';
import type { ConnectionKey } from '../../store/contract.ts';
import type { SignedOut } from '../../ui/connections-doors.ts';
import { bucketOf } from '../../upstream/identity.ts';
import type { ScopedHandler } from '../answer.ts';
import { PageError, answerPage, readForm } from '../answer.ts';
import { readBrowser } from '../browser-cookie.ts';
import { checkSameOrigin } from '../consent/check-same-origin.ts';
import type { ServerContext } from '../context.ts';
import { correlationOf } from '../transaction.ts';
import { endApps } from './apps.ts';
import { beginFlow } from './flow.ts';
import type { Order, ShownForm } from './form.ts';
import { openForm, spend } from './form.ts';
import { backLink, linkTo } from './link.ts';
import { signInPage } from './page.ts';
import { forgetRemembered } from './remembered.ts';
import type { PageSession } from './session.ts';
import { endSession, loadSession } from './session.ts';
import { noApp } from './sign-in.ts';

/** `POST /connections`: one of the page's buttons. From our own origin, this browser and this session, once. */
export function connectionsOrder(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    checkSameOrigin(context, request);
    const posted = await readForm(request);
    const browser = readBrowser(context, request);
    const session = await loadSession(context, request);
    const form = browser && openForm(context, posted.get('request'), { browser: browser.hash, session });
    if (!form) throw notThisPage(context);
    scope.correlationId = correlationOf(form);
    return obey(context, { request, form, session, allowed: posted.get('decision') !== 'deny' });
  });
}

interface Pressed {
  readonly request: HttpRequest;
  readonly form: ShownForm;
  readonly session: PageSession | null;
  /** False: the other button of a question. */
  readonly allowed: boolean;
}

async function obey(context: ServerContext, pressed: Pressed): Promise<HttpResponse> {
  const { request, form, session, allowed } = pressed;
  const { order, id, expiresAt, browser } = form;
  if (order.does === 'sign_in') {
    const { upstream, target } = order;
    return beginFlow(context, request, {
      id,
      expiresAt,
      browser,
      upstream,
      purpose: { is: 'sign_in', target },
    });
  }
  // Every other form was sealed for a session, which `openForm` compared.
  if (!session) throw notThisPage(context);
  switch (order.does) {
    case 'connect': {
      const { upstream, account } = order;
      const purpose = { is: 'connect', session: session.id, account } as const;
      return beginFlow(context, request, { id, expiresAt, browser, upstream, purpose });
    }
    case 'disconnect':
      return disconnect(context, { request, form, session, order });
    case 'store':
      return allowed ? store(context, { request, form, session, order }) : back(context, order.upstream);
    case 'forget':
      await forgetRemembered(context, { request, form, session, consentId: order.consentId });
      return back(context, null);
    case 'end_apps':
      return signAppsOut(context, { request, form, session, order });
    case 'sign_out':
      return leave(context, { request, session }, 'page');
  }
}

/** Signs the person out of the page. */
async function leave(
  context: ServerContext,
  { request, session }: Pick<Ordered<'sign_out'>, 'request' | 'session'>,
  signedOut: SignedOut,
): Promise<HttpResponse> {
  const headers = await endSession(context, request, session);
  return signInPage(context, request, { target: { upstream: null, hint: null }, signedOut, headers });
}

/** Whoever has no app left, and nothing else here, has no page either. */
async function signAppsOut(
  context: ServerContext,
  { request, form, session, order }: Ordered<'end_apps'>,
): Promise<HttpResponse> {
  await endApps(context, { request, form, session, grantId: order.grantId });
  const { userId } = session;
  const user = { bucket: bucketOf(userId), userId };
  const gone = (await context.store.listConnections(user)) === null;
  if (gone && (await context.store.listConsents(user)).length === 0)
    return leave(context, { request, session }, 'apps');
  return back(context, null);
}

/** An order of one kind, by somebody who is signed in. */
interface Ordered<Does extends Order['does']> {
  readonly request: HttpRequest;
  readonly form: ShownForm;
  readonly session: PageSession;
  readonly order: Extract<Order, { readonly does: Does }>;
}

/** Puts a connected account into the vault of who is signed in here: never of anybody whom a form could name. */
async function store(
  context: ServerContext,
  { request, form, session, order }: Ordered<'store'>,
): Promise<HttpResponse> {
  const { upstream, accountName, tokens } = order;
  const provider = context.providers.get(upstream);
  if (!provider) throw notThisPage(context);
  const key = keyOf(session, order);
  await checkRoom(context, key);
  if (!(await spend(context, request, form))) return back(context, upstream);
  const sealed = context.vault.sealTokens(key, {
    tokens,
    upstreamClientId: provider.clientId,
    accountName,
  });
  const stored = await context.store.putConnection({ connection: key, tokens: sealed });
  if (stored === 'no_user') throw noApp(form);
  context.sessions.forgetUser(key.userId);
  if (stored === 'kept') throw kept(context, form);
  context.log.info(
    { upstream, sub: key.userId, correlationId: correlationOf(form) },
    'an account was connected',
  );
  context.observer.audit.record('connection_added', () => detailsOf(request, form, key));
  return back(context, upstream);
}

/** Accounts of one user at one upstream: nothing may grow without end. */
const mostAccounts = 10;

async function checkRoom({ store: kept }: ServerContext, key: ConnectionKey): Promise<void> {
  const rows = (await kept.listConnections(key)) ?? [];
  const others = rows.filter((row) => row.key.upstream === key.upstream && row.key.account !== key.account);
  if (others.length < mostAccounts) return;
  throw new PageError('Too many accounts are connected there', {
    status: 409,
    explanation: `At one provider ${mostAccounts} accounts can be connected. Nothing was changed.`,
    action: 'Go back to your connections, disconnect one that you do not need, and try again.',
  });
}

/** Also ends the grants that were signed in with the account, which the page has said beside the button. */
async function disconnect(
  context: ServerContext,
  { request, form, session, order }: Ordered<'disconnect'>,
): Promise<HttpResponse> {
  const key = keyOf(session, order);
  if (!(await spend(context, request, form))) return back(context, order.upstream);
  const grants = await context.store.endConnection({ ...key, why: 'user_revoked' });
  context.sessions.forgetUser(key.userId);
  if (grants !== null) {
    context.log.info({ upstream: key.upstream, sub: key.userId, grants }, 'a user ended a connection');
    context.observer.audit.record('connection_ended', () => ({ ...detailsOf(request, form, key), grants }));
    void context.vault.tellUpstreams();
  }
  if (session.upstream !== key.upstream || session.account !== key.account) return back(context, null);
  return leave(context, { request, session }, 'apps');
}

function keyOf(
  { userId }: PageSession,
  { upstream, account }: { readonly upstream: string; readonly account: string },
): ConnectionKey {
  return { bucket: bucketOf(userId), userId, upstream, account };
}

function detailsOf({ remoteAddress }: HttpRequest, form: ShownForm, { userId, upstream }: ConnectionKey) {
  return {
    correlationId: correlationLabel(correlationOf(form)),
    source: sourceLabel(remoteAddress),
    user: userLabel(userId),
    upstream: nameLabel(upstream),
  };
}

function back({ locations }: ServerContext, upstream: string | null): HttpResponse {
  return redirect(linkTo(locations.connections, { upstream, hint: null }));
}

function notThisPage({ locations }: ServerContext): PageError {
  return new PageError('This page has expired', {
    status: 403,
    explanation:
      'Its buttons work for ten minutes, in the browser that showed them, and as long as you are signed in. Nothing was changed.',
    action: 'Go back to your connections and try again, with cookies allowed for this site.',
    returnLink: backLink({ locations }),
  });
}

function kept({ locations }: ServerContext, form: ShownForm): PageError {
  return new PageError('The connection that you have can do more', {
    status: 409,
    explanation:
      'This account is connected already, and apps may use more of it than was granted now. It stays as it is.',
    action: 'To let apps use less, disconnect it first, then connect it again.',
    returnLink: backLink({ locations }),
    correlationId: correlationOf(form),
  });
}
