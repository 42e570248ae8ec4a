import type { IncomingHttpHeaders } from 'node:http';

/** Connection-level headers (RFC 9110 §7.6.1); none of them may pass a proxy. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What the client says that the MCP server must not hear: credentials for us, and claims about where it comes from. */
const clientOnly = new Set([
  ...hopByHop,
  'authorization',
  'cookie',
  'host',
  'origin',
  'referer',
  'forwarded',
  'via',
  'x-real-ip',
  'content-length',
  'expect',
]);

/** What the MCP server says that is not for the client: its own sessions, challenges and CORS rules. */
const serverOnly = new Set([...hopByHop, 'set-cookie', 'www-authenticate']);

type Headers = Record<string, string | string[]>;

/** Headers for the MCP server. */
export function requestHeaders(headers: IncomingHttpHeaders): Headers {
  return pick(headers, (name) => !clientOnly.has(name) && !/^(?:x-forwarded-|sec-fetch-)/u.test(name));
}

/** Headers for the client. */
export function responseHeaders(headers: IncomingHttpHeaders): Headers {
  return pick(headers, (name) => !serverOnly.has(name) && !name.startsWith('access-control-'));
}

/** Headers named in `connection` are connection-level too. */
function pick(headers: IncomingHttpHeaders, wanted: (name: string) => boolean): Headers {
  const listed = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/u);
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value !== undefined && wanted(name) && !listed.includes(name) ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}
