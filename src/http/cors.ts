import type { HttpResponse } from './exchange.ts';

/** Headers of answers that scripts must be able to read: without them a browser client never sees a challenge. */
const exposed = 'WWW-Authenticate, Retry-After, Mcp-Session-Id, X-Correlation-Id';

/** Lets scripts of any origin read the answer; credentials are never allowed, so nothing of the user rides along. */
export function withCors(response: HttpResponse): HttpResponse {
  const { status, headers, body } = response;
  // A document whose bytes are made once brings its headers along.
  if (headers['access-control-allow-origin'] !== undefined) return response;
  const open = { ...headers, 'access-control-allow-origin': '*', 'access-control-expose-headers': exposed };
  return body === undefined ? { status, headers: open } : { status, headers: open, body };
}

/** Answers a preflight. `*` covers every header but `Authorization` (Fetch §4.8), which is therefore named. */
export function preflight(methods: readonly string[]): HttpResponse {
  return {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': '*, Authorization, Content-Type, MCP-Protocol-Version',
      'access-control-max-age': '3600',
    },
  };
}
