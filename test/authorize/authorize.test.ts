import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';

const webRedirect = 'https://app.example.net/callback';

describe('GET /oauth/authorize', () => {
  let stack: Stack;
  let native: string;
  let web: string;
  beforeAll(async () => {
    stack = await startStack();
    native = (await stack.register()).client_id;
    web = (await stack.register({ redirect_uris: [webRedirect] })).client_id;
  });
  afterAll(() => stack.close());

  const good = (): Record<string, string> => ({
    client_id: native,
    code_challenge: pkce().challenge,
    state: 's',
  });
  const ask = (parameters: Record<string, string | undefined>): Promise<Response> =>
    stack.browser().get(stack.authorizeUrl(parameters));

  it('shows the consent page and stores nothing', async () => {
    const response = await ask(good());
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('Test app');
    expect(html).toContain('127.0.0.1');
    expect(html).toContain('https://mcp.example.com/mcp');
    expect((await stack.store.stats()).pending).toBe(0);
  });

  it('protects the page: not cached, not framed, no scripts, no referrer to others', async () => {
    const { headers } = await ask(good());
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).not.toContain('form-action');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('sets one host-bound cookie per browser', async () => {
    const browser = stack.browser();
    const first = await browser.get(stack.authorizeUrl(good()));
    const [cookie = ''] = first.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-sallyport-[\w-]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/u);
    const second = await browser.get(stack.authorizeUrl(good()));
    expect(second.headers.getSetCookie()).toEqual([]);
  });

  describe('before the redirect URI is proven, every error is a page', () => {
    it.each([
      ['an unknown client', { client_id: 'nobody' }],
      ['a missing client', { client_id: undefined }],
      ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/cb' }],
      ['another path', { redirect_uri: 'http://127.0.0.1:33418/other' }],
      ['another loopback name', { redirect_uri: 'http://localhost:33418/callback' }],
      ['a redirect URI with userinfo', { redirect_uri: 'http://a@127.0.0.1:33418/callback' }],
      ['a redirect URI with a fragment', { redirect_uri: `${redirectUri}#x` }],
    ])('%s', async (_, change) => {
      const response = await ask({ ...good(), ...change });
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(response.headers.get('location')).toBeNull();
    });

    it('a parameter that came twice', async () => {
      const response = await stack.browser().get(`${stack.authorizeUrl(good())}&state=other`);
      expect(response.status).toBe(400);
      expect(response.headers.get('location')).toBeNull();
    });
  });

  describe('afterwards a loopback client is told, with state and iss', () => {
    it.each([
      ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
      ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
      [
        'PKCE without a method, which would mean plain',
        { code_challenge_method: undefined },
        'invalid_request',
      ],
      ['a challenge that is no SHA-256', { code_challenge: 'short' }, 'invalid_request'],
      ['an unknown resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
      ['a resource that is only a prefix of ours', { resource: 'https://mcp.example.com' }, 'invalid_target'],
      ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
      ['no response type', { response_type: undefined }, 'invalid_request'],
      ['a fragment response', { response_mode: 'fragment' }, 'invalid_request'],
      ['prompt=none', { prompt: 'none' }, 'interaction_required'],
      ['a request object', { request: 'e30.e30.' }, 'request_not_supported'],
      ['a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'request_uri_not_supported'],
      ['a max_age that is no number', { max_age: '-1' }, 'invalid_request'],
    ])('%s', async (_, change, error) => {
      const response = await ask({ ...good(), ...change });
      expect(response.status).toBe(303);
      const location = new URL(response.headers.get('location') ?? '');
      expect(location.href.startsWith(`${redirectUri}?`)).toBe(true);
      expect(location.searchParams.get('error')).toBe(error);
      expect(location.searchParams.get('state')).toBe('s');
      expect(location.searchParams.get('iss')).toBe(issuer);
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    });

    it('a state of more than 4 KiB', async () => {
      const response = await ask({ ...good(), state: 'x'.repeat(4097) });
      expect(new URL(response.headers.get('location') ?? '').searchParams.get('error')).toBe(
        'invalid_request',
      );
    });
  });

  it('is no open redirector: a registered https client gets a page with a link', async () => {
    const response = await ask({
      ...good(),
      client_id: web,
      redirect_uri: webRedirect,
      code_challenge_method: 'plain',
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    const html = await response.text();
    expect(html).toContain('https://app.example.net/callback?error=invalid_request');
    expect(html).toContain('state=s');
  });

  it('takes any port on the same loopback address (RFC 8252 §7.3)', async () => {
    const response = await ask({ ...good(), redirect_uri: 'http://127.0.0.1:5/callback' });
    expect(response.status).toBe(200);
  });

  it('takes a resource with upper-case host and a trailing slash', async () => {
    const response = await ask({ ...good(), resource: 'HTTPS://MCP.example.com/mcp/' });
    expect(response.status).toBe(200);
  });

  it('chooses the only resource when the client names none', async () => {
    const response = await ask({ ...good(), resource: undefined });
    expect(response.status).toBe(200);
  });

  it('tolerates what clients really send: long state, no state, prompt=consent, unknown scopes and parameters', async () => {
    const oddities = [
      { state: 'x'.repeat(1300) },
      { state: undefined },
      { prompt: 'consent' },
      { scope: 'openid nonsense:scope offline_access' },
      { response_mode: 'query' },
      { audience: 'whatever', ui_locales: 'sv' },
    ];
    for (const oddity of oddities) expect((await ask({ ...good(), ...oddity })).status).toBe(200);
  });

  it('lets a client with one redirect URI leave it out, unless it speaks OpenID', async () => {
    const { client_id } = await stack.register({ redirect_uris: ['https://app.example.com/callback'] });
    expect((await ask({ ...good(), client_id, redirect_uri: undefined, scope: 'profile' })).status).toBe(200);
    expect((await ask({ ...good(), client_id, redirect_uri: undefined, scope: 'openid' })).status).toBe(400);
  });

  it('wants to hear the port of a loopback address, which is no part of the registration', async () => {
    expect((await ask({ ...good(), redirect_uri: undefined, scope: 'profile' })).status).toBe(400);
  });

  it('answers POST with 405 and says what is allowed', async () => {
    const response = await stack.call('/oauth/authorize', { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toContain('GET');
  });

  it('shows the same correlation id on the page and in the log', async () => {
    const response = await ask({
      ...good(),
      client_id: web,
      redirect_uri: webRedirect,
      response_type: 'token',
    });
    const html = await response.text();
    const line = stack.log.findLast((entry) => entry.message === 'request refused');
    expect(html).toContain(String(line?.fields['correlationId']));
  });
});
