import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, sealedRequest, startStack } from '../fixtures/stack.ts';

const consentUrl = `${issuer}/oauth/consent`;

describe('POST /oauth/consent', () => {
  let stack: Stack;
  let clientId: string;
  beforeAll(async () => {
    stack = await startStack();
    clientId = (await stack.register()).client_id;
  });
  afterAll(() => stack.close());

  async function page(browser: Browser, more: Record<string, string> = {}): Promise<string> {
    const url = stack.authorizeUrl({
      client_id: clientId,
      code_challenge: pkce().challenge,
      state: 's',
      ...more,
    });
    return sealedRequest(await (await browser.get(url)).text());
  }

  it('sends the browser to the provider with a state, nonce and PKCE challenge of our own', async () => {
    const browser = stack.browser();
    const response = await browser.post(consentUrl, { request: await page(browser), decision: 'allow' });
    const location = new URL(response.headers.get('location') ?? '');
    expect(response.status).toBe(303);
    expect(location.origin).toBe(new URL(stack.provider.issuer).origin);
    expect(location.searchParams.get('state')).not.toBe('s');
    expect(location.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/u);
    expect(location.searchParams.get('code_challenge_method')).toBe('S256');
    expect(location.searchParams.has('resource')).toBe(false);
  });

  it('is idempotent: the same form twice reuses its row and leads to the same place', async () => {
    const browser = stack.browser();
    const request = await page(browser);
    const before = (await stack.store.stats()).pending;
    const first = await browser.post(consentUrl, { request, decision: 'allow' });
    const second = await browser.post(consentUrl, { request, decision: 'allow' });
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect((await stack.store.stats()).pending).toBe(before + 1);
  });

  it('passes prompt, max_age and login_hint on', async () => {
    const browser = stack.browser();
    const request = await page(browser, { prompt: 'login', max_age: '60', login_hint: 'alice' });
    const response = await browser.post(consentUrl, { request, decision: 'allow' });
    const { searchParams } = new URL(response.headers.get('location') ?? '');
    expect(searchParams.get('prompt')).toContain('login');
    expect(searchParams.get('max_age')).toBe('60');
    expect(searchParams.get('login_hint')).toBe('alice');
  });

  it('tells a loopback client when the user says no, and keeps nothing but the no', async () => {
    const browser = stack.browser();
    const before = (await stack.store.stats()).pending;
    const response = await browser.post(consentUrl, { request: await page(browser), decision: 'deny' });
    const location = new URL(response.headers.get('location') ?? '');
    expect(location.href.startsWith(redirectUri)).toBe(true);
    expect(location.searchParams.get('error')).toBe('access_denied');
    expect(location.searchParams.get('state')).toBe('s');
    expect((await stack.store.stats()).pending).toBe(before + 1);
  });

  describe('refuses, and stores nothing', () => {
    it('a form that another browser was shown (consent handed over)', async () => {
      const attacker = stack.browser();
      const request = await page(attacker);
      const victim = stack.browser();
      await page(victim);
      const response = await victim.post(consentUrl, { request, decision: 'allow' });
      expect(response.status).toBe(403);
      expect(response.headers.get('location')).toBeNull();
    });

    it('a form without the cookie', async () => {
      const request = await page(stack.browser());
      expect((await stack.browser().post(consentUrl, { request, decision: 'allow' })).status).toBe(403);
    });

    it.each([
      ['another site', { origin: 'https://evil.example' }],
      ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
      ['a sibling subdomain', { origin: 'https://other.example.com', 'sec-fetch-site': 'same-site' }],
      ['our host on another scheme', { origin: 'http://mcp.example.com' }],
    ])('a form sent by %s', async (_, headers) => {
      const browser = stack.browser();
      const request = await page(browser);
      const response = await browser.post(consentUrl, { request, decision: 'allow' }, headers);
      expect(response.status).toBe(403);
    });

    it('a forged or altered form', async () => {
      const browser = stack.browser();
      const request = await page(browser);
      const altered = `${request.slice(0, 40)}${request[40] === 'A' ? 'B' : 'A'}${request.slice(41)}`;
      for (const text of [altered, 'AAAA', '', `${request}AAAA`, 'x'.repeat(20_000)]) {
        expect((await browser.post(consentUrl, { request: text, decision: 'allow' })).status).toBe(400);
      }
    });

    it('a form older than ten minutes', async () => {
      const browser = stack.browser();
      const request = await page(browser);
      stack.advance(601_000);
      expect((await browser.post(consentUrl, { request, decision: 'allow' })).status).toBe(400);
    });

    it('a body that is too large', async () => {
      const response = await stack.browser().post(consentUrl, { request: 'x'.repeat(70_000) });
      expect(response.status).toBe(413);
    });
  });

  it('takes a blanked Origin when the browser itself says same-origin', async () => {
    const browser = stack.browser();
    const request = await page(browser);
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin' };
    expect((await browser.post(consentUrl, { request, decision: 'allow' }, headers)).status).toBe(303);
  });
});

describe('an authorization endpoint on another origin', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ authorization_endpoint_base_url: 'https://login.example.com' });
  });
  afterAll(() => stack.close());

  it('is published, hands the sealed request over, and consent is on the callback’s origin', async () => {
    const metadata = (await (await stack.call('/.well-known/oauth-authorization-server')).json()) as Record<
      string,
      unknown
    >;
    expect(metadata['authorization_endpoint']).toBe('https://login.example.com/oauth/authorize');
    const { client_id } = await stack.register();
    const browser = stack.browser();
    const handed = await browser.get(stack.authorizeUrl({ client_id, code_challenge: pkce().challenge }));
    expect(handed.headers.getSetCookie()).toEqual([]);
    const location = handed.headers.get('location') ?? '';
    expect(location.startsWith(`${consentUrl}?request=`)).toBe(true);
    const page = await browser.get(location);
    const request = sealedRequest(await page.text());
    expect((await browser.post(consentUrl, { request, decision: 'allow' })).status).toBe(303);
    const handover = new URL(location).searchParams.get('request') ?? '';
    expect((await browser.post(consentUrl, { request: handover, decision: 'allow' })).status).toBe(400);
  });
});
