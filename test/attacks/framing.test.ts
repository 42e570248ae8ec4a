/**
 * Clickjacking: a page of ours inside somebody else's. RFC 9700 §4.16, RFC 6749 §10.13, MCP security best practices (consent page
 * must forbid framing). Every answer of every route is looked at, whatever it says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, startStack } from '../fixtures/stack.ts';
import { allow, answerOf, askConsent, consentUrl } from './login-steps.ts';

let stack: Stack;
let clientId: string;
beforeAll(async () => {
  stack = await startStack({
    clients: [{ client_id: 'static', redirect_uris: ['https://app.example.com/cb'] }],
    access: [{ email_domains: ['example.com'] }],
  });
  clientId = (await stack.register()).client_id;
});
afterAll(() => stack.close());

/** What a browser may do with an answer, as far as its headers say. */
interface Guard {
  readonly frames: string | null;
  readonly policy: string | null;
  readonly sniff: string | null;
  readonly cache: string | null;
  readonly referrer: string | null;
  readonly opener: string | null;
  readonly cors: string | null;
}

function guardOf({ headers }: Response): Guard {
  return {
    frames: headers.get('x-frame-options'),
    policy: headers.get('content-security-policy'),
    sniff: headers.get('x-content-type-options'),
    cache: headers.get('cache-control'),
    referrer: headers.get('referrer-policy'),
    opener: headers.get('cross-origin-opener-policy'),
    cors: headers.get('access-control-allow-origin'),
  };
}

const common = { frames: 'DENY', sniff: 'nosniff', cache: 'no-store', opener: 'same-origin', cors: null };

/** Exactly this: no script, no frame, no object, no base; a style by its hash. */
const pagePolicy =
  /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; frame-ancestors 'none'; base-uri 'none'$/u;
const aPage = { ...common, policy: expect.stringMatching(pagePolicy), referrer: 'no-referrer' };
const aRedirect = {
  ...common,
  policy: "default-src 'none'; frame-ancestors 'none'",
  referrer: 'no-referrer',
};

type Step = () => Promise<Response>;
const asked = (more: Record<string, string | undefined> = {}): string =>
  stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge, ...more });

describe('the consent page', () => {
  it('cannot be framed, scripted or kept', async () => {
    // Its referrer stays on our origin, because the form must prove where it comes from.
    expect(guardOf(await stack.call(asked()))).toEqual({ ...aPage, referrer: 'same-origin' });
  });

  it('answers HEAD with the same headers', async () => {
    const answer = await stack.call(asked(), { method: 'HEAD' });
    expect(guardOf(answer)).toEqual({ ...aPage, referrer: 'same-origin' });
    expect(await answer.text()).toBe('');
  });
});

describe('every other page of a login cannot be framed either', () => {
  const pages: readonly (readonly [string, Step])[] = [
    ['unknown client', () => stack.call(asked({ client_id: 'nobody' }))],
    ['no client', () => stack.call(asked({ client_id: undefined }))],
    ['unknown address', () => stack.call(asked({ redirect_uri: 'https://evil.example/' }))],
    ['malformed request', () => stack.call(`${asked()}&state=1&state=2`)],
    [
      'consent without form',
      () => stack.call('/oauth/consent', { method: 'POST', headers: { origin: issuer } }),
    ],
    [
      'consent from another site',
      () => stack.call('/oauth/consent', { method: 'POST', headers: { origin: 'https://evil.example' } }),
    ],
    [
      'consent that is too large',
      () =>
        stack.call('/oauth/consent', {
          method: 'POST',
          headers: { origin: issuer },
          body: 'x'.repeat(70_000),
        }),
    ],
    ['handed-over request that is none', () => stack.call('/oauth/consent?request=AAAA')],
    ['callback without state', () => stack.call('/oauth/callback?code=x')],
    [
      'callback of another browser',
      async () => stack.call(await answerOf(stack, stack.browser(), { clientId })),
    ],
    [
      'callback that comes twice',
      async () => {
        const browser = stack.browser();
        const back = await answerOf(stack, browser, { clientId });
        await browser.get(back);
        return browser.get(back);
      },
    ],
    [
      'error for an app that may not be redirected to',
      async () => {
        const redirect_uri = 'https://web.example.com/cb';
        const { client_id } = await stack.register({ redirect_uris: [redirect_uri] });
        return stack.call(asked({ client_id, redirect_uri, response_type: 'token' }));
      },
    ],
  ];

  it.each(pages)('%s', async (_, step) => {
    const answer = await step();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(guardOf(answer)).toEqual(aPage);
  });

  it('access denied', async () => {
    const denied = await startStack({ access: [{ email_domains: ['elsewhere.example'] }] });
    const browser = denied.browser();
    const { client_id } = await denied.register();
    const answer = await browser.get(await answerOf(denied, browser, { clientId: client_id }));
    expect([answer.status, guardOf(answer)]).toEqual([403, aPage]);
    await denied.close();
  });

  it('the provider is down', async () => {
    const lonely = await startStack();
    const { client_id } = await lonely.register();
    const browser = lonely.browser();
    const request = await askConsent(lonely, browser, { client_id });
    await lonely.provider.close();
    const answer = await browser.post(consentUrl, { request, decision: 'allow' });
    expect([answer.status, guardOf(answer)]).toEqual([503, aPage]);
    await lonely.auth.close();
  });
});

describe('every redirect of a login is as guarded as a page', () => {
  const redirects: readonly (readonly [string, Step])[] = [
    ['an error to a loopback app', () => stack.call(asked({ response_type: 'token' }))],
    [
      'an error to a static app',
      () =>
        stack.call(
          asked({ client_id: 'static', redirect_uri: 'https://app.example.com/cb', prompt: 'none' }),
        ),
    ],
    [
      'to the provider',
      async () => {
        const browser = stack.browser();
        const request = await askConsent(stack, browser, { client_id: clientId });
        return browser.post(consentUrl, { request, decision: 'allow' });
      },
    ],
    [
      'a refusal',
      async () => {
        const browser = stack.browser();
        const request = await askConsent(stack, browser, { client_id: clientId });
        return browser.post(consentUrl, { request, decision: 'deny' });
      },
    ],
    [
      'a code',
      async () => {
        const browser = stack.browser();
        return browser.get(await answerOf(stack, browser, { clientId }));
      },
    ],
    [
      'a new try at the provider',
      async () => {
        const browser = stack.browser();
        const request = await askConsent(stack, browser, { client_id: clientId });
        const state = new URL(await allow(browser, request)).searchParams.get('state') ?? '';
        await browser.get(`${issuer}/oauth/callback?state=${state}&code=wrong`);
        return browser.get(`${issuer}/oauth/callback?state=${state}&code=wrong`);
      },
    ],
  ];

  it.each(redirects)('%s', async (_, step) => {
    const answer = await step();
    // 303 and nothing else: 307 would send a form on, with all that is in it (RFC 9700 §4.12).
    expect([answer.status, guardOf(answer)]).toEqual([303, aRedirect]);
    expect(answer.headers.get('location')).not.toBeNull();
  });
});

describe('walking through all routes', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

  const browserPaths = ['/oauth/authorize', '/oauth/consent', '/oauth/callback', '/connections'];
  const nowhere = ['/', '/oauth', '/nowhere', '/oauth/authorize/', '/oauth/callback/demo'];

  it('no answer to any method sets a cookie but the one that ties forms to their browser, allows credentials, or may be taken for another type', async () => {
    const paths = stack.auth.routes.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining([...browserPaths, '/oauth/token', '/oauth/userinfo']));
    for (const path of [...paths, ...nowhere])
      for (const method of methods) {
        const answer = await visit(path, method);
        const { sniff } = guardOf(answer);
        const credentials = answer.headers.get('access-control-allow-credentials');
        const seen = { path, method, credentials, cookies: answer.headers.getSetCookie() };
        // The way in to the connections page is a form that asks for nothing first.
        const door = path === '/connections' && ['GET', 'HEAD'].includes(method);
        const cookies = door ? [expect.stringMatching(/^__Host-sallyport-[\w-]{8}=/u)] : [];
        expect(seen).toEqual({ path, method, credentials: null, cookies });
        // A preflight has no body.
        if (answer.status !== 204) expect([path, method, sniff]).toEqual([path, method, 'nosniff']);
      }
  });

  it('nothing that a browser may visit can be framed, by any method, found or not', async () => {
    for (const path of [...browserPaths, ...nowhere])
      for (const method of methods) {
        const { frames, policy, cors } = guardOf(await visit(path, method));
        const unframed = policy?.includes("frame-ancestors 'none'");
        expect([path, method, frames, unframed, cors]).toEqual([path, method, 'DENY', true, null]);
      }
  });

  function visit(path: string, method: string): Promise<Response> {
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? 'x=1' : null;
    return stack.call(path, { method, headers: { origin: 'https://evil.example', cookie: 'a=b' }, body });
  }
});
