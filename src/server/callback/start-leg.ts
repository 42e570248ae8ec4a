import { UpstreamError } from '../../upstream/provider.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import { legSecrets } from '../login-state.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf } from '../transaction.ts';

/** The upstream's sign-in address for one leg of a login, with our own `state`, nonce and PKCE. */
export async function startLeg(
  context: ServerContext,
  transaction: Transaction,
  leg: number,
): Promise<string> {
  const [key] = context.rings.loginState;
  if (!key || transaction.browser === null) throw new TypeError('a login needs a key and a browser');
  const secrets = legSecrets(key, { transaction: transaction.id, leg, browser: transaction.browser });
  const { prompt, maxAge, loginHint } = transaction.request;
  try {
    const { state, nonce, codeChallenge } = secrets;
    return await context.provider.authorizationUrl({
      state,
      nonce,
      codeChallenge,
      prompt,
      maxAge,
      loginHint,
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    throw new PageError(`${context.provider.displayName} cannot be reached`, {
      status: 503,
      explanation: 'The identity provider that you sign in with does not answer right now. Nothing was lost.',
      action: 'Wait a moment, then reload this page.',
      correlationId: correlationOf(transaction),
      cause: error,
    });
  }
}
