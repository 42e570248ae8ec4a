import { UpstreamError } from '../../upstream/provider.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import { legSecrets } from '../login-state.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf } from '../transaction.ts';

/** One upstream's sign-in address for one leg of a login, with our own `state`, nonce and PKCE. */
export async function startLeg(
  context: ServerContext,
  transaction: Transaction,
  { leg, upstream }: { readonly leg: number; readonly upstream: string },
): Promise<string> {
  const provider = context.providers.get(upstream);
  if (!provider) throw gone(transaction);
  const [key] = context.rings.loginState;
  if (!key || transaction.browser === null) throw new TypeError('a login needs a key and a browser');
  const secrets = legSecrets(key, {
    transaction: transaction.id,
    leg,
    upstream,
    browser: transaction.browser,
    withoutCookie: transaction.withoutCookie === true,
  });
  // What the client asked about the person is meant for the upstream that says who it is.
  const { prompt, maxAge, loginHint } = transaction.progress ? nothingAsked : transaction.request;
  try {
    const { state, nonce, codeChallenge } = secrets;
    return await provider.authorizationUrl({
      state,
      nonce,
      codeChallenge,
      prompt,
      maxAge,
      loginHint,
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    throw new PageError(`${provider.displayName} cannot be reached`, {
      status: 503,
      explanation: 'The identity provider that you sign in with does not answer right now. Nothing was lost.',
      action: 'Wait a moment, then reload this page.',
      correlationId: correlationOf(transaction),
      cause: error,
    });
  }
}

const nothingAsked = { prompt: null, maxAge: null, loginHint: null };

/** The configuration has changed in the middle of a login. */
function gone(transaction: Transaction): PageError {
  return new PageError('This way to sign in is not offered any more', {
    explanation: 'The identity provider was taken away while you were signing in.',
    action: 'Go back to the app and connect again.',
    correlationId: correlationOf(transaction),
  });
}
