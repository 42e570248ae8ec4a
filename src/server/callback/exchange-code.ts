import type { HttpResponse } from '../../http/exchange.ts';
import { OAuthError } from '../../oauth/errors.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import { nameLabel } from '../../observe/audit/labels.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../upstream/provider.ts';
import { UpstreamError } from '../../upstream/provider.ts';
import { PageError } from '../answer.ts';
import type { ReplyTo } from '../authorization-reply.ts';
import { replyWithError } from '../authorization-reply.ts';
import type { ServerContext } from '../context.ts';
import type { LoginState } from '../login-state.ts';
import { legSecrets } from '../login-state.ts';
import type { Transaction } from '../transaction.ts';

/** The login, or the answer that ends it. */
type Exchanged =
  | { readonly login: UpstreamLogin; readonly provider: UpstreamProvider }
  | { readonly response: HttpResponse };

/** Redeems the upstream's code. What the upstream said goes to the log; the client learns only the kind. */
export async function exchangeCode(
  context: ServerContext,
  answer: {
    readonly transaction: Transaction;
    readonly state: LoginState;
    readonly parameters: URLSearchParams;
    readonly details: () => LoginDetails;
  },
  to: ReplyTo,
): Promise<Exchanged> {
  const { state, transaction, parameters } = answer;
  const browser = transaction.browser ?? '';
  const withoutCookie = transaction.withoutCookie === true;
  const secrets = legSecrets(state.key, { ...state, browser, withoutCookie });
  const provider = providerOf(context, state);
  try {
    const login = await provider.exchange({ parameters, ...secrets });
    const identity = await context.lookups.complete(login.identity, login.tokens.accessToken);
    return { login: { ...login, identity }, provider };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    context.observer.audit.record('login_failed', () => ({
      ...answer.details(),
      upstream: nameLabel(error.upstream),
      reason: error.failure,
    }));
    return { response: failed(context, { error, provider }, to) };
  }
}

/** The state was made for this upstream, and only its own address opens it. */
function providerOf({ providers }: ServerContext, { upstream }: LoginState): UpstreamProvider {
  const provider = providers.get(upstream);
  if (!provider) throw new TypeError('a state opened for an upstream that is not there');
  return provider;
}

function failed(
  context: ServerContext,
  { error, provider }: { readonly error: UpstreamError; readonly provider: UpstreamProvider },
  to: ReplyTo,
): HttpResponse {
  const { log } = context;
  const { correlationId } = to;
  log.warn(
    { upstream: error.upstream, failure: error.failure, reason: error.message, correlationId },
    'login failed',
  );
  switch (error.failure) {
    case 'denied':
      return replyWithError(
        context,
        to,
        new OAuthError('access_denied', 'the sign-in was cancelled or refused'),
      );
    case 'unavailable':
      throw new PageError(`${provider.displayName} cannot be reached`, {
        status: 503,
        explanation: 'The identity provider did not answer. Nothing was lost.',
        action: 'Wait a moment, then reload this page: you will be sent to sign in again.',
        correlationId,
        cause: error,
      });
    case 'misconfigured':
      throw new PageError(`${provider.displayName} does not let this server in`, {
        status: 503,
        explanation:
          'The identity provider refused this server itself: nothing is wrong with your account. The operator has been told.',
        action: 'Tell the operator the number below, and try again later.',
        correlationId,
        cause: error,
      });
    case 'rejected':
    case 'invalid':
      return replyWithError(
        context,
        to,
        new OAuthError('server_error', 'the identity provider gave an answer that cannot be used', {
          cause: error,
        }),
      );
  }
}
