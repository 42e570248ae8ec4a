import * as oauth from 'oauth4webapi';
import { failureOfCallbackError, printableCode } from './failures.ts';
import { UpstreamError } from './provider.ts';
import type { CodeExchange } from './provider.ts';

/** What a callback is checked against. */
export interface CallbackContext {
  readonly upstream: string;
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
}

/**
 * Checks the parameters of a callback: `state`, `iss` when sent or promised (RFC 9207 §2.4), no error, nothing twice.
 * Returns them in the form that the code exchange takes. Throws {@link UpstreamError}.
 */
export function checkCallback(exchange: CodeExchange, context: CallbackContext): URLSearchParams {
  const { server, client, upstream } = context;
  try {
    return oauth.validateAuthResponse(server, client, exchange.parameters, exchange.state);
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError)
      throw new UpstreamError(
        failureOfCallbackError(error.error),
        upstream,
        `callback: the provider answered ${printableCode(error.error)}`,
      );
    throw error;
  }
}
