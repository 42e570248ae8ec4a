/**
 * The sealed request that a consent page carries: forged, changed, cut, too old, or made for something else. It is all that the
 * server knows of a login until somebody consents. RFC 9700 §4.7; cloudflare/mcp PR41 (the request in a readable state),
 * omi PR7052 (unsigned state), cartesia PR67 (checked at the start, not when resumed), CVE-2025-4143.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { Browser, issuer, pkce, sealedRequest, startStack } from '../fixtures/stack.ts';
import { allow, askConsent, consentUrl, shown, startApart } from './login-steps.ts';

let stack: Stack;
let clientId: string;
beforeAll(async () => {
  stack = await startStack();
  clientId = (await stack.register()).client_id;
});
afterAll(() => stack.close());

const pending = async (): Promise<number> => (await stack.store.stats()).pending;

const refused = ['400 page', '400 page', 0];

/** Posts a form as the browser's own: what is shown for a yes and a no, and how many rows that made. */
async function posted(browser: Browser, request: string): Promise<readonly unknown[]> {
  const before = await pending();
  const yes = await shown(await browser.post(consentUrl, { request, decision: 'allow' }));
  const no = await shown(await browser.post(consentUrl, { request, decision: 'deny' }));
  return [yes, no, (await pending()) - before];
}

describe('a sealed form', () => {
  it('says nothing that a stranger could read, and is never the same twice', async () => {
    const browser = stack.browser();
    const url = stack.authorizeUrl({
      client_id: clientId,
      code_challenge: pkce().challenge,
      state: 'secret-state',
    });
    const forms = await Promise.all(
      [1, 2].map(async () => sealedRequest(await (await browser.get(url)).text())),
    );
    expect(new Set(forms).size).toBe(2);
    for (const form of forms) {
      const bytes = Buffer.from(form, 'base64url').toString('latin1');
      for (const part of ['secret-state', '127.0.0.1', 'sp_c1_', 'scope', 'expires'])
        expect(bytes).not.toContain(part);
    }
  });

  it.each([
    ['nothing', ''],
    ['garbage', 'AAAA'],
    ['a long run of zeros', Buffer.alloc(400).toString('base64url')],
    ['a version and zeros', Buffer.concat([Buffer.of(1), Buffer.alloc(400)]).toString('base64url')],
    ['JSON', Buffer.from('{"id":"x","browser":null}').toString('base64url')],
    ['more than may travel', 'A'.repeat(8193)],
    ['as much as may be posted', 'A'.repeat(60_000)],
    ['a code of ours', 'sp_ac_AAAA'],
  ])('that is %s is refused', async (_, request) => {
    const browser = stack.browser();
    await askConsent(stack, browser, { client_id: clientId });
    expect(await posted(browser, request)).toEqual(refused);
  });

  it('that is a client id or a state of ours is refused', async () => {
    const browser = stack.browser();
    const location = await allow(browser, await askConsent(stack, browser, { client_id: clientId }));
    const state = new URL(location).searchParams.get('state') ?? '';
    for (const request of [clientId, state]) expect(await posted(browser, request)).toEqual(refused);
  });

  it('that was changed anywhere is refused', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const sealed = Buffer.from(request, 'base64url');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: sealed.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, bits) => {
          const changed = Buffer.from(sealed);
          changed[at] = (changed[at] ?? 0) ^ bits;
          expect(await posted(browser, changed.toString('base64url'))).toEqual(refused);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that was cut, lengthened or turned is refused', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const sealed = Buffer.from(request, 'base64url');
    for (const cut of [1, 16, 17, 33, sealed.length - 16, sealed.length - 1]) {
      expect(await posted(browser, sealed.subarray(0, cut).toString('base64url'))).toEqual(refused);
      expect(await posted(browser, sealed.subarray(cut).toString('base64url'))).toEqual(refused);
    }
    expect(await posted(browser, Buffer.concat([sealed, Buffer.of(0)]).toString('base64url'))).toEqual(
      refused,
    );
    expect(await posted(browser, Buffer.from(sealed).reverse().toString('base64url'))).toEqual(refused);
  });

  it('of two others, head and body, is refused', async () => {
    const browser = stack.browser();
    const [one, two] = [
      Buffer.from(await askConsent(stack, browser, { client_id: clientId }), 'base64url'),
      Buffer.from(await askConsent(stack, browser, { client_id: clientId }), 'base64url'),
    ];
    for (const cut of [17, 100, one.length - 16]) {
      const grafted = Buffer.concat([one.subarray(0, cut), two.subarray(cut)]);
      expect(await posted(browser, grafted.toString('base64url'))).toEqual(refused);
    }
  });

  it('is good for ten minutes and not for longer', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    stack.advance(599_000);
    expect(await allow(browser, request)).toContain(stack.provider.issuer);
    const late = await askConsent(stack, browser, { client_id: clientId });
    stack.advance(600_000);
    expect(await posted(browser, late)).toEqual(refused);
  });
});

describe('a form for something else', () => {
  it('a handed-over request is no consent form, and a consent form is no handed-over request', async () => {
    const apart = await startApart();
    const { client_id } = await apart.register();
    const browser = apart.browser();
    const url = apart.authorizeUrl({ client_id, code_challenge: pkce().challenge });
    const handover = new URL((await browser.get(url)).headers.get('location') ?? '');
    expect(handover.origin).toBe('https://login.example.com');
    const sealed = handover.searchParams.get('request') ?? '';
    const consent = sealedRequest(await (await browser.get(handover.href)).text());
    const post = `${handover.origin}/oauth/consent`;
    expect(await shown(await browser.post(post, { request: sealed, decision: 'allow' }))).toBe('400 page');
    handover.searchParams.set('request', consent);
    expect(await shown(await browser.get(handover.href))).toBe('400 page');
    expect((await browser.post(post, { request: consent, decision: 'allow' })).status).toBe(303);
    await apart.close();
  });

  it('another server’s form is worthless here', async () => {
    const other = await startStack();
    const [here, there] = [stack.browser(), other.browser()];
    await askConsent(stack, here, { client_id: clientId });
    const foreign = await askConsent(other, there, { client_id: (await other.register()).client_id });
    for (const [name, value] of here.cookies) there.cookies.set(name, value);
    expect(await posted(here, foreign)).toEqual(refused);
    await other.close();
  });

  it('another issuer’s form is worthless here, even where both have the same secrets', async () => {
    const files = { '/hmac': Buffer.alloc(32, 7) };
    const shared = { hmac_secret_files: ['/hmac'] };
    const here = await startStack(shared, { files });
    const elsewhere = 'https://tenant-b.example.com';
    const there = await startStack(
      { ...shared, issuer: elsewhere, allowed_audiences: [`${elsewhere}/admin`] },
      { files },
    );
    const { client_id } = await there.register();
    const url = new URL(
      there.authorizeUrl({ client_id, code_challenge: pkce().challenge, resource: undefined }),
    );
    const abroad = there.browser();
    const page = await abroad.get(`${elsewhere}${url.pathname}${url.search}`);
    const request = sealedRequest(await page.text());
    const [value = ''] = abroad.cookies.values();
    const browser = here.browser();
    await askConsent(here, browser, { client_id: (await here.register()).client_id });
    for (const name of browser.cookies.keys()) browser.cookies.set(name, value);
    expect(await shown(await browser.post(consentUrl, { request, decision: 'allow' }))).toBe('400 page');
    await here.close();
    await there.close();
  });
});

describe('a form from before a change', () => {
  const files = { '/hmac': Buffer.alloc(32, 9), '/secret': 's'.repeat(40) };
  const app = {
    client_id: 'app',
    client_secret_file: '/secret',
    redirect_uris: ['https://app.example.com/cb', 'https://old.example.com/cb'],
  };
  const shared = { hmac_secret_files: ['/hmac'], clients: [app] };
  const asked = { client_id: 'app', redirect_uri: 'https://old.example.com/cb' };

  it.each([
    ['the client is gone', []],
    ['its address is gone', [{ ...app, redirect_uris: ['https://app.example.com/cb'] }]],
  ])('is measured by today’s rules: %s', async (_, clients) => {
    const before = await startStack(shared, { files });
    const { provider } = before;
    const after = await startStack({ ...shared, clients }, { files, provider });
    const browser = before.browser();
    const request = await askConsent(before, browser, asked);
    const later = new Browser(after.fetch);
    for (const [name, value] of browser.cookies) later.cookies.set(name, value);
    for (const decision of ['allow', 'deny'])
      expect(await shown(await later.post(consentUrl, { request, decision }))).toBe('400 page');
    await after.auth.close();
    await before.close();
  });

  it.each([
    ['the client is gone', []],
    ['its address is gone', [{ ...app, redirect_uris: ['https://app.example.com/cb'] }]],
  ])('is measured by today’s rules at the callback too: %s', async (_, clients) => {
    const before = await startStack(shared, { files });
    const { provider, store } = before;
    const after = await startStack({ ...shared, clients }, { files, provider, store });
    const browser = before.browser();
    const back = await provider.signIn(
      await allow(browser, await askConsent(before, browser, asked)),
      'alice',
    );
    const later = new Browser(after.fetch);
    for (const [name, value] of browser.cookies) later.cookies.set(name, value);
    expect(await shown(await later.get(back))).toBe('400 page');
    expect((await store.stats()).grants).toBe(0);
    await before.close();
  });

  it('an unchanged client goes on, so that the refusals above mean something', async () => {
    const before = await startStack(shared, { files });
    const { provider, store } = before;
    const after = await startStack(shared, { files, provider, store });
    const browser = before.browser();
    const request = await askConsent(before, browser, asked);
    const later = new Browser(after.fetch);
    for (const [name, value] of browser.cookies) later.cookies.set(name, value);
    const answer = await later.get(await provider.signIn(await allow(later, request), 'alice'));
    expect(answer.headers.get('location')).toContain(`iss=${encodeURIComponent(issuer)}`);
    await before.close();
  });
});
