import type { HttpResponse } from '../../http/exchange.ts';
import { renderConfirmAccountPage } from '../../ui/connections-doors.ts';
import { accountOf, nameOf, unnamedAccount } from '../../upstream/identity.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import { correlationOf } from '../transaction.ts';
import type { Flow } from './flow.ts';
import { backLink } from './link.ts';
import { makeForm } from './form.ts';
import { formPage } from './form-page.ts';
import type { PageSession } from './session.ts';
import { loadSession } from './session.ts';
import type { Vouched } from './sign-in.ts';
import { upstreamName } from './upstreams.ts';

type Connecting = Extract<Flow['purpose'], { is: 'connect' }>;

/**
 * Shows which account the provider answered with, and asks. Until the click the tokens are nowhere but in the form, sealed:
 * a browser that is signed in there as somebody else connects nobody unseen.
 */
export async function confirmAccount(
  context: ServerContext,
  { request, flow, provider, login, purpose }: Vouched & { readonly purpose: Connecting },
): Promise<HttpResponse> {
  const session = await loadSession(context, request);
  if (!session || session.id !== purpose.session) throw signedOutMeanwhile(context, flow);
  const { identity, tokens } = login;
  const account = accountOf(identity);
  checkOwn(context, { flow, session, account });
  const accountName = nameOf(identity);
  const form = makeForm(
    context,
    { browser: flow.browser, session },
    { does: 'store', upstream: flow.upstream, account, accountName, tokens },
  );
  if (!form)
    throw new PageError('This account cannot be connected', {
      status: 502,
      explanation: `What ${provider.displayName} gave is too large. Nothing was changed.`,
      action: 'Tell the operator the number below.',
      correlationId: correlationOf(flow),
    });
  const html = renderConfirmAccountPage({
    brand: context.config.brand,
    upstream: provider.displayName,
    account: { name: accountName, id: idOf(account) },
    scopes: tokens.scopes,
    user: { name: session.name, upstream: upstreamName(context, session.upstream) },
    instead: insteadOf(purpose, account),
    form,
  });
  return formPage(context, html);
}

/** As people are told it; `null` where the provider tells none. */
export function idOf(account: string): string | null {
  return account === unnamedAccount ? null : account;
}

/** The account that was to be connected again, when another one answered. */
function insteadOf({ account: wanted }: Connecting, account: string): string | null {
  return wanted === account ? null : wanted;
}

/** The account that somebody signs in with is who they are: another one of that provider would be somebody else. */
function checkOwn(
  context: ServerContext,
  {
    flow,
    session,
    account,
  }: {
    readonly flow: Flow;
    readonly session: PageSession;
    readonly account: string;
  },
): void {
  if (session.upstream !== flow.upstream || session.account === account) return;
  const name = upstreamName(context, flow.upstream);
  throw new PageError('This is another account', {
    status: 403,
    explanation: `You sign in with ${name}, and it answered with another account than yours. Nothing was changed.`,
    action: `Sign out of ${name}, go back to your connections, and connect again with your own account.`,
    returnLink: backLink(context),
    correlationId: correlationOf(flow),
  });
}

function signedOutMeanwhile(context: ServerContext, flow: Flow): PageError {
  return new PageError('You are not signed in to this page any more', {
    status: 403,
    explanation: 'The answer of the provider belongs to a session that is over. Nothing was changed.',
    action: 'Go back to your connections, sign in, and try again.',
    returnLink: backLink(context),
    correlationId: correlationOf(flow),
  });
}
