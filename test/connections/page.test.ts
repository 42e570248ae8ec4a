import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf, subjectOf } from '../../src/upstream/identity.ts';
import { textOf } from '../pages/views.ts';
import type { Browser } from '../fixtures/stack.ts';
import type { Providers } from './scene.ts';
import { Scene, formOf, page, startProviders, upstreamsOf } from './scene.ts';

let providers: Providers;
let scene: Scene;

beforeAll(async () => {
  const configuration = { features: { devInteractions: { enabled: false }, revocation: { enabled: true } } };
  providers = await startProviders({ configuration });
});
beforeEach(async () => {
  scene = await Scene.start({}, { providers });
});
afterEach(() => scene.close());
afterAll(() => providers.close());

const read = async (browser: Browser, url = page): Promise<string> =>
  textOf(await (await browser.get(url)).text());
const names = (): readonly string[] => scene.events.map(({ event }) => event);

describe('the way in', () => {
  it('is a click, and shows nothing before it', async () => {
    await scene.stack.signIn();
    const shown = await scene.stack.browser().get(page);
    expect(shown.status).toBe(200);
    const text = textOf(await shown.text());
    expect(text).toContain('Sign in with Demo');
    expect(text).not.toContain('alice');
  });

  it('leads who uses an app to the page, and never to a code', async () => {
    await scene.stack.signIn();
    const browser = scene.stack.browser();
    const answered = await browser.get(await scene.walkToSignIn(browser));
    expect(answered.status).toBe(303);
    expect(answered.headers.get('location')).toBe(page);
    const text = await read(browser);
    expect(text).toContain('You are signed in as alice@example.com of Demo');
    expect(text).toContain('Notes Not connected.');
    expect(names()).toContain('connections_signed_in');
  });

  it('keeps out who uses no app, kindly', async () => {
    const browser = scene.stack.browser();
    const answered = await browser.get(await scene.walkToSignIn(browser));
    expect(answered.status).toBe(403);
    expect(textOf(await answered.text())).toContain('No app of yours is signed in');
    expect(await read(browser)).toContain('Sign in with Demo');
    expect(scene.events.find(({ event }) => event === 'connections_refused')).toMatchObject({
      reason: 'no_app',
    });
  });

  it('keeps nothing that the provider gave with the sign-in', async () => {
    await scene.stack.signIn();
    const before = await scene.stack.store.stats();
    await scene.signedIn();
    expect(await scene.stack.store.stats()).toMatchObject({
      grants: before.grants,
      connections: before.connections,
    });
  });

  it('is open for an hour', async () => {
    await scene.stack.signIn();
    const browser = await scene.signedIn();
    scene.stack.advance(3_599_000);
    expect(await read(browser)).toContain('You are signed in as');
    scene.stack.advance(2000);
    expect(await read(browser)).toContain('Sign in with Demo');
  });
});

describe('connecting', () => {
  let browser: Browser;
  beforeEach(async () => {
    await scene.stack.signIn();
    browser = await scene.signedIn();
  });

  it('shows which account answered before anything is kept, and keeps it with a click', async () => {
    const before = (await scene.stack.store.stats()).connections;
    const asked = await browser.get(await scene.walkToNotes(browser, 'alice-at-notes'));
    expect(asked.status).toBe(200);
    const text = textOf(await asked.text());
    expect(text).toContain('Connect this account?');
    expect(text).toContain('alice-at-notes@example.com');
    expect((await scene.stack.store.stats()).connections).toBe(before);
    expect(await read(browser)).toContain('Notes Not connected.');

    const done = await scene.connect(browser, 'alice-at-notes');
    expect([done.status, done.headers.get('location')]).toEqual([303, `${page}?upstream=notes`]);
    const after = await read(browser, done.headers.get('location') ?? '');
    expect(after).toContain('Notes is connected. Go back to the app and try again.');
    expect(after).toContain('alice-at-notes@example.com alice-at-notes connected used by apps');
    expect(after).toMatch(/May use openid , profile , email\b/u);
    expect(names()).toContain('connection_added');
  });

  it('keeps nothing when the person says no', async () => {
    const asked = await browser.get(await scene.walkToNotes(browser, 'somebody'));
    const request = formOf(await asked.text(), 'Connect');
    const done = await browser.post(page, { request, decision: 'deny' });
    expect(done.status).toBe(303);
    expect(await read(browser)).toContain('Notes Not connected.');
  });

  it('keeps several accounts apart, and apps get the one that was connected last', async () => {
    await scene.connect(browser, 'work');
    scene.stack.advance(60_000);
    await scene.connect(browser, 'private', 'Connect another account');
    expect(await read(browser)).toMatch(/private connected used by apps .*work connected May use/u);
  });

  it('tells when another account answers than the one to be connected again', async () => {
    await scene.connect(browser, 'work');
    const html = await (await browser.get(page)).text();
    const section = html.slice(html.indexOf('<bdi>Notes</bdi>'));
    const posted = await browser.post(page, { request: formOf(section, 'Reconnect') });
    const back = await scene.notes.signIn(posted.headers.get('location') ?? '', 'private');
    expect(textOf(await (await browser.get(back)).text())).toContain('another account than work');
  });

  it('is over with the answer: a reload of it leads to the page', async () => {
    const back = await scene.walkToNotes(browser, 'somebody');
    await browser.get(back);
    const again = await browser.get(back);
    expect([again.status, again.headers.get('location')]).toEqual([303, page]);
  });

  it('tells what went wrong at the provider, and changes nothing', async () => {
    const back = new URL(await scene.walkToNotes(browser, 'somebody'));
    const refused = new URL(back);
    refused.searchParams.delete('code');
    refused.searchParams.set('error', 'access_denied');
    const answered = await browser.get(refused.href);
    expect(textOf(await answered.text())).toContain('Notes said no');
    expect((await scene.stack.store.stats()).connections).toBe(1);
  });
});

describe('an account that one signs in with, and that the provider ended', () => {
  it('is connected again on the page, and the apps go on without a login', async () => {
    const tokens = await scene.stack.signIn();
    const browser = await scene.signedIn();
    await end(subjectOf('demo', 'alice'));
    expect((await scene.stack.refresh(tokens.clientId, tokens.refresh_token)).status).toBe(400);
    expect(await read(browser)).toContain('Demo ended this connection.');
    const posted = await scene.press(browser, 'Connect again');
    const back = await scene.home.signIn(posted.headers.get('location') ?? '', 'alice');
    const request = formOf(await (await browser.get(back)).text(), 'Connect');
    expect((await browser.post(page, { request, decision: 'allow' })).status).toBe(303);
    expect(await read(browser)).toContain('alice@example.com alice connected used by apps');
    expect((await scene.stack.refresh(tokens.clientId, tokens.refresh_token)).status).toBe(200);
  });

  /** As a refresh does that the provider refuses. */
  async function end(userId: string): Promise<void> {
    const key = { bucket: bucketOf(userId), userId, upstream: 'demo', account: 'alice' };
    const { store } = scene.stack;
    const led = await store.beginUpstreamRefresh({ ...key, version: 1, owner: 'o', lease: 1000 });
    if (led.r !== 'leader') throw new Error(led.r);
    const outcome = { kind: 'dead', version: 1 } as const;
    await store.endUpstreamRefresh({ ...key, owner: 'o', fence: led.fence, outcome });
  }
});

describe('disconnecting', () => {
  let browser: Browser;
  beforeEach(async () => {
    await scene.stack.signIn();
    browser = await scene.signedIn();
  });

  it('ends the connection, tells the provider, and leaves the apps signed in', async () => {
    await scene.connect(browser, 'work');
    const before = scene.notes.requests.length;
    const html = await (await browser.get(page)).text();
    const section = html.slice(html.indexOf('<bdi>Notes</bdi>'));
    expect(textOf(section)).toContain('Apps can no longer use it.');
    const done = await browser.post(page, { request: formOf(section, 'Disconnect now') });
    expect(done.status).toBe(303);
    expect(await read(browser)).toContain('Notes Not connected.');
    await scene.stack.auth.vault.tellUpstreams();
    expect(scene.notes.requests.slice(before)).toContain('POST /token/revocation');
    expect(scene.events.find(({ event }) => event === 'connection_ended')).toMatchObject({ grants: 0 });
  });

  it('of the account that one signs in with says how many apps end, and ends them', async () => {
    const tokens = await scene.stack.signIn();
    expect(await read(browser)).toContain(
      '2 sign-ins of apps will end as well. You will be signed out of this page.',
    );
    const done = await scene.press(browser, 'Disconnect now');
    expect(textOf(await done.text())).toContain('You are signed out of this page.');
    expect(await read(browser)).toContain('Sign in with Demo');
    const refreshed = await scene.stack.refresh(tokens.clientId, tokens.refresh_token);
    expect([refreshed.status, await refreshed.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
    expect(scene.events.find(({ event }) => event === 'connection_ended')).toMatchObject({ grants: 2 });
  });
});

describe('signing out', () => {
  it('ends the session wherever its cookie was copied to, and no app', async () => {
    const tokens = await scene.stack.signIn();
    const browser = await scene.signedIn();
    const copy = new Map(browser.cookies);
    const done = await scene.press(browser, 'Sign out of this page');
    expect(textOf(await done.text())).toContain('You are signed out of this page. Apps stay connected.');
    expect(await read(browser)).toContain('Sign in with Demo');
    const thief = scene.stack.browser();
    for (const [name, value] of copy) thief.cookies.set(name, value);
    expect(await read(thief)).toContain('Sign in with Demo');
    expect((await scene.stack.refresh(tokens.clientId, tokens.refresh_token)).status).toBe(200);
  });
});

describe('every answer', () => {
  it('is neither framed nor kept', async () => {
    await scene.stack.signIn();
    const browser = await scene.signedIn();
    const asked = await browser.get(await scene.walkToNotes(browser, 'work'));
    const confirm = await asked.clone().text();
    const answers = [
      await scene.stack.browser().get(page),
      await browser.get(page),
      await browser.get(`${page}?upstream=notes&for=${'x'.repeat(32)}`),
      asked,
      await browser.post(page, { request: formOf(confirm, 'Connect'), decision: 'allow' }),
      await browser.post(page, { request: 'x' }),
      await scene.press(browser, 'Sign out'),
    ];
    for (const { headers } of answers) {
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('several upstreams to sign in at', () => {
  const several = (sign_in: string) => ({
    sign_in,
    upstreams: upstreamsOf(providers.home.issuer, providers.notes.issuer).map((upstream) =>
      Object.assign({}, upstream, { when: 'sign_in' }),
    ),
  });

  it('are each a way in, when people choose one of them', async () => {
    const other = await Scene.start(several('choose'), { providers });
    const door = textOf(await (await other.stack.browser().get(page)).text());
    expect(door).toContain('Sign in with Demo');
    expect(door).toContain('Sign in with Notes');
    await other.close();
  });

  it('are one way in, the first, when people meet each in turn', async () => {
    const other = await Scene.start(several('chain'), { providers });
    const door = textOf(await (await other.stack.browser().get(page)).text());
    expect(door).toContain('Sign in with Demo');
    expect(door).not.toContain('Sign in with Notes');
    await other.close();
  });
});
