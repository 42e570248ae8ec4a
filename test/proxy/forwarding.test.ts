import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { Endpoint } from './endpoint.ts';

let endpoint: Endpoint;
let token: string;

beforeAll(async () => {
  endpoint = await Endpoint.start();
  token = (await endpoint.stack.signIn()).access_token;
});

beforeEach(() => {
  endpoint.backend = (_request, response) => void response.writeHead(200).end('ok');
});

afterAll(() => endpoint.close());

describe('a request', () => {
  it('arrives at the target with method, query and body', async () => {
    for (const method of ['POST', 'GET', 'DELETE']) {
      const body = method === 'POST' ? '{"method":"tools/list"}' : null;
      const response = await fetch(`${endpoint.url}?a=1&b=%20`, {
        method,
        body,
        headers: { authorization: `Bearer ${token}` },
      });
      expect(response.status).toBe(200);
      expect(endpoint.seen.at(-1)).toMatchObject({ method, url: '/inner/mcp?a=1&b=%20', body: body ?? '' });
    }
  });

  it('keeps what MCP needs', async () => {
    const headers = {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-11-25',
      'mcp-method': 'tools/call',
      'mcp-name': '=?base64?w6Q=?=',
      'mcp-param-region': 'eu',
      'last-event-id': '7',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    await endpoint.call(token, { headers });
    expect(endpoint.seen.at(-1)?.headers).toMatchObject(headers);
  });

  it('leaves behind the token of the client and every claim about where it comes from', async () => {
    await endpoint.call(token, {
      headers: {
        cookie: 'session=1',
        origin: 'https://mcp.example.com',
        'proxy-authorization': 'Basic x',
        forwarded: 'for=1.2.3.4',
        'x-forwarded-for': '1.2.3.4',
        'x-forwarded-host': 'evil.example',
        'x-real-ip': '1.2.3.4',
      },
    });
    const headers = endpoint.seen.at(-1)?.headers ?? {};
    expect(JSON.stringify(headers)).not.toContain(token);
    for (const name of ['cookie', 'origin', 'proxy-authorization', 'forwarded', 'x-real-ip'])
      expect(headers).not.toHaveProperty(name);
    expect(Object.keys(headers).filter((name) => name.startsWith('x-forwarded'))).toEqual([]);
    expect(headers.host).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe('an answer', () => {
  it('keeps status, session and body, also when it is an error of JSON-RPC', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}';
    endpoint.backend = (_request, response) =>
      void response.writeHead(400, { 'content-type': 'application/json', 'mcp-session-id': 's' }).end(body);
    const response = await endpoint.call(token);
    expect(response.status).toBe(400);
    // With a tag that ties it to the user.
    expect(response.headers.get('mcp-session-id')).toMatch(/^s\.[\w-]{22}$/);
    expect(await response.text()).toBe(body);
  });

  it('loses cookies, challenges and CORS rules of the MCP server', async () => {
    endpoint.backend = (_request, response) =>
      void response
        .writeHead(403, {
          'set-cookie': ['a=1', 'b=2'],
          'www-authenticate': 'Bearer resource_metadata="http://inner/"',
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': 'true',
          'x-hop': '1',
          vary: 'Accept',
          connection: 'close, x-hop',
        })
        .end();
    const response = await endpoint.call(token, { headers: { origin: 'http://localhost:1' } });
    expect(response.status).toBe(403);
    for (const name of ['set-cookie', 'www-authenticate', 'access-control-allow-credentials', 'x-hop'])
      expect(response.headers.get(name)).toBeNull();
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:1');
    expect(response.headers.get('vary')).toBe('Origin, Accept');
  });

  it('that refuses the credential becomes our own challenge', async () => {
    endpoint.backend = (_request, response) =>
      void response.writeHead(401, { 'www-authenticate': 'Bearer realm="inner"' }).end('go away');
    const response = await endpoint.call(token);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('https://mcp.example.com/.well-known/');
    expect(response.headers.get('www-authenticate')).not.toContain('inner');
    expect(await response.text()).not.toContain('go away');
  });

  it('that redirects tells nobody where the MCP server is', async () => {
    endpoint.backend = (_request, response) =>
      void response.writeHead(307, { location: 'http://10.0.0.1/mcp/' }).end();
    const response = await endpoint.call(token, { redirect: 'manual' });
    expect(response.status).toBe(502);
    expect(response.headers.get('location')).toBeNull();
  });

  it('may be large, and arrives whole', async () => {
    const body = 'x'.repeat(5_000_000);
    endpoint.backend = (_request, response) => void response.end(body);
    expect((await (await endpoint.call(token)).text()).length).toBe(body.length);
  });
});

describe('an MCP server that is down', () => {
  it('gives 502 with a reference, also to a request with a body', async () => {
    const gone = await listen(() => {});
    await gone.close();
    const other = await Endpoint.start({ proxy: { target: `${gone.url}/mcp` } });
    try {
      const signedIn = await other.stack.signIn();
      for (const init of [{}, { body: 'x'.repeat(300_000) }]) {
        const response = await other.call(signedIn.access_token, init);
        expect(response.status).toBe(502);
        const text = await response.text();
        expect(text).toMatch(/reference [\w-]{8,}/);
        expect(text).not.toContain('127.0.0.1');
      }
    } finally {
      await other.close();
    }
  });

  it('gives 502 when it hangs up without an answer', async () => {
    endpoint.backend = (request) => void request.socket.destroy();
    expect((await endpoint.call(token)).status).toBe(502);
  });
});
