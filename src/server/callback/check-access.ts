import type { HttpResponse } from '../../http/exchange.ts';
import { page } from '../../http/headers.ts';
import { OAuthError } from '../../oauth/errors.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import { nameLabel, userLabel } from '../../observe/audit/labels.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import { renderDeniedPage } from '../../ui/denied.ts';
import type { AccessQuestion } from '../../upstream/access/decision.ts';
import { tellRefusals } from '../../upstream/access/decision.ts';
import type { Identity } from '../../types/tokens.ts';
import { subjectOf } from '../../upstream/identity.ts';
import type { ReplyTo } from '../authorization-reply.ts';
import { errorUrl, returnLink } from '../authorization-reply.ts';
import { decideAccess } from '../decide-access.ts';
import type { ServerContext } from '../context.ts';

/** Who may sign in is explicit (`access`). A refusal is a kind page with the way back; `null` lets the login go on. */
export function checkAccess(
  context: ServerContext,
  {
    identity,
    resource,
    details,
  }: {
    readonly identity: Identity;
    readonly resource: string;
    readonly details: () => LoginDetails;
  },
  to: ReplyTo,
): HttpResponse | null {
  const { config, providers, log, observer } = context;
  const { client } = to;
  const { upstream, subject } = identity;
  const sub = subjectOf(upstream, subject);
  const question = (): AccessQuestion => ({ identity, client, resource });
  const decision = decideAccess(context, { userId: sub, question });
  if (decision.allowed) return null;
  const { correlationId } = to;
  const rules = tellRefusals(decision.rules);
  log.warn({ upstream, sub, reason: decision.reason, rules, correlationId }, 'access denied');
  observer.audit.record('access_denied', () => ({
    ...details(),
    at: 'login',
    upstream: nameLabel(upstream),
    user: userLabel(sub),
    grant: null,
    reason: nameLabel(decision.reason),
    rules: rules.map((rule) => nameLabel(rule)),
  }));
  const error = new OAuthError('access_denied', 'this account may not use this server');
  const html = renderDeniedPage({
    brand: config.brand,
    account: identity.email ?? identity.name,
    upstream: providers.get(upstream)?.displayName ?? upstream,
    contact: config.accessContact,
    correlationId,
    returnLink: returnLink(to, errorUrl(context, to, error)),
  });
  return page(403, html, { 'content-security-policy': contentSecurityPolicy(config.brand) });
}
