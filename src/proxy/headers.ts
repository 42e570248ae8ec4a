import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';

/** Connection-level headers (RFC 9110 §7.6.1, RFC 7540 §3.2.1); none of them may pass a proxy. */
const hopByHop = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What the client says to us, or that the MCP server must hear from us alone. `proxy`: CVE-2016-5385. */
const clientOnly = new Set([
  ...hopByHop,
  'authorization',
  'content-length',
  'cookie',
  'expect',
  'host',
  // Only as what it is to the MCP server: see `session-binding.ts`.
  'mcp-session-id',
  'origin',
  'proxy',
  'referer',
  'via',
]);

/**
 * What only a trusted front proxy may say, and an MCP server that used to be behind one believes: where a request comes
 * from, who the user is, which path and method were meant.
 */
const frontProxyOnly = [
  /^(?:forwarded$|x-forwarded|x-real-ip$|sec-fetch-)/u,
  /^(?:x-)?(?:true-|cluster-|originating-|remote-)?(?:client-)?(?:ip|addr)$|^x-envoy-|^cf-|^fastly-client-|^x-azure-clientip$/u,
  /^(?:x-)?(?:remote|auth-request|authenticated|authentik|webauth|pomerium|vouch|goog-authenticated|goog-iap|forward-auth)-/u,
  /^x-(?:user|username|userid|user-id|user-name|user-email|email|groups?|roles?|auth-user|consumer-.*|credential-.*)$/u,
  /^x-(?:amzn-oidc-|amzn-mtls-|ms-client-principal|ms-token-|arr-)|^(?:x-)?(?:ssl-)?client-(?:cert|verify|dn)|^x-ssl-/u,
  /^x-(?:original-|rewrite-|http-method|method-override$|host$|accel-|sendfile)/u,
];

/** What the MCP server says to us: its own sessions, challenges and addresses. */
const serverOnly = new Set([
  ...hopByHop,
  'authentication-info',
  'content-location',
  'location',
  // Only as what it is to the client: see `session-binding.ts`.
  'mcp-session-id',
  'proxy-authentication-info',
  'set-cookie',
  'set-cookie2',
  'www-authenticate',
]);

/**
 * What would hold for our whole origin, where people sign in: an MCP server could log everybody out (`clear-site-data`),
 * move the origin elsewhere (`alt-svc`) or widen a service worker. And what tells caches before us to keep an answer that
 * was made for one user: we alone know that it was.
 */
const oursToSay = [
  /^(?:access-control-|cross-origin-|content-security-policy|public-key-pins|expect-ct$|strict-transport-security$)/u,
  /^(?:x-frame-options|x-content-type-options|referrer-policy|permissions-policy|feature-policy|origin-agent-cluster)$/u,
  /^(?:alt-svc|clear-site-data|link|refresh|service-worker-allowed|nel|report-to|reporting-endpoints|accept-ch)$/u,
  /^(?:.*-)?cache-control$|^surrogate-|^(?:expires|pragma|age)$|^x-(?:accel-|sendfile$|permitted-cross-domain-policies$|correlation-id$)/u,
];

type Headers = Record<string, string | string[]>;

/** Characters of the longest name whose verdict is kept. */
const longestRemembered = 64;

/** Headers for the MCP server. Programs of the CGI family read `_` as `-`, so both are the same name here. */
export function requestHeaders(headers: IncomingHttpHeaders): Headers {
  return pick(headers, forServer);
}

const forServer = remembered((written) => {
  const name = written.replaceAll('_', '-');
  return !clientOnly.has(name) && !frontProxyOnly.some((pattern) => pattern.test(name));
});

const forClient = remembered(
  (name) => !serverOnly.has(name) && !oursToSay.some((pattern) => pattern.test(name)),
);

/** Headers for the client; never to be kept, because the answer is one user's. */
export function responseHeaders(headers: IncomingHttpHeaders): Headers {
  const theirs = pick(headers, forClient);
  // Event streams must not be changed on their way either (RFC 9111 §5.2.2.6).
  return { ...theirs, 'cache-control': 'no-store, no-transform', 'x-content-type-options': 'nosniff' };
}

/** The same few names come with every request; what strangers invent crowds out nothing for long. */
function remembered(judge: (name: string) => boolean): (name: string) => boolean {
  const verdicts = new LRUCache<string, boolean>({ max: 500 });
  return (name) => {
    const known = verdicts.get(name);
    if (known !== undefined) return known;
    const verdict = judge(name);
    if (name.length <= longestRemembered) verdicts.set(name, verdict);
    return verdict;
  };
}

/** Headers named in `connection` are connection-level too. */
function pick(headers: IncomingHttpHeaders, wanted: (name: string) => boolean): Headers {
  const { connection } = headers;
  const listed =
    connection === undefined || connection === 'keep-alive' ? [] : connection.toLowerCase().split(/\s*,\s*/u);
  const picked: Headers = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && wanted(name) && !listed.includes(name)) picked[name] = value;
  }
  return picked;
}
