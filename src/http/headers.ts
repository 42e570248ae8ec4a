import type { HttpResponse } from './exchange.ts';

type Headers = HttpResponse['headers'];

/** For everything that holds a token, a code or somebody's data (RFC 6749 §5.1). */
const noStore: Headers = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** For every answer that a browser shows or follows: not kept, not framed, and no referrer to leak a code. */
const browserHeaders: Headers = {
  ...noStore,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
};

/** For answers that show nothing. */
const emptyPolicy = "default-src 'none'; frame-ancestors 'none'";

const jsonHeaders: Headers = {
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
  ...noStore,
};

/** A JSON answer that nobody keeps. */
export function json(status: number, body: unknown, headers?: Headers): HttpResponse {
  return {
    status,
    headers: headers ? { ...jsonHeaders, ...headers } : jsonHeaders,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** A JSON answer to a request for nothing that is here, which may well be a browser's: as guarded as a page. */
export function refusal(status: number, body: unknown, headers?: Headers): HttpResponse {
  return json(status, body, { ...browserHeaders, 'content-security-policy': emptyPolicy, ...headers });
}

/** An HTML page under its own content security policy. */
export function page(status: number, html: string, headers: Headers): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...browserHeaders, ...headers },
    body: html,
  };
}

/** Sends the browser on with GET. */
export function redirect(location: string, headers?: Headers): HttpResponse {
  return {
    status: 303,
    headers: {
      location,
      ...browserHeaders,
      'content-security-policy': emptyPolicy,
      ...headers,
    },
  };
}

/**
 * A document that changes only with the configuration: its bytes are made once.
 * @param maxAge seconds that anybody may keep it
 */
export function publicDocument(body: unknown, maxAge: number): HttpResponse {
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'cache-control': `public, max-age=${maxAge}`,
      'x-content-type-options': 'nosniff',
    },
    body: Buffer.from(JSON.stringify(body)),
  };
}
