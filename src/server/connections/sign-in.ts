import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { page, redirect } from '../../http/headers.ts';
import {
  clientLabel,
  correlationLabel,
  nameLabel,
  sourceLabel,
  userLabel,
} from '../../observe/audit/labels.ts';
import { renderDeniedPage } from '../../ui/denied.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import { tellRefusals } from '../../upstream/access/decision.ts';
import type { AccessDecision } from '../../upstream/access/decision.ts';
import { bucketOf, nameOf, subjectOf } from '../../upstream/identity.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../upstream/provider.ts';
import type { Identity } from '../../types/tokens.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import { correlationOf } from '../transaction.ts';
import type { Flow } from './flow.ts';
import type { LinkTarget } from './link.ts';
import { linkTo } from './link.ts';
import { startSession } from './session.ts';

/** Somebody whom an upstream vouched for. */
export interface Vouched {
  readonly request: HttpRequest;
  readonly flow: Flow;
  readonly provider: UpstreamProvider;
  readonly login: UpstreamLogin;
}

/**
 * Signs in to the page: whom the access rules admit, and who has an app that is signed in. What the upstream gave is not
 * kept: the vault has its own.
 */
export async function signIn(
  context: ServerContext,
  { request, flow, provider, login: { identity }, target }: Vouched & { readonly target: LinkTarget },
): Promise<HttpResponse> {
  const { access, config, locations, store, observer } = context;
  const client = { id: locations.connections, name: null };
  const decision = access.decide({ identity, client, resource: config.issuer });
  if (!decision.allowed) return denied(context, { request, flow, provider, identity, decision });
  const userId = subjectOf(identity.upstream, identity.subject);
  const about = {
    correlationId: correlationLabel(correlationOf(flow)),
    source: sourceLabel(request.remoteAddress),
    user: userLabel(userId),
    upstream: nameLabel(identity.upstream),
  };
  const user = { bucket: bucketOf(userId), userId };
  if ((await store.listConnections(user)) === null && (await store.listConsents(user)).length === 0) {
    observer.audit.record('connections_refused', () => ({ ...about, reason: 'no_app' }));
    throw noApp(flow);
  }
  observer.audit.record('connections_signed_in', () => about);
  const cookie = startSession(context, {
    browser: flow.browser,
    userId,
    upstream: identity.upstream,
    account: identity.subject,
    name: nameOf(identity),
  });
  return redirect(linkTo(locations.connections, target), cookie);
}

/** Nobody but a user of an app has anything here. */
export function noApp(flow: { readonly id: string }): PageError {
  return new PageError('No app of yours is signed in', {
    status: 403,
    explanation:
      'This page is for people who use an app with this server, and with this account nobody does.',
    action:
      'Connect from the app first; then come back. If you use the app with another account, sign in with that one.',
    correlationId: correlationOf(flow),
  });
}

function denied(
  context: ServerContext,
  {
    request,
    flow,
    provider,
    identity,
    decision,
  }: Omit<Vouched, 'login'> & {
    readonly identity: Identity;
    readonly decision: Extract<AccessDecision, { allowed: false }>;
  },
): HttpResponse {
  const { config, log, observer, locations } = context;
  const correlationId = correlationOf(flow);
  const { upstream, subject } = identity;
  const sub = subjectOf(upstream, subject);
  const rules = tellRefusals(decision.rules);
  log.warn({ upstream, sub, reason: decision.reason, rules, correlationId }, 'access denied');
  observer.audit.record('access_denied', () => ({
    correlationId: correlationLabel(correlationId),
    source: sourceLabel(request.remoteAddress),
    client: clientLabel(locations.connections),
    clientName: null,
    knownClient: null,
    standing: null,
    resource: nameLabel(config.issuer),
    at: 'connections',
    upstream: nameLabel(upstream),
    user: userLabel(sub),
    grant: null,
    reason: nameLabel(decision.reason),
    rules: rules.map((rule) => nameLabel(rule)),
  }));
  const html = renderDeniedPage({
    brand: config.brand,
    account: nameOf(identity),
    upstream: provider.displayName,
    contact: config.accessContact,
    correlationId,
    returnLink: null,
  });
  return page(403, html, { 'content-security-policy': contentSecurityPolicy(config.brand) });
}
