/**
 * A login that one person begins and another ends. CVE-2026-27124 / GHSA-rww4-4w9c-7733 (the attacker consents and hands the
 * upstream's address to the victim), cloudflare/ai#51 (no consent at all), login CSRF (RFC 9700 §4.7, RFC 6749 §10.12;
 * jellyfin-sso#326, omi PR7052), MCP security best practices (confused deputy). toolhive bound nothing to a browser.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { allow, answerOf, askConsent, consentUrl, shown } from './login-steps.ts';

const thiefUri = 'https://thief.example/cb';

let stack: Stack;
let clientId: string;
let thief: string;
beforeAll(async () => {
  stack = await startStack();
  clientId = (await stack.register()).client_id;
  thief = (await stack.register({ client_name: 'Test app', redirect_uris: [thiefUri] })).client_id;
});
afterAll(() => stack.close());

/** A browser that has been here before, in another login. */
async function usedBrowser(): Promise<Browser> {
  const browser = stack.browser();
  await browser.get(await answerOf(stack, browser, { clientId }));
  return browser;
}

const byThief = (): Record<string, string> => ({ client_id: thief, redirect_uri: thiefUri });
const grants = async (): Promise<number> => (await stack.store.stats()).grants;

describe('nobody reaches the provider without consent', () => {
  it('an authorization request shows a page, however trusted, used or signed-in the browser is', async () => {
    const browser = await usedBrowser();
    for (const prompt of [undefined, 'login', 'consent', 'select_account']) {
      const url = stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge, prompt });
      expect(await shown(await browser.get(url))).toBe('200 page');
    }
  });

  it('consent to one client is no consent to another, nor to the same one again', async () => {
    const browser = await usedBrowser();
    const url = stack.authorizeUrl({ ...byThief(), code_challenge: pkce().challenge });
    const first = await browser.get(url);
    expect(await first.clone().text()).toContain('thief.example');
    expect(await shown(first)).toBe('200 page');
    const requests = stack.provider.requests.length;
    expect(await shown(await browser.get(url))).toBe('200 page');
    expect(stack.provider.requests).toHaveLength(requests);
  });

  it('consent cannot be given by GET, by HEAD, or in the authorization request', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    for (const method of ['GET', 'HEAD'])
      for (const path of [consentUrl, `${issuer}/oauth/authorize`]) {
        const url = `${path}?request=${request}&decision=allow`;
        const answer = await stack.fetch(new Request(url, { method, headers: { cookie, origin: issuer } }));
        expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      }
    const url = `${stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge })}&decision=allow`;
    expect(await shown(await browser.get(url))).toBe('200 page');
  });
});

describe('the attacker consents, the victim signs in (CVE-2026-27124)', () => {
  it.each([
    ['a new browser', () => Promise.resolve(stack.browser())],
    ['a browser that has been here', usedBrowser],
  ])('is stopped at the callback, in %s', async (_, open) => {
    const attacker = stack.browser();
    const back = await answerOf(stack, attacker, {
      clientId: thief,
      redirectUri: thiefUri,
      account: 'victim',
    });
    const victim = await open();
    const before = await grants();
    expect(await shown(await victim.get(back))).toBe('403 page');
    expect(await grants()).toBe(before);
  });

  it('is stopped, too, when both had their consent page open at the same time', async () => {
    const [attacker, victim] = [stack.browser(), stack.browser()];
    const wanted = await askConsent(stack, attacker, byThief());
    const own = await askConsent(stack, victim, { client_id: clientId });
    const handed = await stack.provider.signIn(await allow(attacker, wanted), 'victim');
    await allow(victim, own);
    expect(await shown(await victim.get(handed))).toBe('403 page');
  });

  it('the victim’s own login goes on beside it', async () => {
    const [attacker, victim] = [stack.browser(), stack.browser()];
    const handed = await answerOf(stack, attacker, {
      clientId: thief,
      redirectUri: thiefUri,
      account: 'victim',
    });
    const own = await answerOf(stack, victim, { clientId, account: 'victim' });
    expect(await shown(await victim.get(handed))).toBe('403 page');
    const answer = await victim.get(own);
    expect(answer.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:33418\/callback\?code=/u);
  });
});

describe('the attacker signs in, the victim gets the answer (login CSRF)', () => {
  it('is stopped: the victim is never signed in as the attacker', async () => {
    const [attacker, victim] = [stack.browser(), await usedBrowser()];
    const back = await answerOf(stack, attacker, { clientId, account: 'mallory' });
    expect(await shown(await victim.get(back))).toBe('403 page');
    // Nothing was used up: the attacker's own browser could still end it.
    expect((await attacker.get(back)).status).toBe(303);
  });

  it('is stopped, too, when the attacker’s code comes with the victim’s own state', async () => {
    const [attacker, victim] = [stack.browser(), stack.browser()];
    const foreign = new URL(await answerOf(stack, attacker, { clientId, account: 'mallory' }));
    const own = new URL(await answerOf(stack, victim, { clientId, account: 'victim' }));
    own.searchParams.set('code', foreign.searchParams.get('code') ?? '');
    const before = await grants();
    const location = new URL((await victim.get(own.href)).headers.get('location') ?? '');
    expect(location.searchParams.get('code')).toBeNull();
    expect(location.searchParams.get('error')).toBe('server_error');
    expect(await grants()).toBe(before);
  });
});

describe('the attacker hands over the form', () => {
  it('a form of the attacker’s browser is worthless in the victim’s', async () => {
    const request = await askConsent(stack, stack.browser(), byThief());
    for (const victim of [stack.browser(), await usedBrowser()])
      expect(await shown(await victim.post(consentUrl, { request, decision: 'allow' }))).toBe('403 page');
  });

  it('a form of the victim’s browser is worthless in the attacker’s', async () => {
    const request = await askConsent(stack, stack.browser(), { client_id: clientId });
    const before = (await stack.store.stats()).pending;
    expect(await shown(await (await usedBrowser()).post(consentUrl, { request, decision: 'allow' }))).toBe(
      '403 page',
    );
    expect(await shown(await stack.browser().post(consentUrl, { request, decision: 'deny' }))).toBe(
      '403 page',
    );
    expect((await stack.store.stats()).pending).toBe(before + 1);
  });
});

describe('a form that another site sends', () => {
  const site = 'sec-fetch-site';
  it.each([
    ['from another site', { origin: 'https://evil.example', [site]: 'cross-site' }],
    ['from a neighbour', { origin: 'https://evil.example.com', [site]: 'same-site' }],
    ['from another port', { origin: `${issuer}:8443`, [site]: 'same-site' }],
    ['from http', { origin: issuer.replace('https', 'http'), [site]: 'cross-site' }],
    ['from a host that begins like ours', { origin: `${issuer}.evil.example`, [site]: 'cross-site' }],
    ['from a host that ends like ours', { origin: 'https://evil-mcp.example.com', [site]: 'cross-site' }],
    ['from our origin in other letters', { origin: issuer.toUpperCase() }],
    ['from our origin with a dot', { origin: `${issuer}.` }],
    ['from our origin with a path', { origin: `${issuer}/` }],
    ['from two origins', { origin: `${issuer} https://evil.example` }],
    ['from two origins in a list', { origin: `${issuer}, https://evil.example` }],
    [
      'from a foreign origin that calls itself ours',
      { origin: 'https://evil.example', [site]: 'same-origin' },
    ],
    ['from a frame without origin', { origin: 'null', [site]: 'cross-site' }],
    ['from a neighbour’s frame without origin', { origin: 'null', [site]: 'same-site' }],
    ['from nowhere', { origin: 'null', [site]: 'none' }],
    ['with a null origin and nothing else', { origin: 'null' }],
    ['with an empty origin', { origin: '' }],
    ['with a made-up relation', { origin: 'null', [site]: 'same-origin, cross-site' }],
    ['with the relation in other letters', { origin: 'null', [site]: 'Same-Origin' }],
  ])('is not accepted: %s', async (_, headers) => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const before = (await stack.store.stats()).pending;
    expect(await shown(await browser.post(consentUrl, { request, decision: 'allow' }, headers))).toBe(
      '403 page',
    );
    expect(await shown(await browser.post(consentUrl, { request, decision: 'deny' }, headers))).toBe(
      '403 page',
    );
    expect((await stack.store.stats()).pending).toBe(before);
  });

  it('is accepted from our own page, also where a policy blanks its origin', async () => {
    const headers = [{ origin: issuer }, { origin: 'null', [site]: 'same-origin' }];
    for (const one of headers) {
      const browser = stack.browser();
      const request = await askConsent(stack, browser, { client_id: clientId });
      const answer = await browser.post(consentUrl, { request, decision: 'allow' }, one);
      expect(answer.status).toBe(303);
    }
  });

  it('is not accepted without a cookie, even from our own origin', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const body = new URLSearchParams({ request, decision: 'allow' });
    const headers = { origin: issuer, [site]: 'same-origin' };
    expect(await shown(await stack.call('/oauth/consent', { method: 'POST', body, headers }))).toBe(
      '403 page',
    );
  });

  it('is not accepted in another encoding', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const multipart = new FormData();
    multipart.set('request', request);
    multipart.set('decision', 'allow');
    for (const body of [multipart, JSON.stringify({ request, decision: 'allow' })]) {
      const headers = { cookie, origin: issuer };
      expect(await shown(await stack.call('/oauth/consent', { method: 'POST', body, headers }))).toBe(
        '400 page',
      );
    }
  });
});

describe('a decision that comes twice', () => {
  it('allowed and allowed again leads to one and the same login, and to one code', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const [first = '', ...others] = await Promise.all(
      Array.from({ length: 5 }, () => allow(browser, request)),
    );
    expect(new Set(others)).toEqual(new Set([first]));
    const back = await stack.provider.signIn(first, 'alice');
    const before = await grants();
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.get(back)));
    const codes = answers.filter((one) => one.headers.get('location')?.startsWith(redirectUri));
    expect(codes).toHaveLength(1);
    expect(await grants()).toBe(before + 1);
  });

  it.each(['allow&decision=deny', 'deny&decision=allow', 'allow&decision=allow', 'deny&request=x'])(
    'in one form is no decision: %s',
    async (decision) => {
      const browser = stack.browser();
      const request = await askConsent(stack, browser, { client_id: clientId });
      const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
      const headers = { cookie, origin: issuer, 'content-type': 'application/x-www-form-urlencoded' };
      const body = `request=${request}&decision=${decision}`;
      expect(await shown(await stack.call('/oauth/consent', { method: 'POST', body, headers }))).toBe(
        '400 page',
      );
    },
  );

  it.each(['', 'Allow', 'allow ', 'yes', 'true', '1', 'deny,allow', 'ALLOW', '__proto__'])(
    'is a no unless it says allow: %j',
    async (decision) => {
      const browser = stack.browser();
      const request = await askConsent(stack, browser, { client_id: clientId });
      const answer = await browser.post(consentUrl, { request, decision });
      expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('access_denied');
      expect(await shown(await browser.post(consentUrl, { request, decision: 'allow' }))).toBe('403 page');
    },
  );

  it('after the login has ended gives no second code, in no order', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const back = await stack.provider.signIn(await allow(browser, request), 'alice');
    expect((await browser.get(back)).headers.get('location')).toContain('code=');
    const before = await grants();
    expect(await shown(await browser.post(consentUrl, { request, decision: 'allow' }))).toBe('200 page');
    const denied = await browser.post(consentUrl, { request, decision: 'deny' });
    expect(await shown(denied)).toBe('409 page');
    expect(await shown(await browser.post(consentUrl, { request, decision: 'allow' }))).toBe('200 page');
    expect(await grants()).toBe(before);
  });
});
