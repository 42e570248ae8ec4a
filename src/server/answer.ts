import { ClientProblem } from '../clients/client-problem.ts';
import { randomToken } from '../crypto/random.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { PayloadTooLarge, maxBodyBytes } from '../http/exchange.ts';
import { json, page } from '../http/headers.ts';
import { OAuthError, errorBody } from '../oauth/errors.ts';
import type { Parameters } from '../oauth/parameters.ts';
import { parseParameters } from '../oauth/parameters.ts';
import { contentSecurityPolicy } from '../ui/page.ts';
import type { ReturnLink } from '../ui/error.ts';
import { renderErrorPage } from '../ui/error.ts';
import { SallyportError } from '../types/error.ts';
import type { ServerContext } from './context.ts';

/** An error that a person reads: what happened, what to do, and where the way back leads. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly status: number;
  readonly title: string;
  readonly explanation: string;
  readonly action: string;
  readonly returnLink: ReturnLink | null;
  /** Of the login, when one is known. */
  readonly correlationId: string | undefined;

  constructor(
    title: string,
    details: {
      readonly explanation: string;
      readonly action: string;
      readonly status?: number;
      readonly returnLink?: PageError['returnLink'];
      readonly correlationId?: string;
      readonly cause?: unknown;
    },
  ) {
    super(title, { cause: details.cause });
    this.title = title;
    this.status = details.status ?? 400;
    this.explanation = details.explanation;
    this.action = details.action;
    this.returnLink = details.returnLink ?? null;
    this.correlationId = details.correlationId;
  }
}

/** One request as people find it again: on the page or in the header, in the log, and in the audit. */
export interface RequestScope {
  /** Random, until the request turns out to belong to a login: then the login's. */
  correlationId: string;
}

/** An endpoint; the scope is made for it when the caller has none to watch. */
export type ScopedHandler = (
  request: HttpRequest,
  scope?: RequestScope,
) => HttpResponse | Promise<HttpResponse>;

/** Wraps an endpoint that programs call: every failure is OAuth JSON, and a failing store consumes nothing. */
export function answerJson(
  context: ServerContext,
  handler: (request: HttpRequest, scope: RequestScope) => Promise<HttpResponse>,
): ScopedHandler {
  return async (request, scope = { correlationId: randomToken(9) }) => {
    try {
      return await handler(request, scope);
    } catch (error) {
      const { correlationId } = scope;
      const wire = toOAuthError(error);
      logFailure(context, { error, status: wire.status, path: request.path, correlationId });
      return json(wire.status, errorBody(wire), { ...wire.headers, 'x-correlation-id': correlationId });
    }
  };
}

/** Wraps an endpoint that a person's browser visits: every failure is a page with a correlation id. */
export function answerPage(
  context: ServerContext,
  handler: (request: HttpRequest, scope: RequestScope) => Promise<HttpResponse>,
): ScopedHandler {
  return async (request, scope = { correlationId: randomToken(9) }) => {
    try {
      return await handler(request, scope);
    } catch (error) {
      const shown = toPageError(error);
      const correlationId = shown.correlationId ?? scope.correlationId;
      logFailure(context, {
        error: shown.cause ?? shown,
        status: shown.status,
        path: request.path,
        correlationId,
      });
      const { title, explanation, action, returnLink } = shown;
      const { brand } = context.config;
      const html = renderErrorPage({ brand, title, explanation, action, correlationId, returnLink });
      const retry = shown.status === 503 ? { 'retry-after': '5' } : {};
      return page(shown.status, html, { 'content-security-policy': contentSecurityPolicy(brand), ...retry });
    }
  };
}

/**
 * Reads a form body (RFC 6749 §3.2). What the body is counts, not what its header says: the Inspector's web client labels
 * its form `application/json` when it refreshes.
 */
export async function readForm(request: HttpRequest): Promise<Parameters> {
  const text = await request.text(maxBodyBytes);
  const multipart = /^multipart\//iu.test(request.headers['content-type'] ?? '');
  if (multipart || /^\s*[{[]/u.test(text)) {
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  }
  return parseParameters(text);
}

/** What a failure is on the wire (RFC 6749 §5.2); anything unforeseen says nothing but `server_error`. */
export function toOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof ClientProblem) return clientRefusal(error);
  if (error instanceof PayloadTooLarge) {
    return new OAuthError('invalid_request', error.message, { status: 413, cause: error });
  }
  if (error instanceof SallyportError && error.code === 'storage_failed') {
    return new OAuthError('temporarily_unavailable', 'the server cannot reach its storage; try again', {
      cause: error,
    });
  }
  return new OAuthError('server_error', 'unexpected failure', { cause: error });
}

/** A client that could not be looked up may come back; any other has to register anew (RFC 6749 §5.2). */
function clientRefusal(problem: ClientProblem): OAuthError {
  const code = problem.kind === 'unreachable' ? 'temporarily_unavailable' : 'invalid_client';
  return new OAuthError(code, problem.message, { cause: problem });
}

function toPageError(error: unknown): PageError {
  if (error instanceof PageError) return error;
  if (error instanceof ClientProblem) return clientPage(error);
  const wire = toOAuthError(error);
  if (wire.status >= 500) {
    return new PageError('Something is not working right now', {
      status: wire.status,
      explanation: 'The sign-in service could not finish this step. Nothing was lost.',
      action:
        'Wait a moment and try again. If it stays this way, give the reference below to whoever runs this server.',
      cause: error,
    });
  }
  return new PageError('This sign-in request is not valid', {
    status: wire.status,
    explanation: `${wire.error}: ${wire.description}`,
    action:
      'Go back to the app and connect again. If it stays this way, tell the maker of the app what is said above.',
    cause: error,
  });
}

const clientPages = {
  unreachable: {
    status: 503,
    title: 'This app cannot be checked right now',
    action: 'Wait a moment and connect again. If it stays this way, tell whoever runs this server.',
  },
  invalid: {
    status: 400,
    title: 'This app does not say properly who it is',
    action: 'Tell the maker of the app what is said above: nobody else can mend it.',
  },
  refused: {
    status: 403,
    title: 'This app may not be used here',
    action: 'Ask whoever runs this server if you think that it should be.',
  },
} as const;

function clientPage(problem: ClientProblem): PageError {
  const { title, ...more } = clientPages[problem.kind];
  return new PageError(title, { ...more, explanation: problem.message, cause: problem });
}

interface Failure {
  readonly error: unknown;
  readonly status: number;
  readonly path: string;
  readonly correlationId: string;
}

/** 4xx at debug, so that strangers cannot flood the log, and so is whose document they send us for; what is ours to mend at error. */
function logFailure({ log }: ServerContext, { error, status, path, correlationId }: Failure): void {
  const fields = { path, status, correlationId, reason: reasonOf(error) };
  if (status >= 500 && !(error instanceof ClientProblem)) log.error(fields, 'request failed');
  else log.debug(fields, 'request refused');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const own =
    error instanceof OAuthError ? `${error.error}: ${error.description}` : `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own} (${reasonOf(error.cause)})` : own;
}
