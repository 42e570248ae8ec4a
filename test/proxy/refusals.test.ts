import { request as send } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Endpoint } from './endpoint.ts';

let endpoint: Endpoint;
let token: string;

const metadata = 'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"';

beforeAll(async () => {
  endpoint = await Endpoint.start({
    proxy: { max_body: 1000 },
    config: { cors: { allowed_origins: ['https://app.example.net'] } },
  });
  token = (await endpoint.stack.signIn()).access_token;
});

afterAll(() => endpoint.close());

describe('an MCP endpoint', () => {
  it.each(['GET', 'HEAD', 'POST', 'DELETE', 'PUT'])('asks for a token at %s', async (method) => {
    const before = endpoint.seen.length;
    const response = await fetch(endpoint.url, { method });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate');
    expect(challenge).toContain(metadata);
    expect(challenge).not.toContain('error');
    expect(endpoint.seen).toHaveLength(before);
  });

  it('names the scopes to ask for, without the one for refresh tokens', async () => {
    const challenge = (await fetch(endpoint.url)).headers.get('www-authenticate');
    expect(challenge).toMatch(/scope="[^"]*openid[^"]*"/);
    expect(challenge).not.toContain('offline_access');
  });

  it('answers a forged token with invalid_token, in a body that is no JSON-RPC', async () => {
    const response = await endpoint.call(`${token}x`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    const body: unknown = await response.json();
    expect(body).toMatchObject({ error: 'invalid_token' });
    expect(body).not.toHaveProperty('jsonrpc');
  });

  it('answers a malformed header with 400', async () => {
    const response = await fetch(endpoint.url, { headers: { authorization: 'Bearer one two' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_request"');
  });

  it('takes no token from the query, not even beside a good one', async () => {
    const before = endpoint.seen.length;
    const alone = await fetch(`${endpoint.url}?access_token=${token}`);
    expect(alone.status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    const beside = await fetch(`${endpoint.url}?access_token=${token}`, { headers });
    expect(beside.status).toBe(400);
    expect(endpoint.seen).toHaveLength(before);
  });

  it('refuses methods that MCP does not have', async () => {
    const response = await endpoint.call(token, { method: 'PUT' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST, DELETE');
  });

  it('does not answer at a path below it', async () => {
    const response = await fetch(`${endpoint.url}/more`, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(404);
  });
});

describe('web pages', () => {
  it.each(['https://evil.example', 'null', 'https://mcp.example.com.evil.example', 'http://mcp.example.com'])(
    'of %s may not call, whatever token they have',
    async (origin) => {
      const before = endpoint.seen.length;
      const response = await endpoint.call(token, { headers: { origin } });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(endpoint.seen).toHaveLength(before);
    },
  );

  it.each([
    'https://mcp.example.com',
    'https://app.example.net',
    'http://localhost:6274',
    'http://127.0.0.1:1',
  ])('of %s may call, and read what they need', async (origin) => {
    const response = await endpoint.call(token, { headers: { origin } });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(response.headers.get('access-control-expose-headers')).toContain('Mcp-Session-Id');
    expect(response.headers.get('vary')).toContain('Origin');
  });

  it('can read the challenge', async () => {
    const response = await fetch(endpoint.url, { headers: { origin: 'https://app.example.net' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.net');
    expect(response.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });

  it('get their preflight answered without a token, and foreign ones do not', async () => {
    const preflight = (origin: string): Promise<Response> =>
      fetch(endpoint.url, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const allowed = await preflight('https://app.example.net');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.net');
    expect(allowed.headers.get('access-control-allow-headers')).toContain('Authorization');
    expect(allowed.headers.get('access-control-allow-methods')).toContain('DELETE');
    expect((await preflight('https://evil.example')).status).toBe(403);
  });
});

describe('a body', () => {
  it('that is announced as too large is refused before it is sent', async () => {
    const before = endpoint.seen.length;
    const response = await endpoint.call(token, { body: 'x'.repeat(1001) });
    expect(response.status).toBe(413);
    expect(endpoint.seen).toHaveLength(before);
  });

  it('that grows too large on the way is refused', async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = send(endpoint.url, { method: 'POST', headers });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    for (let part = 0; part < 20; part += 1) request.write('x'.repeat(100));
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(413);
    request.destroy();
  });

  it('of exactly the limit passes, and its length with it', async () => {
    const body = 'x'.repeat(1000);
    expect((await endpoint.call(token, { body })).status).toBe(200);
    expect(endpoint.seen.at(-1)).toMatchObject({ body, headers: { 'content-length': '1000' } });
  });
});

describe('scopes of an endpoint', () => {
  it('are demanded in one challenge that keeps what the token has', async () => {
    const scoped = await Endpoint.start({
      proxy: { scopes: ['email'] },
      config: { scopes_supported: ['openid', 'profile', 'email'] },
    });
    try {
      const few = await scoped.stack.signIn({ scope: 'openid' });
      const response = await scoped.call(few.access_token);
      expect(response.status).toBe(403);
      const challenge = response.headers.get('www-authenticate');
      expect(challenge).toContain('error="insufficient_scope"');
      expect(challenge).toContain('scope="openid email"');
      expect(challenge).toContain(metadata);
      const enough = await scoped.stack.signIn({ scope: 'openid email' });
      expect((await scoped.call(enough.access_token)).status).toBe(200);
    } finally {
      await scoped.close();
    }
  });
});
