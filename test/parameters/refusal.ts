import { OAuthError } from '../../src/oauth/errors.ts';

/** What a call returns, or the OAuth error that it refuses with. Any other error is thrown on, and fails the test. */
export function attempt<T>(call: () => T): T | OAuthError {
  try {
    return call();
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
}

/** The error that a call refuses with. Fails when it does not refuse, or throws anything else. */
export function refusal(call: () => unknown): OAuthError {
  const result = attempt(call);
  if (result instanceof OAuthError) return result;
  throw new Error('expected a refusal');
}

/** The same of what is answered later. */
export async function refusalOf(answer: Promise<unknown>): Promise<OAuthError> {
  const result = await answer.catch((error: unknown) => error);
  if (result instanceof OAuthError) return result;
  throw new Error('expected a refusal', { cause: result });
}
