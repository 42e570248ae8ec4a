import type { HttpRequest } from '../../http/exchange.ts';
import { correlationLabel, grantLabel, sourceLabel, userLabel } from '../../observe/audit/labels.ts';
import type { GrantSummary } from '../../store/contract.ts';
import type { AppsView, AppView } from '../../ui/apps.ts';
import type { SealedForm } from '../../ui/connections-parts.ts';
import { bucketOf } from '../../upstream/identity.ts';
import type { ServerContext } from '../context.ts';
import { withImplied } from '../../oauth/scope-hierarchy.ts';
import { decodeGrantData } from '../grant-data.ts';
import { described } from '../described-scope.ts';
import { knownLabel, readTrace } from '../login-trace.ts';
import { browserName } from '../seen-browser.ts';
import { correlationOf } from '../transaction.ts';
import type { Order, ShownForm } from './form.ts';
import type { PageSession } from './session.ts';

/** Rows of the page: each carries a form. Who has more ends some, or all. */
const mostShown = 200;

/** A user's living grants, codes that nobody has redeemed among them; the one used last first. */
export async function appsOf({ store }: ServerContext, userId: string): Promise<readonly GrantSummary[]> {
  const user = { bucket: bucketOf(userId), userId };
  const { grants } = await store.listGrants({ after: '', user, client: null, upstream: null, state: null });
  return grants
    .filter(({ state }) => state === 'active' || state === 'code')
    .toSorted((a, b) => b.lastUsedAt - a.lastUsedAt);
}

/** What the page shows of those that got tokens, each with its button. */
export function appsView(
  context: ServerContext,
  living: readonly GrantSummary[],
  form: (order: Order) => SealedForm,
): AppsView {
  const apps = living.filter(({ state }) => state === 'active');
  return {
    shown: apps.slice(0, mostShown).map((grant) => appView(context, grant, form)),
    more: Math.max(0, apps.length - mostShown),
    endAll: apps.length > 1 ? form({ does: 'end_apps', grantId: null }) : null,
  };
}

function appView(
  { config }: ServerContext,
  { grantId, data, resource, createdAt, lastUsedAt }: GrantSummary,
  form: (order: Order) => SealedForm,
): AppView {
  const { clientName, scopes, trace } = decodeGrantData(data);
  const seen = readTrace(trace);
  return {
    name: clientName,
    host: seen === null || seen.host === '' ? null : seen.host,
    target: seen && seen.target,
    known: seen && knownLabel(seen),
    browser: seen && browserName(seen.browser),
    resource,
    scopes: withImplied(scopes, config.scopeHierarchy).map((name) => described(config, name)),
    signedInAt: createdAt,
    usedAt: lastUsedAt,
    end: form({ does: 'end_apps', grantId }),
  };
}

/** Ends one app's sign-in, or all: of who is signed in here, and of nobody whom a form could name. */
export async function endApps(
  context: ServerContext,
  {
    request,
    form,
    session: { userId },
    grantId,
  }: {
    readonly request: HttpRequest;
    readonly form: ShownForm;
    readonly session: PageSession;
    readonly grantId: string | null;
  },
): Promise<void> {
  const { store, sessions, log, observer } = context;
  const correlationId = correlationOf(form);
  for (const app of await appsOf(context, userId)) {
    if (grantId !== null && app.grantId !== grantId) continue;
    if (!(await store.revokeGrant({ ...app, why: 'user_revoked' }))) continue;
    const sid = `${app.bucket}.${app.grantId}`;
    sessions.forget(sid);
    log.info({ sid, sub: userId, correlationId }, 'a user signed an app out');
    observer.audit.record('revoked', () => ({
      correlationId: correlationLabel(correlationId),
      source: sourceLabel(request.remoteAddress),
      by: 'user',
      what: 'grant',
      why: 'user_revoked',
      client: null,
      grant: grantLabel(app),
      user: userLabel(userId),
    }));
  }
}
