/**
 * Headers that lie: about the host, the scheme, the address, the path, the method or the user. superlinked/sie#275 (metadata
 * that reflected `X-Forwarded-Host`), RFC 9110 §7.2, RFC 7239 §8, CVE-2018-14773 (`X-Original-URL`), CVE-2016-5385 (`Proxy`),
 * toolhive PR5661 (the client's `Authorization` behind the proxy). Nothing that we say depends on them, and what passes in
 * either direction is neither a credential nor a claim that only we may make.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import { issuer, pkce, sealedRequest } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { send, statuses } from './raw.ts';

const sources: string[] = [];
let endpoint: Endpoint;
let port: number;
let token: string;

beforeAll(async () => {
  endpoint = await Endpoint.start({
    wrapStore: (store) => ({
      ...store,
      putPending: (row) => {
        sources.push(row.source);
        return store.putPending(row);
      },
    }),
  });
  port = Number(new URL(endpoint.url).port);
  token = (await endpoint.stack.signIn({ scope: 'openid email' })).access_token;
});
afterAll(() => endpoint.close());

const lies = [
  'Forwarded: for=198.51.100.7;host=evil.example;proto=http',
  'X-Forwarded-For: 198.51.100.7, 198.51.100.8',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Server: evil.example',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Scheme: http',
  'X-Forwarded-Ssl: off',
  'X-Forwarded-Port: 6666',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Path: /evil',
  'X-Real-IP: 198.51.100.7',
  'True-Client-IP: 198.51.100.7',
  'Front-End-Https: off',
  'X-Host: evil.example',
  'X-Original-Host: evil.example',
  'X-Original-URL: /evil',
  'X-Rewrite-URL: /evil',
  'X-HTTP-Method-Override: DELETE',
  'X-HTTP-Method: DELETE',
  'X-Method-Override: DELETE',
  'Referer: https://evil.example/',
];
const evil = /evil|198\.51\.100|6666/u;

/** The same request twice: honest, and with every lie, a foreign host and the absolute form. */
async function both(
  method: string,
  path: string,
  lines: readonly string[] = [],
  body = '',
): Promise<[string, string]> {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const write = (target: string, head: readonly string[]): string =>
    [`${method} ${target} HTTP/1.1`, ...head, ...lines, ...length, '', body].join('\r\n');
  const honest = await send(port, write(path, ['Host: mcp.example.com']));
  const lying = await send(
    port,
    write(`http://evil.example:6666${path}`, ['Host: evil.example:6666', ...lies]),
  );
  return [undated(honest), undated(lying)];
}

const undated = (answer: string): string => answer.replaceAll(/^(?:date|x-correlation-id): .*\r\n/gimu, '');

describe('documents', () => {
  it.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-protected-resource',
    '/.well-known/jwks.json',
    '/mcp',
    '/healthz',
    '/oauth/userinfo',
    '/oauth/callback?state=x&code=y',
  ])('at %s are the same to the byte, whatever a request says', async (path) => {
    const [honest, lying] = await both('GET', path);
    // Pages of errors carry a reference of their own.
    const plain = (text: string): string => text.replaceAll(/<code>[^]*?<\/code>/gu, '');
    expect(statuses(honest)).toHaveLength(1);
    expect(plain(lying)).toBe(plain(honest));
    expect(lying).not.toMatch(evil);
  });

  it.each(['/oauth/token', '/oauth/register', '/oauth/introspect', '/oauth/revoke', '/oauth/consent'])(
    'of failures at %s neither',
    async (path) => {
      const [, lying] = await both('POST', path, ['Content-Type: application/json'], '{}');
      expect(lying).not.toMatch(evil);
    },
  );

  it('of a method that another header claims are those of the real one', async () => {
    const [honest, lying] = await both('GET', '/oauth/token');
    expect(statuses(honest)).toEqual([405]);
    expect(statuses(lying)).toEqual([405]);
    const [, options] = await both('OPTIONS', '/oauth/token');
    expect(options).not.toMatch(evil);
  });
});

describe('a login', () => {
  it('through a lying client ends where the configuration says, with the same cookie, and counts for its real address', async () => {
    const { stack } = endpoint;
    const { client_id } = await stack.register();
    const url = new URL(stack.authorizeUrl({ client_id, code_challenge: pkce().challenge, state: 'abc' }));
    const [honest, page] = await both('GET', `${url.pathname}${url.search}`);
    const cookies = [honest, page].map((text) => /^set-cookie: (.*)$/imu.exec(text)?.[1]?.trim() ?? '');
    const shape = (cookie: string): string => cookie.replace(/=[\w-]{43};/u, '=value;');
    expect(cookies.map(shape)).toEqual([shape(cookies[0] ?? ''), shape(cookies[0] ?? '')]);
    expect(cookies[0]).toMatch(/^__Host-.*; Secure/u);
    expect(page).not.toMatch(evil);
    expect(page).toContain(`action="${issuer}/oauth/consent"`);

    const form = new URLSearchParams({ request: sealedRequest(page), decision: 'allow' }).toString();
    const [cookie = ''] = cookies[1]?.split(';') ?? [];
    const about = [`Cookie: ${cookie}`, 'Content-Type: application/x-www-form-urlencoded'];
    sources.length = 0;
    const [, posted] = await both('POST', '/oauth/consent', [...about, `Origin: ${issuer}`], form);
    const location = /^location: (.*)$/imu.exec(posted)?.[1]?.trim() ?? '';
    expect(location.startsWith(`${stack.provider.issuer}/auth?`)).toBe(true);
    expect(new URL(location).searchParams.get('redirect_uri')).toBe(`${issuer}/oauth/callback`);
    expect(sources).toEqual(['127.0.0.1', '127.0.0.1']);

    for (const origin of [
      'http://evil.example:6666',
      'https://evil.example',
      'http://mcp.example.com',
      'null',
    ]) {
      const [, refused] = await both('POST', '/oauth/consent', [...about, `Origin: ${origin}`], form);
      expect(statuses(refused)).toEqual([403]);
    }
  });

  it('leaves no lie in the log', () => {
    expect(JSON.stringify(endpoint.stack.log)).not.toMatch(evil);
  });
});

describe('a token counts in one place only', () => {
  const bearer = (): string => `Authorization: Bearer ${token}`;
  const at = (path: string, lines: readonly string[], body = ''): Promise<string> =>
    send(
      port,
      [`POST ${path} HTTP/1.1`, 'Host: a', ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'),
    );

  it.each(['/mcp', '/oauth/userinfo'])(
    'at %s: not in query, body, cookie or another header',
    async (path) => {
      expect(statuses(await at(path, [bearer()]))).toEqual([200]);
      const form = 'Content-Type: application/x-www-form-urlencoded';
      const elsewhere: readonly [string, readonly string[], string][] = [
        [`${path}?access_token=${token}`, [], ''],
        [`${path}?bearer_token=${token}&token=${token}`, [], ''],
        [path, [form], `access_token=${token}`],
        [path, [`Cookie: access_token=${token}; authorization=Bearer ${token}`], ''],
        [
          path,
          [
            `X-Authorization: Bearer ${token}`,
            `X-Access-Token: ${token}`,
            `Proxy-Authorization: Bearer ${token}`,
          ],
          '',
        ],
        [
          path,
          [`X-Forwarded-Authorization: Bearer ${token}`, `X-Original-Authorization: Bearer ${token}`],
          '',
        ],
        [path, [`Authorization_: Bearer ${token}`], ''],
        [path, [`Authorization: ${token}`], ''],
        [path, [`Authorization: Token ${token}`], ''],
        [path, [`Authorization: DPoP ${token}`], ''],
        [path, [`Authorization: Basic ${Buffer.from(`x:${token}`).toString('base64')}`], ''],
      ];
      for (const [target, lines, body] of elsewhere)
        expect(statuses(await at(target, lines, body))).toEqual([401]);
    },
  );

  it.each(['/mcp', '/oauth/userinfo', '/oauth/introspect', '/oauth/token'])(
    'at %s: several Authorization headers are refused, whichever is good',
    async (path) => {
      const before = endpoint.seen.length;
      for (const other of [
        'Authorization: Bearer x',
        bearer(),
        'authorization:',
        'AUTHORIZATION: Basic eDp5',
      ]) {
        expect(statuses(await at(path, [bearer(), other]))).toEqual([400]);
        expect(statuses(await at(path, [other, bearer()]))).toEqual([400]);
      }
      expect(statuses(await at(path, [`${bearer()}, Bearer x`]))).not.toContain(200);
      expect(statuses(await at(path, ['Host: b', bearer()]))).toEqual([400]);
      expect(endpoint.seen).toHaveLength(before);
    },
  );

  it('also inside somebody else’s server', async () => {
    const { auth } = endpoint.stack;
    const host = createServer(toNodeHandler(auth.handle, auth.serves));
    await new Promise<void>((resolve) => {
      host.listen(0, '127.0.0.1', () => resolve());
    });
    try {
      const { port: there } = host.address() as AddressInfo;
      const ask = (lines: readonly string[]): Promise<string> =>
        send(there, ['GET /oauth/userinfo HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n'));
      expect(statuses(await ask([bearer()]))).toEqual([200]);
      expect(statuses(await ask([bearer(), 'Authorization: Bearer x']))).toEqual([400]);
      expect(statuses(await ask(['Authorization: Bearer x', bearer()]))).toEqual([400]);
    } finally {
      host.closeAllConnections();
      host.close();
    }
  });
});

describe('towards the MCP server', () => {
  it.each([
    ...lies,
    'X_Forwarded_For: 198.51.100.7',
    'x_real_ip: 198.51.100.7',
    'CF-Connecting-IP: 198.51.100.7',
    'X-Client-IP: 198.51.100.7',
    'X-Cluster-Client-IP: 198.51.100.7',
    'X-Envoy-External-Address: 198.51.100.7',
    'X-User: evil',
    'X_User: evil',
    'X-User-Email: evil@example.com',
    'X-Groups: evil',
    'Remote-User: evil',
    'REMOTE_USER: evil',
    'X-Remote-User: evil',
    'X-Remote-Group: evil',
    'X-Auth-Request-User: evil',
    'X-Auth-Request-Access-Token: evil',
    'X-Authenticated-User: evil',
    'X-Authentik-Username: evil',
    'X-WebAuth-User: evil',
    'X-Pomerium-Jwt-Assertion: evil',
    'X-Goog-Authenticated-User-Email: evil',
    'X-Goog-IAP-JWT-Assertion: evil',
    'X-Amzn-Oidc-Data: evil',
    'X-MS-CLIENT-PRINCIPAL-NAME: evil',
    'Cf-Access-Authenticated-User-Email: evil',
    'X-Consumer-Username: evil',
    'X-SSL-Client-CN: evil',
    'SSL-Client-Verify: evil',
    'X-Client-Cert: evil',
    'Client-Cert: evil',
    'Cookie: session=evil',
    'Proxy: http://evil.example',
    'Proxy-Authorization: Basic evil',
    'Proxy-Connection: evil',
    'TE: evil',
    'Via: 1.1 evil',
    'Origin: http://localhost:6666',
    'Keep-Alive: evil',
    'HTTP2-Settings: evil',
    'Trailer: evil',
    'Sec-Fetch-Site: evil',
    'Connection: X-Listed\r\nX-Listed: evil',
    'Connection: keep-alive, x-LISTED , close\r\nX-Listed: evil',
  ])('%s does not pass', async (line) => {
    const before = endpoint.seen.length;
    const bytes = [
      'GET /mcp HTTP/1.1',
      'Host: evil.example',
      `Authorization: Bearer ${token}`,
      line,
      '',
      '',
    ].join('\r\n');
    expect(statuses(await send(port, bytes, { alone: /^Connection:.*close/u.test(line) }))).toEqual([200]);
    expect(endpoint.seen).toHaveLength(before + 1);
    const { headers } = endpoint.seen.at(-1) ?? {};
    expect(JSON.stringify(headers)).not.toMatch(evil);
    expect(JSON.stringify(headers)).not.toContain(token);
  });

  it.each(['Authorization', 'Host', 'Content-Length', 'Mcp-Session-Id', 'Content-Type'])(
    'a client that lists %s as its connection’s own takes away nothing but its own',
    async (name) => {
      const bytes = [
        'POST /mcp HTTP/1.1',
        'Host: a',
        `Authorization: Bearer ${token}`,
        'Content-Length: 2',
        `Connection: ${name}`,
        '',
        '{}',
      ].join('\r\n');
      expect(statuses(await send(port, bytes))).toEqual([200]);
      const seen = endpoint.seen.at(-1);
      expect(seen).toMatchObject({ body: '{}', headers: { 'content-length': '2' } });
      expect(seen?.headers.authorization).toMatch(/^Bearer /u);
      expect(seen?.headers.authorization).not.toContain(token);
      expect(seen?.headers.host).toMatch(/^127\.0\.0\.1:\d+$/u);
    },
  );

  it('headers that mean nothing to a proxy pass as they are', async () => {
    await endpoint.call(token, {
      headers: { 'x-api-key': 'k', 'mcp-param-user_id': 'u', 'x-request-id': 'r' },
    });
    expect(endpoint.seen.at(-1)?.headers).toMatchObject({
      'x-api-key': 'k',
      'mcp-param-user_id': 'u',
      'x-request-id': 'r',
    });
  });
});

describe('from the MCP server', () => {
  const theirs: Readonly<Record<string, string | string[]>> = {
    'set-cookie': ['__Host-sallyport-x=evil; Path=/; Secure', 'a=b'],
    'set-cookie2': 'evil',
    'www-authenticate': 'Bearer resource_metadata="https://evil.example"',
    'proxy-authenticate': 'Basic realm="evil"',
    'authentication-info': 'evil',
    'access-control-allow-origin': 'https://evil.example',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'evil',
    'access-control-allow-private-network': 'true',
    'content-security-policy': "script-src 'unsafe-inline' https://evil.example",
    'content-security-policy-report-only': 'default-src evil.example',
    'strict-transport-security': 'max-age=0; evil',
    'x-frame-options': 'ALLOW-FROM https://evil.example',
    'clear-site-data': '"cookies", "storage", "evil"',
    'alt-svc': 'h2="evil.example:443"; ma=2592000',
    refresh: '0; url=https://evil.example/',
    link: '<https://evil.example/x.js>; rel=preload',
    location: 'https://evil.example/',
    'content-location': 'http://198.51.100.7/',
    'service-worker-allowed': '/evil',
    'referrer-policy': 'unsafe-url, evil',
    'cross-origin-opener-policy': 'unsafe-none; evil',
    'permissions-policy': 'camera=(evil)',
    'report-to': '{"endpoints":[{"url":"https://evil.example"}]}',
    'reporting-endpoints': 'a="https://evil.example"',
    nel: '{"report_to":"evil"}',
    'cache-control': 'public, max-age=31536000, evil',
    'cdn-cache-control': 'max-age=6666',
    'surrogate-control': 'max-age=6666',
    expires: 'Fri, 01 Jan 6666 00:00:00 GMT',
    pragma: 'evil',
    'x-accel-redirect': '/evil',
    'x-sendfile': '/evil',
    'x-content-type-options': 'evil',
    connection: 'X-Theirs',
    'x-theirs': 'evil',
  };

  it.each([200, 201, 202, 400, 403, 404, 405, 500])(
    'nothing is said in our name, with status %i',
    async (status) => {
      endpoint.backend = (_request, response) =>
        void response
          .writeHead(status, { 'content-type': 'application/json', 'mcp-session-id': 's', ...theirs })
          .end('{}');
      const response = await endpoint.call(token, { headers: { origin: 'http://localhost:1' } });
      expect(response.status).toBe(status);
      const headers = Object.fromEntries(response.headers);
      expect(JSON.stringify(headers)).not.toMatch(evil);
      expect(headers).toMatchObject({
        'access-control-allow-origin': 'http://localhost:1',
        'cache-control': 'no-store, no-transform',
        'content-type': 'application/json',
        'mcp-session-id': expect.stringMatching(/^s\.[\w-]{22}$/u) as string,
        'x-content-type-options': 'nosniff',
      });
      expect(response.headers.getSetCookie()).toEqual([]);
    },
  );
});
