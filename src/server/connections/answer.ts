/** The upstream's answer to a flow of the connections page; it comes to the same address as those of logins. */
import { randomToken } from '../../crypto/random.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { page, redirect } from '../../http/headers.ts';
import { sourceOf } from '../../http/source.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../upstream/provider.ts';
import { UpstreamError } from '../../upstream/provider.ts';
import type { RequestScope } from '../answer.ts';
import { PageError } from '../answer.ts';
import { readBrowser } from '../browser-cookie.ts';
import type { ServerContext } from '../context.ts';
import type { LoginState } from '../login-state.ts';
import { legSecrets, openLoginState } from '../login-state.ts';
import { correlationOf, transactionTtl } from '../transaction.ts';
import { confirmAccount } from './confirm.ts';
import { signIn } from './sign-in.ts';
import type { Flow } from './flow.ts';
import { gone, legAddress } from './flow.ts';
import { backLink } from './link.ts';
import { openValue } from './sealed-text.ts';

/**
 * Answers when the `state` is of a flow of this page, made for this browser and one of these upstreams; `null` leaves the
 * request to the login. The keys are not the login's: neither takes the other's state.
 */
export async function answerFlow(
  context: ServerContext,
  {
    request,
    scope,
    upstreams,
  }: {
    readonly request: HttpRequest;
    readonly scope: RequestScope;
    readonly upstreams: readonly string[];
  },
): Promise<HttpResponse | null> {
  const parameters = new URLSearchParams(request.query);
  const state = openState(context, request, { parameters, upstreams });
  if (!state) return null;
  scope.correlationId = correlationOf({ id: state.transaction });
  const { brand } = context.config;
  // HEAD is for looking, not for doing (RFC 9110 §9.2.1).
  if (request.method === 'HEAD')
    return page(200, '', { 'content-security-policy': contentSecurityPolicy(brand) });
  const taken = await context.store.takePending({ ...state, attempt: randomToken(12) });
  switch (taken.r) {
    case 'ok': {
      const flow = openFlow(context, taken.sealed);
      return finish(context, { request, flow, state, parameters });
    }
    case 'restarted': {
      const flow = openFlow(context, taken.sealed);
      return redirect(await legAddress(context, flow, taken.leg));
    }
    case 'done':
    case 'denied':
      return redirect(context.locations.connections);
    case 'exhausted':
    case 'missing':
      throw expired(context);
  }
}

function openState(
  context: ServerContext,
  request: HttpRequest,
  { parameters, upstreams }: { readonly parameters: URLSearchParams; readonly upstreams: readonly string[] },
): LoginState | null {
  const browser = readBrowser(context, request);
  const [text, ...more] = parameters.getAll('state');
  if (!browser || text === undefined || more.length > 0) return null;
  return openLoginState(context.rings.connectionsState, text, { browser: browser.hash, upstreams });
}

/** @throws {PageError} for one whose time is over */
function openFlow(context: ServerContext, sealed: Uint8Array): Flow {
  const flow = openValue(context, 'flow', sealed);
  if (!flow) throw expired(context);
  return flow;
}

interface Answered {
  readonly request: HttpRequest;
  readonly flow: Flow;
  readonly state: LoginState;
  readonly parameters: URLSearchParams;
}

async function finish(
  context: ServerContext,
  { request, flow, state, parameters }: Answered,
): Promise<HttpResponse> {
  const provider = context.providers.get(flow.upstream);
  if (!provider) throw gone(flow);
  const secrets = legSecrets(state.key, { ...state, browser: flow.browser });
  const login = await exchange(context, flow, { provider, call: { parameters, ...secrets } });
  // From here on this flow is over: a reload leads back to the page.
  const source = sourceOf(request.remoteAddress);
  await context.store.denyPending({ transaction: flow.id, ttl: transactionTtl, source });
  const { purpose } = flow;
  return purpose.is === 'sign_in'
    ? signIn(context, { request, flow, provider, login, target: purpose.target })
    : confirmAccount(context, { request, flow, provider, login, purpose });
}

async function exchange(
  context: ServerContext,
  flow: Flow,
  {
    provider,
    call,
  }: {
    readonly provider: UpstreamProvider;
    readonly call: Parameters<UpstreamProvider['exchange']>[0];
  },
): Promise<UpstreamLogin> {
  try {
    const login = await provider.exchange(call);
    if (flow.purpose.is === 'connect') return login;
    const identity = await context.lookups.complete(login.identity, login.tokens.accessToken);
    return { ...login, identity };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    throw failure(context, { flow, provider, error });
  }
}

function failure(
  context: ServerContext,
  {
    flow,
    provider,
    error,
  }: {
    readonly flow: Flow;
    readonly provider: UpstreamProvider;
    readonly error: UpstreamError;
  },
): PageError {
  const { upstream, failure: kind, message: reason } = error;
  const correlationId = correlationOf(flow);
  context.log.warn({ upstream, failure: kind, reason, correlationId }, 'connecting failed');
  const name = provider.displayName;
  const back = backLink(context);
  const about = { correlationId, returnLink: back, cause: error };
  switch (kind) {
    case 'denied':
      return new PageError(`${name} said no`, {
        ...about,
        explanation: 'You cancelled there, or the account may not do this. Nothing was changed.',
        action: 'Go back to your connections and try again, if you want.',
      });
    case 'unavailable':
      return new PageError(`${name} cannot be reached`, {
        ...about,
        status: 503,
        explanation: 'It did not answer. Nothing was changed.',
        action: 'Wait a moment, then go back to your connections and try again.',
      });
    case 'misconfigured':
    case 'rejected':
    case 'invalid':
      return new PageError(`${name} gave no usable answer`, {
        ...about,
        status: 502,
        explanation: 'Nothing was changed, and nothing is wrong with your account.',
        action:
          'Go back to your connections and try again. If it stays this way, tell the operator the number below.',
      });
  }
}

function expired(context: ServerContext): PageError {
  return new PageError('This took too long', {
    explanation: 'It was not finished within ten minutes, or was tried too often. Nothing was changed.',
    action: 'Go back to your connections and try again.',
    returnLink: backLink(context),
  });
}
