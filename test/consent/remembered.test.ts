import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, resource, upstreamSecret } from '../fixtures/stack.ts';
import { Publisher } from '../cimd/publisher.ts';
import { formOf } from '../connections/scene.ts';
import type { Scene } from './scene.ts';
import {
  ask,
  consentUrl,
  day,
  decide,
  finish,
  locationOf,
  redeem,
  remember,
  secondForm,
  shownAs,
  siteUri,
  startRemembering,
} from './scene.ts';

let provider: Stack['provider'];
let scene: Scene;
let stack: Stack;

beforeAll(async () => {
  const redirect_uris = [`${issuer}/oauth/callback`];
  provider = await startOidcProvider({
    clients: [{ client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris }],
  });
});
afterAll(() => provider.close());
afterEach(() => scene.stack.auth.close());

async function start(config: Record<string, unknown> = {}): Promise<void> {
  scene = await startRemembering(config, { provider });
  ({ stack } = scene);
}

const told = (name: string) => scene.events.filter(({ event }) => event === name);

describe('a consent that its user wants remembered', () => {
  it('leads the same browser straight to the provider the next time, and to a code', async () => {
    await start();
    const browser = stack.browser();
    expect(await shownAs(stack, await remember(stack, browser))).toBe('code');
    const again = await ask(stack, browser);
    expect(await shownAs(stack, again)).toBe('upstream');
    const { scope } = await redeem(stack, await finish(stack, browser, again));
    expect(scope).toBe('openid email');
    expect(told('consent_remembered')).toHaveLength(1);
    expect(told('consent_recalled')).toMatchObject([{ clientName: 'Desktop', resource, upstream: 'demo' }]);
    expect(told('consent_allowed')).toHaveLength(1);
  });

  it('is not kept when the box is not checked, and the box is not checked for them', async () => {
    await start();
    const browser = stack.browser();
    const page = await ask(stack, browser);
    expect(await page.clone().text()).toMatch(/<input type="checkbox" name="remember" value="on" \/>/u);
    await finish(stack, browser, await decide(browser, page));
    expect(await shownAs(stack, await ask(stack, browser))).toBe('page');
  });

  it('counts for an app on this computer at any port, and for nothing else that differs', async () => {
    await start({ allowed_audiences: [resource, 'https://mcp.example.com/other'] });
    const browser = stack.browser();
    await remember(stack, browser, { redirectUri: 'http://127.0.0.1:5001/callback' });
    const other = { resource: 'https://mcp.example.com/other' };
    expect(
      await shownAs(stack, await ask(stack, browser, { redirectUri: 'http://127.0.0.1:5002/callback' })),
    ).toBe('upstream');
    expect(await shownAs(stack, await ask(stack, browser, other))).toBe('page');
    expect(await shownAs(stack, await ask(stack, browser, { client: 'site' }))).toBe('page');
    expect(await shownAs(stack, await ask(stack, stack.browser()))).toBe('page');
  });

  it('covers what was asked before and less, and never anything more', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser, { scope: 'openid email notes:read' });
    const less = await ask(stack, browser, { scope: 'openid notes:read' });
    expect(await shownAs(stack, less)).toBe('upstream');
    expect((await redeem(stack, await finish(stack, browser, less))).scope).toBe('openid notes:read');
    const more = await ask(stack, browser, { scope: 'openid notes:read notes:write' });
    expect(await shownAs(stack, more)).toBe('page');
  });

  it('keeps what was left out left out', async () => {
    await start();
    const browser = stack.browser();
    const scope = 'openid email notes:read notes:write';
    const fields = { choice: 'scopes', 'scope-2': 'on' };
    await remember(stack, browser, { scope, fields });
    const again = await ask(stack, browser, { scope });
    expect(await shownAs(stack, again)).toBe('upstream');
    expect((await redeem(stack, await finish(stack, browser, again))).scope).toBe('openid notes:read');
  });

  it('ends with its time', async () => {
    await start({ consent: { remember: '48h' } });
    const browser = stack.browser();
    await remember(stack, browser);
    stack.advance(2 * day - 60_000);
    expect(await shownAs(stack, await ask(stack, browser))).toBe('upstream');
    stack.advance(60_000);
    const page = await ask(stack, browser);
    expect(await shownAs(stack, page)).toBe('page');
    expect(await page.text()).not.toContain('alice@example.com');
  });

  it('ends earlier when the operator shortens the time', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    stack.advance(2 * day);
    const { config } = stack.auth;
    for (const [days, shown] of [
      [3, 'upstream'],
      [2, 'page'],
    ] as const) {
      const consent = { ...config.consent, remember: days * day };
      await stack.auth.reload(() => Promise.resolve({ ...config, consent }));
      expect(await shownAs(stack, await ask(stack, browser))).toBe(shown);
    }
  });

  it('ends when its app revokes its grant', async () => {
    await start();
    const browser = stack.browser();
    const { refresh_token: token } = await redeem(stack, await remember(stack, browser));
    const form = new URLSearchParams({ token, client_id: 'desktop' });
    await stack.call('/oauth/revoke', { method: 'POST', body: form });
    expect(await shownAs(stack, await ask(stack, browser))).toBe('page');
  });

  it('is not offered where nothing may be remembered, and a browser that was known is a stranger then', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    expect(await (await ask(stack, browser, { client: 'asked' })).text()).not.toContain('name="remember"');
    const { config } = stack.auth;
    const consent = { ...config.consent, remember: null };
    await stack.auth.reload(() => Promise.resolve({ ...config, consent }));
    const page = await ask(stack, browser, { client: 'asked' });
    expect(await page.clone().text()).not.toContain('alice@example.com');
    expect(await shownAs(stack, await ask(stack, browser))).toBe('page');
    expect(await page.text()).not.toContain('name="remember"');
  });

  it('is never taken for a request that says prompt=consent', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    for (const prompt of ['consent', 'login consent'])
      expect(await shownAs(stack, await ask(stack, browser, { prompt }))).toBe('page');
    for (const prompt of ['login', 'select_account']) {
      const answer = await ask(stack, browser, { prompt });
      expect(new URL(locationOf(answer)).searchParams.get('prompt')).toBe(prompt);
    }
  });

  it('leads to the provider at HEAD as little as any page does', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const before = (await stack.store.stats()).pending;
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const url = stack.authorizeUrl({
      client_id: 'desktop',
      redirect_uri: 'http://127.0.0.1/callback',
      code_challenge: 'x'.repeat(43),
    });
    const headers = {
      cookie,
      'sec-fetch-site': 'none',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    const answer = await stack.fetch(new Request(url, { method: 'HEAD', headers }));
    expect(answer.headers.get('location')).toBeNull();
    expect((await stack.store.stats()).pending).toBe(before);
  });

  it('is listed on the connections page, and taken back there', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const connections = `${issuer}/connections`;
    const door = await (await browser.get(connections)).text();
    const posted = await browser.post(connections, { request: formOf(door, 'Sign in with') });
    await browser.get(await provider.signIn(locationOf(posted), 'alice'));
    const html = await (await browser.get(connections)).text();
    expect(html).toContain('Apps that are not asked about');
    expect(html).toContain('Desktop');
    await browser.post(connections, { request: formOf(html, 'Ask me again') });
    expect(await (await browser.get(connections)).text()).not.toContain('Apps that are not asked about');
    expect(told('consent_forgotten')).toHaveLength(1);
    expect(await shownAs(stack, await ask(stack, browser))).toBe('page');
  });

  it('can be taken back when no app is signed in any more', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    // The code was never redeemed.
    stack.advance(660_000);
    const connections = `${issuer}/connections`;
    const door = await (await browser.get(connections)).text();
    const posted = await browser.post(connections, { request: formOf(door, 'Sign in with') });
    await browser.get(await provider.signIn(locationOf(posted), 'alice'));
    const html = await (await browser.get(connections)).text();
    const gone = await browser.post(connections, { request: formOf(html, 'Ask me again') });
    expect(gone.status).toBe(303);
    expect(await shownAs(stack, await ask(stack, browser))).toBe('page');
    expect((await browser.get(connections)).status).toBe(403);
  });

  it('is not looked up any more in a browser that signed out of the connections page', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const connections = `${issuer}/connections`;
    const door = await (await browser.get(connections)).text();
    const posted = await browser.post(connections, { request: formOf(door, 'Sign in with') });
    await browser.get(await provider.signIn(locationOf(posted), 'alice'));
    const html = await (await browser.get(connections)).text();
    await browser.post(connections, { request: formOf(html, 'Sign out') });
    const page = await ask(stack, browser);
    expect(await shownAs(stack, page)).toBe('page');
    expect(await page.text()).not.toContain('alice@example.com');
  });
});

describe('the account', () => {
  it('is named on the page of another app, and can be exchanged for another', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const page = await ask(stack, browser, { client: 'asked' });
    const html = await page.clone().text();
    expect(html).toContain('You go on as');
    expect(html).toContain('alice@example.com');
    const answer = await decide(browser, page, { decision: 'other_account' });
    const upstream = new URL(locationOf(answer));
    expect(upstream.searchParams.get('prompt')).toBe('select_account');
    // This provider has no page to choose an account on.
    upstream.searchParams.delete('prompt');
    const back = await provider.signIn(upstream.href, 'bob');
    // Whoever asks for another account is not surprised by one.
    expect(await shownAs(stack, await browser.get(back))).toBe('code');
  });

  it('is no part of the page in a browser that nobody wanted to be known in', async () => {
    await start();
    const browser = stack.browser();
    await finish(stack, browser, await decide(browser, await ask(stack, browser)));
    const html = await (await ask(stack, browser)).text();
    expect(html).not.toContain('alice@example.com');
    expect(html).not.toContain('other_account');
  });
});

describe('somebody else than the page named', () => {
  it('is asked after the sign-in, by name, and gets a code by a click', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const asked = await finish(stack, browser, await ask(stack, browser), 'bob');
    expect(await shownAs(stack, asked)).toBe('second');
    const html = await asked.text();
    expect(html).toContain('You signed in as');
    expect(html).toContain('bob@example.com');
    expect(html).not.toContain('alice@example.com');
    expect(told('consent_asked_again')).toMatchObject([{ reason: 'other_user', upstream: 'demo' }]);
    const answer = await browser.post(consentUrl, { second: secondForm(html), decision: 'allow' });
    expect((await redeem(stack, answer)).scope).toBe('openid email');
    const users = scene.events.flatMap((event) => ('user' in event ? [event.user] : []));
    expect(users.at(-1)).not.toBe(users[0]);
  });

  it('chooses among all that was asked for, not among what the other allowed', async () => {
    await start();
    const browser = stack.browser();
    const scope = 'openid email notes:read';
    await remember(stack, browser, { scope, fields: { choice: 'scopes' } });
    const asked = await finish(stack, browser, await ask(stack, browser, { scope }), 'bob');
    const second = secondForm(await asked.text());
    const fields = { second, decision: 'allow', choice: 'scopes', 'scope-2': 'on' };
    const answer = await browser.post(consentUrl, fields);
    expect((await redeem(stack, answer)).scope).toBe('openid notes:read');
  });

  it('may exchange the account there: whichever is chosen then was agreed to, and nothing is kept of the other', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const asked = await finish(stack, browser, await ask(stack, browser), 'bob');
    const fields = { second: secondForm(await asked.text()), decision: 'other_account' };
    const before = await stack.store.stats();
    const choosing = async (): Promise<string> => {
      const upstream = new URL(locationOf(await browser.post(consentUrl, fields)));
      expect(upstream.searchParams.get('prompt')).toBe('select_account');
      // This provider has no page to choose an account on.
      upstream.searchParams.delete('prompt');
      return upstream.href;
    };
    // A double click is a click.
    await choosing();
    const end = await browser.get(await provider.signIn(await choosing(), 'carol'));
    const tokens = await redeem(stack, end);
    expect(Buffer.from(tokens.id_token?.split('.')[1] ?? '', 'base64url').toString()).toContain('carol');
    const after = await stack.store.stats();
    expect(after.grants - before.grants).toBe(1);
    expect(after.connections - before.connections).toBe(1);
  });

  it('is asked, too, when the page had named another account and was allowed', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const answer = await decide(browser, await ask(stack, browser, { client: 'asked' }));
    expect(await shownAs(stack, await finish(stack, browser, answer, 'bob'))).toBe('second');
  });

  it('says no, and the app is told; the yes that comes later is none', async () => {
    await start();
    const browser = stack.browser();
    await remember(stack, browser);
    const before = (await stack.store.stats()).grants;
    const asked = await finish(stack, browser, await ask(stack, browser), 'bob');
    const second = secondForm(await asked.text());
    const answer = await browser.post(consentUrl, { second, decision: 'deny' });
    expect(locationOf(answer)).toContain('error=access_denied');
    expect(told('consent_declined')).toHaveLength(1);
    const late = await browser.post(consentUrl, { second, decision: 'allow' });
    expect(await shownAs(stack, late)).toBe('403 error');
    expect((await stack.store.stats()).grants).toBe(before);
  });
});

describe('a client that the operator vouches for', () => {
  it('is led through without a page, wherever the request came from', async () => {
    await start();
    const browser = stack.browser();
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    const answer = await ask(stack, browser, { client: 'trusted', headers });
    expect(await shownAs(stack, answer)).toBe('upstream');
    const end = await finish(stack, browser, answer);
    expect(locationOf(end)).toMatch(new RegExp(`^${siteUri}\\?code=`, 'u'));
    expect(told('consent_recalled')).toEqual([]);
  });

  it('is asked about when it wants that', async () => {
    await start();
    const answer = await ask(stack, stack.browser(), { client: 'trusted', prompt: 'consent' });
    expect(await shownAs(stack, answer)).toBe('page');
  });
});

describe('a client that is described by a document at its own host', () => {
  it.each([
    ['configured', 'page'],
    ['verified', 'upstream'],
  ])('is remembered where the operator says so: %s', async (remember_clients, shown) => {
    const publisher = await Publisher.start();
    scene = await startRemembering(
      { consent: { remember_clients } },
      { provider, collaborators: { documentFetch: publisher.fetch() } },
    );
    ({ stack } = scene);
    const client = publisher.publish('/client.json');
    const browser = stack.browser();
    await remember(stack, browser, { client });
    expect(await shownAs(stack, await ask(stack, browser, { client }))).toBe(shown);
    await publisher.close();
  });
});
