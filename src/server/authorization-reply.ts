import type { Client } from '../clients/client.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { redirect } from '../http/headers.ts';
import { authorizationResponseUrl } from '../oauth/authorization-response.ts';
import type { OAuthError } from '../oauth/errors.ts';
import { classOf, redirectTarget } from '../oauth/redirect-uri.ts';
import { PageError } from './answer.ts';
import type { ServerContext } from './context.ts';

/** Where the answer to an authorization request goes, once client and redirect URI are known to be right. */
export interface ReplyTo {
  readonly client: Client;
  readonly redirectUri: string;
  readonly state: string | null;
  readonly correlationId: string;
}

/** The success answer (RFC 6749 §4.1.2), with `iss` (RFC 9207). */
export function replyWithCode(
  { config }: ServerContext,
  { redirectUri, state }: ReplyTo,
  { code, headers }: { readonly code: string; readonly headers?: HttpResponse['headers'] },
): HttpResponse {
  const href = authorizationResponseUrl(redirectUri, { code, ...stateOf(state), iss: config.issuer });
  return redirect(href, headers);
}

/**
 * The error answer. Only loopback and static clients are redirected to without a click: anybody can register an https
 * address, and a redirect there would make us an open redirector (RFC 9700 §4.11.2). Others get a page with a link.
 * @throws {PageError}
 */
export function replyWithError(context: ServerContext, to: ReplyTo, error: OAuthError): HttpResponse {
  const href = errorUrl(context, to, error);
  context.log.debug(
    { clientId: to.client.id.slice(0, 40), error: error.error, correlationId: to.correlationId },
    'authorization refused',
  );
  if (to.client.source === 'static' || classOf(to.redirectUri) === 'loopback') return redirect(href);
  throw new PageError('The app cannot sign in this way', {
    explanation: `${error.error}: ${error.description}`,
    action: 'Return to the app, which will be told what went wrong.',
    status: error.status,
    returnLink: returnLink(to, href),
    correlationId: to.correlationId,
    cause: error,
  });
}

/** A link that carries an error back to the app, for pages that explain it first. */
export function returnLink(to: ReplyTo, href: string): { readonly href: string; readonly display: string } {
  return { href, display: redirectTarget(to.redirectUri).display };
}

/** The error answer's address. */
export function errorUrl(
  { config }: ServerContext,
  { redirectUri, state }: ReplyTo,
  error: OAuthError,
): string {
  return authorizationResponseUrl(redirectUri, {
    error: error.error,
    error_description: error.description,
    ...stateOf(state),
    iss: config.issuer,
  });
}

function stateOf(state: string | null): { readonly state?: string } {
  return state === null ? {} : { state };
}
