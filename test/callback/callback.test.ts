import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, sealedRequest, startStack } from '../fixtures/stack.ts';

describe('GET /oauth/callback', () => {
  let stack: Stack;
  let clientId: string;
  beforeAll(async () => {
    stack = await startStack();
    clientId = (await stack.register()).client_id;
  });
  afterAll(() => stack.close());

  const upstream = (browser: Browser): Promise<string> =>
    stack.signInUpstream(browser, { client_id: clientId, code_challenge: pkce().challenge, state: 's' });

  it('ends in a code once; a reload says that all is done and gives no second code', async () => {
    const browser = stack.browser();
    const back = await upstream(browser);
    const first = await browser.get(back);
    expect(first.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:33418\/callback\?code=sp_ac_/u);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const again = await browser.get(back);
    expect(again.status).toBe(200);
    expect(again.headers.get('location')).toBeNull();
    expect(await again.text()).not.toContain('sp_ac_');
  });

  it('takes nothing for HEAD: whatever looks ahead does not use up the login', async () => {
    const browser = stack.browser();
    const back = await upstream(browser);
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const before = await stack.store.stats();
    for (let time = 0; time < 5; time += 1) {
      const look = await stack.fetch(new Request(back, { method: 'HEAD', headers: { cookie } }));
      expect([look.status, look.headers.get('location')]).toEqual([200, null]);
    }
    expect(await stack.store.stats()).toEqual(before);
    expect((await browser.get(back)).headers.get('location')).toContain('?code=sp_ac_');
  });

  it('posting the consent again after the end creates nothing anew', async () => {
    const browser = stack.browser();
    const url = stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge });
    const request = sealedRequest(await (await browser.get(url)).text());
    const posted = await browser.post(`${issuer}/oauth/consent`, { request, decision: 'allow' });
    await browser.get(await stack.provider.signIn(posted.headers.get('location') ?? '', 'alice'));
    const again = await browser.post(`${issuer}/oauth/consent`, { request, decision: 'allow' });
    expect(again.status).toBe(200);
    expect(again.headers.get('location')).toBeNull();
  });

  it('refuses the answer in any other browser, and the rightful one can still use it', async () => {
    const browser = stack.browser();
    const back = await upstream(browser);
    const stranger = stack.browser();
    await stranger.get(stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge }));
    expect((await stranger.get(back)).status).toBe(403);
    expect((await stack.browser().get(back)).status).toBe(403);
    expect((await browser.get(back)).status).toBe(303);
  });

  it.each([
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['a state of somebody’s making', (url: URL) => url.searchParams.set('state', 'AAAA')],
    ['two states', (url: URL) => url.searchParams.append('state', 'x')],
  ])('refuses %s', async (_, change) => {
    const browser = stack.browser();
    const url = new URL(await upstream(browser));
    change(url);
    expect((await browser.get(url.href)).status).toBe(403);
  });

  it('refuses an answer that names another issuer (RFC 9207; mix-up)', async () => {
    const browser = stack.browser();
    const url = new URL(await upstream(browser));
    url.searchParams.set('iss', 'https://evil.example');
    const location = new URL((await browser.get(url.href)).headers.get('location') ?? '');
    expect(location.searchParams.get('error')).toBe('server_error');
  });

  it('starts the upstream leg anew when the first answer failed, at most three times', async () => {
    const browser = stack.browser();
    const url = new URL(await upstream(browser));
    const good = url.href;
    url.searchParams.set('code', 'wrong');
    const failed = await browser.get(url.href);
    expect(new URL(failed.headers.get('location') ?? '').searchParams.get('error')).toBe('server_error');
    const states = new Set<string>();
    for (let restart = 0; restart < 3; restart += 1) {
      const location = new URL((await browser.get(good)).headers.get('location') ?? '');
      expect(location.origin).toBe(new URL(stack.provider.issuer).origin);
      states.add(location.searchParams.get('state') ?? '');
    }
    expect(states.size).toBe(3);
    expect((await browser.get(good)).status).toBe(400);
  });

  it('finishes on a restarted leg', async () => {
    const browser = stack.browser();
    const url = new URL(await upstream(browser));
    const good = url.href;
    url.searchParams.set('code', 'wrong');
    await browser.get(url.href);
    const restarted = (await browser.get(good)).headers.get('location') ?? '';
    const back = await stack.provider.signIn(restarted, 'alice');
    expect((await browser.get(back)).headers.get('location')).toContain('code=sp_ac_');
  });

  it('tells the client that the user cancelled at the provider', async () => {
    const browser = stack.browser();
    const url = new URL(await upstream(browser));
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    url.searchParams.set('error_description', '<script>of-the-provider</script>');
    const location = (await browser.get(url.href)).headers.get('location') ?? '';
    expect(new URL(location).searchParams.get('error')).toBe('access_denied');
    expect(location.startsWith(redirectUri)).toBe(true);
    expect(location).not.toContain('of-the-provider');
  });

  it('refuses an answer after ten minutes', async () => {
    const browser = stack.browser();
    const back = await upstream(browser);
    stack.advance(601_000);
    const response = await browser.get(back);
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });

  it('gives one code when the same answer arrives many times at once', async () => {
    const browser = stack.browser();
    const back = await upstream(browser);
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.get(back)));
    const codes = answers.filter((answer) => answer.headers.get('location')?.includes('code=sp_ac_'));
    expect(codes).toHaveLength(1);
  });
});

describe('access rules at login', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ access: [{ emails: ['alice@example.com'] }] });
  });
  afterAll(() => stack.close());

  it('admit whom they name', async () => {
    const { client_id } = await stack.register();
    const redirect = await stack.login({ client_id, code_challenge: pkce().challenge }, 'alice');
    expect(redirect.searchParams.has('code')).toBe(true);
  });

  it('show everybody else a kind page, without a code, with the way back', async () => {
    const { client_id } = await stack.register();
    const browser = stack.browser();
    const back = await stack.signInUpstream(browser, { client_id, code_challenge: pkce().challenge }, 'bob');
    const response = await browser.get(back);
    expect(response.status).toBe(403);
    const html = await response.text();
    expect(html).not.toContain('sp_ac_');
    expect(html).toContain('error=access_denied');
    expect((await stack.store.stats()).grants).toBe(1);
  });
});

describe('a provider that is down', () => {
  it('does not stop the server, and the same consent works when it is back', async () => {
    const stack = await startStack();
    const { client_id } = await stack.register();
    await stack.provider.close();
    const down = await startStack(
      {
        upstreams: [
          {
            name: 'demo',
            type: 'oidc',
            oidc_config: { issuer_url: stack.provider.issuer, client_id: 'sallyport' },
          },
        ],
      },
      { provider: stack.provider },
    );
    const browser = down.browser();
    const registered = await down.register();
    expect(registered.client_id).not.toBe(client_id);
    const url = down.authorizeUrl({ client_id: registered.client_id, code_challenge: pkce().challenge });
    const request = sealedRequest(await (await browser.get(url)).text());
    const response = await browser.post(`${issuer}/oauth/consent`, { request, decision: 'allow' });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
    const readiness = await down.auth.readiness();
    expect(readiness.ready).toBe(false);
    expect(readiness.problems.join()).toContain('demo');
    await down.auth.close();
    await stack.auth.close();
  });
});
