import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { redirect } from '../../http/headers.ts';
import { sourceOf } from '../../http/source.ts';
import type { Milliseconds } from '../../types/time.ts';
import { UpstreamError } from '../../upstream/provider.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import { legSecrets } from '../login-state.ts';
import { correlationOf, transactionTtl } from '../transaction.ts';
import type { LinkTarget } from './link.ts';
import { linkTo } from './link.ts';
import { sealValue } from './sealed-text.ts';

/** One walk to an upstream and back, begun on the connections page. It never ends in a code for a client. */
export interface Flow {
  readonly id: string;
  readonly expiresAt: Milliseconds;
  /** SHA-256 of the browser's cookie. */
  readonly browser: string;
  readonly upstream: string;
  readonly purpose:
    | { readonly is: 'sign_in'; readonly target: LinkTarget }
    /** `session`: whose; `account`: the one to connect again. */
    | { readonly is: 'connect'; readonly session: string; readonly account: string | null };
}

/** Stores that it waits, once for each form, and leads the browser to the upstream. */
export async function beginFlow(
  context: ServerContext,
  request: HttpRequest,
  flow: Flow,
): Promise<HttpResponse> {
  const stored = await context.store.putPending({
    transaction: flow.id,
    sealed: sealValue(context, 'flow', flow),
    ttl: transactionTtl,
    source: sourceOf(request.remoteAddress),
  });
  if (stored.r === 'ok') return redirect(await legAddress(context, flow, stored.leg));
  // Its answer came already: the page tells what it led to.
  return redirect(linkTo(context.locations.connections, { upstream: flow.upstream, hint: null }));
}

/** The upstream's address for one leg, with our own `state`, nonce and PKCE. */
export async function legAddress(context: ServerContext, flow: Flow, leg: number): Promise<string> {
  const { id: transaction, upstream, browser } = flow;
  const provider = context.providers.get(upstream);
  const [key] = context.rings.connectionsState;
  if (!key) throw new TypeError('a flow needs a key');
  if (!provider) throw gone(flow);
  const { state, nonce, codeChallenge } = legSecrets(key, { transaction, leg, upstream, browser });
  const asked = { prompt: null, maxAge: null, loginHint: null };
  try {
    return await provider.authorizationUrl({ state, nonce, codeChallenge, ...asked });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    throw new PageError(`${provider.displayName} cannot be reached`, {
      status: 503,
      explanation: 'It does not answer right now. Nothing was changed.',
      action: 'Wait a moment, then reload this page.',
      correlationId: correlationOf(flow),
      cause: error,
    });
  }
}

/** The configuration has changed in the middle. */
export function gone(flow: Flow): PageError {
  return new PageError('This connection is not offered any more', {
    explanation: 'Whoever runs this server took it away in the meantime. Nothing was changed.',
    action: 'Go back to your connections.',
    correlationId: correlationOf(flow),
  });
}
