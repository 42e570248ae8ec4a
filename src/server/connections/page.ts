import { randomToken } from '../../crypto/random.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { correlationLabel, nameLabel, sourceLabel, userLabel } from '../../observe/audit/labels.ts';
import type { RememberedConsent } from '../../store/consent-contract.ts';
import type { GrantSummary, UserConnection } from '../../store/contract.ts';
import type { SignedOut } from '../../ui/connections-doors.ts';
import { renderConnectionsSignInPage, renderOtherUserPage } from '../../ui/connections-doors.ts';
import type { UpstreamView } from '../../ui/connections.ts';
import type { SealedForm } from '../../ui/connections-parts.ts';
import { renderConnectionsPage } from '../../ui/connections.ts';
import { bucketOf } from '../../upstream/identity.ts';
import type { RequestScope, ScopedHandler } from '../answer.ts';
import { answerPage } from '../answer.ts';
import { ensureBrowser } from '../browser-cookie.ts';
import type { ServerContext } from '../context.ts';
import { accountsOf } from './accounts.ts';
import { appsOf, appsView } from './apps.ts';
import type { Order } from './form.ts';
import { makeForm } from './form.ts';
import { formPage } from './form-page.ts';
import type { LinkTarget } from './link.ts';
import { isFor, readTarget } from './link.ts';
import { rememberedViews } from './remembered.ts';
import type { PageSession } from './session.ts';
import { endSession, loadSession } from './session.ts';
import { noApp } from './sign-in.ts';
import { iconOf, upstreamName, waysIn } from './upstreams.ts';

/** `GET /connections`: what somebody has connected, for who is signed in to the page; else the way in. */
export function connectionsPage(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request, scope) => {
    const target = readTarget(context, request.query);
    const session = await loadSession(context, request);
    if (!session) return signInPage(context, request, { target, signedOut: null });
    if (!isFor(context, target, session.userId)) return refuseOther(context, { request, scope, session });
    const { userId } = session;
    const user = { bucket: bucketOf(userId), userId };
    const rows = await context.store.listConnections(user);
    const consents = await context.store.listConsents(user);
    // What is remembered outlives the apps' grants, and is its user's to take back.
    if (rows === null && consents.length === 0) {
      await endSession(context, request, session);
      throw noApp({ id: randomToken(16) });
    }
    const apps = await appsOf(context, userId);
    return listPage(context, { session, rows: rows ?? [], apps, consents, target });
  });
}

/** The way in: a click, so that no link signs anybody in. */
export function signInPage(
  context: ServerContext,
  request: HttpRequest,
  {
    target,
    signedOut,
    headers = {},
  }: {
    readonly target: LinkTarget;
    readonly signedOut: SignedOut | null;
    readonly headers?: HttpResponse['headers'];
  },
): HttpResponse {
  const browser = ensureBrowser(context, request);
  const form = formMaker(context, browser.hash, null);
  const html = renderConnectionsSignInPage({
    brand: context.config.brand,
    ways: waysIn(context).map(({ name, displayName }) => ({
      displayName,
      icon: iconOf(context, name),
      form: form({ does: 'sign_in', upstream: name, target }),
    })),
    asked: target.upstream === null ? null : upstreamName(context, target.upstream),
    signedOut,
  });
  return formPage(context, html, { headers: { ...browser.header, ...headers } });
}

function refuseOther(
  context: ServerContext,
  {
    request,
    scope,
    session,
  }: {
    readonly request: HttpRequest;
    readonly scope: RequestScope;
    readonly session: PageSession;
  },
): HttpResponse {
  const { correlationId } = scope;
  context.observer.audit.record('connections_refused', () => ({
    correlationId: correlationLabel(correlationId),
    source: sourceLabel(request.remoteAddress),
    user: userLabel(session.userId),
    upstream: nameLabel(session.upstream),
    reason: 'other_user',
  }));
  const html = renderOtherUserPage({
    brand: context.config.brand,
    user: personOf(context, session),
    signOut: formMaker(context, session.browser, session)({ does: 'sign_out' }),
    correlationId,
  });
  return formPage(context, html, { status: 403 });
}

function listPage(
  context: ServerContext,
  {
    session,
    rows,
    apps,
    consents,
    target,
  }: {
    readonly session: PageSession;
    readonly rows: readonly UserConnection[];
    readonly apps: readonly GrantSummary[];
    readonly consents: readonly RememberedConsent[];
    readonly target: LinkTarget;
  },
): HttpResponse {
  const form = formMaker(context, session.browser, session);
  const upstreams = context.config.upstreams.map(({ name, displayName, icon }): UpstreamView => {
    const accounts = accountsOf(context, {
      session,
      form,
      rows: rows.filter(({ key }) => key.upstream === name),
    });
    return {
      displayName,
      icon,
      accounts: accounts.views,
      connect: session.upstream === name ? null : form({ does: 'connect', upstream: name, account: null }),
      asked: target.upstream === name,
      justConnected: accounts.justConnected,
    };
  });
  // What the link is about comes first.
  const ordered = [...upstreams.filter(({ asked }) => asked), ...upstreams.filter(({ asked }) => !asked)];
  const html = renderConnectionsPage({
    brand: context.config.brand,
    user: personOf(context, session),
    upstreams: ordered,
    apps: appsView(context, apps, form),
    remembered: rememberedViews(consents, form),
    signOut: form({ does: 'sign_out' }),
  });
  return formPage(context, html);
}

function personOf(context: ServerContext, { name, upstream }: PageSession) {
  return { name, upstream: upstreamName(context, upstream) };
}

/** Makes the buttons of one page. Orders are small: only what an upstream gave may be too large to travel. */
function formMaker(
  context: ServerContext,
  browser: string,
  session: PageSession | null,
): (order: Order) => SealedForm {
  return (order) => {
    const form = makeForm(context, { browser, session }, order);
    if (!form) throw new TypeError('an order is too large');
    return form;
  };
}
