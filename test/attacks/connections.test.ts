/**
 * The connections page: nobody puts somebody else's account into a vault, or their own into somebody else's. What happened
 * elsewhere: consent that was not bound to the browser (CVE-2026-27124), states that prove only who issued them, links of
 * URL elicitation that are sent to a victim (MCP, elicitation §phishing), forms that count in any session.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf } from '../../src/upstream/identity.ts';
import type { Browser } from '../fixtures/stack.ts';
import { issuer, pkce, sealedRequest } from '../fixtures/stack.ts';
import type { Providers } from '../connections/scene.ts';
import { Scene, formOf, page, startProviders } from '../connections/scene.ts';
import { textOf } from '../pages/views.ts';
import { payloadOf } from './doors.ts';

let providers: Providers;
let scene: Scene;
let alice: Browser;
let mallory: Browser;
const users: Record<string, string> = {};

beforeAll(async () => {
  const hostile = {
    email: '"><script>alert(1)</script>@example.com',
    name: '<img src=x onerror=alert(1)>',
    picture: 'https://tracker.example/pixel.png',
  };
  providers = await startProviders({ users: { hostile } });
});
beforeEach(async () => {
  const emails = ['alice', 'mallory', 'eve'].map((name) => `${name}@example.com`);
  scene = await Scene.start({ access: [{ emails }] }, { providers });
  for (const person of ['alice', 'mallory']) {
    const { access_token } = await scene.stack.signIn({ account: person });
    users[person] = String(payloadOf(access_token)['sub']);
  }
  alice = await scene.signedIn('alice');
  mallory = await scene.signedIn('mallory');
});
afterEach(() => scene.close());
afterAll(() => providers.close());

/** What is in the vault of each, beside what they sign in with. */
async function vaults(): Promise<readonly string[]> {
  const all = await Promise.all(
    ['alice', 'mallory'].map(async (person) => {
      const userId = users[person] ?? '';
      const rows = await scene.stack.store.listConnections({ bucket: bucketOf(userId), userId });
      return (rows ?? []).map(({ key }) => `${person}: ${key.upstream} ${key.account}`);
    }),
  );
  return all.flat();
}

const own = ['alice: demo alice', 'mallory: demo mallory'];
const html = async (browser: Browser, url = page): Promise<string> => (await browser.get(url)).text();
const linkFor = (person: string, upstream = 'notes'): string => {
  const { searchParams } = new URL(
    scene.stack.auth.connectionsLink({ userId: users[person] ?? '', upstream }),
  );
  return `${page}?${searchParams.toString()}`;
};

describe('a link that was sent to somebody', () => {
  it('connects nothing of who opens it, and says so', async () => {
    const opened = await alice.get(linkFor('mallory'));
    const shown = textOf(await opened.text());
    expect(opened.status).toBe(403);
    expect(shown).toContain('This link is not for you');
    expect(shown).not.toContain('Connect this account');
    expect(scene.events.at(-1)).toMatchObject({ event: 'connections_refused', reason: 'other_user' });
  });

  it('is refused as well to who signs in after opening it', async () => {
    const browser = scene.stack.browser();
    const back = await scene.walkToSignIn(browser, 'alice', linkFor('mallory'));
    const after = (await browser.get(back)).headers.get('location') ?? '';
    expect(new URL(after).searchParams.get('for')).toBe(new URL(linkFor('mallory')).searchParams.get('for'));
    expect((await browser.get(after)).status).toBe(403);
  });

  it('is refused when its hint is cut, changed, or of another upstream', async () => {
    expect((await alice.get(linkFor('alice'))).status).toBe(200);
    const good = new URL(linkFor('alice')).searchParams.get('for') ?? '';
    const bad = ['', good.slice(1), `${good}A`, `${good}=`, good.toLowerCase(), 'x'.repeat(5000)];
    for (const hint of bad)
      expect((await alice.get(`${page}?upstream=notes&for=${hint}`)).status, hint.slice(0, 40)).toBe(403);
    expect((await alice.get(`${page}?upstream=demo&for=${good}`)).status).toBe(403);
    expect((await alice.get(`${page}?upstream=gone&for=${good}`)).status).toBe(403);
  });

  it('is refused when another server made it', async () => {
    const other = await Scene.start({ issuer: 'https://other.example' }, { providers });
    const url = new URL(
      other.stack.auth.connectionsLink({ userId: users['alice'] ?? '', upstream: 'notes' }),
    );
    await other.close();
    expect((await alice.get(`${page}${url.search}`)).status).toBe(403);
  });
});

describe('a walk to the provider that one begins', () => {
  it('is ended by nobody else: the victim’s account stays out of the sender’s vault', async () => {
    const back = await scene.walkToNotes(mallory, 'victim');
    for (const browser of [alice, scene.stack.browser()]) {
      const answered = await browser.get(back);
      expect(answered.status).toBe(403);
      expect(await answered.text()).not.toContain('Connect this account');
    }
    expect(await vaults()).toEqual(own);
  });

  it('signs nobody else in: the victim does not work in the sender’s session', async () => {
    const back = await scene.walkToSignIn(scene.stack.browser(), 'mallory');
    const victim = scene.stack.browser();
    await html(victim);
    const answered = await victim.get(back);
    expect(answered.status).toBe(403);
    expect(answered.headers.getSetCookie()).toEqual([]);
    expect(await html(victim)).toContain('Sign in with Demo');
  });

  it('ends with its own code alone', async () => {
    const mallorys = new URL(await scene.walkToNotes(mallory, 'mallory-at-notes'));
    const alices = new URL(await scene.walkToNotes(alice, 'alice-at-notes'));
    alices.searchParams.set('code', mallorys.searchParams.get('code') ?? '');
    const answered = await alice.get(alices.href);
    expect(await answered.text()).not.toContain('Connect this account');
    expect(await vaults()).toEqual(own);
  });

  it('ends at the address of its own provider alone', async () => {
    const back = await scene.walkToNotes(alice, 'alice-at-notes');
    const answered = await alice.get(back.replace('/callback/notes', '/callback/demo'));
    expect(answered.status).toBe(403);
    expect(await answered.text()).not.toContain('Connect this account');
  });

  it('is lost with the session that began it', async () => {
    const back = await scene.walkToNotes(alice, 'alice-at-notes');
    const signOut = formOf(await html(alice), 'Sign out');
    await alice.post(page, { request: signOut });
    await scene.signedIn('mallory', alice);
    const answered = await alice.get(back);
    expect(answered.status).toBe(403);
    expect(await answered.text()).toContain('not signed in to this page any more');
  });

  it('with the own provider takes no other account of it', async () => {
    const posted = await alice.post(page, { request: formOf(await html(alice), 'Reconnect') });
    const back = await scene.home.signIn(posted.headers.get('location') ?? '', 'eve');
    const answered = await alice.get(back);
    expect([answered.status, await answered.text()]).toEqual([
      403,
      expect.stringContaining('another account'),
    ]);
    expect(await vaults()).toEqual(own);
  });
});

describe('an account that answered', () => {
  const asked = async (browser: Browser, account: string): Promise<string> =>
    formOf(await html(browser, await scene.walkToNotes(browser, account)), 'Connect');

  it('is stored by nobody’s click but its own user’s, in their browser and session', async () => {
    const mallorys = await asked(mallory, 'mallory-at-notes');
    expect((await alice.post(page, { request: mallorys, decision: 'allow' })).status).toBe(403);
    expect((await scene.stack.browser().post(page, { request: mallorys, decision: 'allow' })).status).toBe(
      403,
    );
    const alices = await asked(alice, 'alice-at-notes');
    expect((await mallory.post(page, { request: alices, decision: 'allow' })).status).toBe(403);
    expect(await vaults()).toEqual(own);
  });

  it('of one session is not stored in the next one of the same browser', async () => {
    const alices = await asked(alice, 'alice-at-notes');
    await alice.post(page, { request: formOf(await html(alice), 'Sign out') });
    await scene.signedIn('mallory', alice);
    expect((await alice.post(page, { request: alices, decision: 'allow' })).status).toBe(403);
    expect(await vaults()).toEqual(own);
  });

  it('is stored once: the form does not bring back what was disconnected', async () => {
    const request = await asked(alice, 'alice-at-notes');
    await alice.post(page, { request, decision: 'allow' });
    expect(await vaults()).toEqual([own[0], 'alice: notes alice-at-notes', own[1]]);
    const listed = await html(alice);
    const disconnect = formOf(listed.slice(listed.indexOf('<bdi>Notes</bdi>')), 'Disconnect now');
    await alice.post(page, { request: disconnect });
    await alice.post(page, { request, decision: 'allow' });
    expect(await vaults()).toEqual(own);
    // Nor does the form that disconnects count twice.
    await alice.post(page, { request: await asked(alice, 'alice-at-notes'), decision: 'allow' });
    await alice.post(page, { request: disconnect });
    expect(await vaults()).toEqual([own[0], 'alice: notes alice-at-notes', own[1]]);
  });

  it('is stored once by fifty clicks', async () => {
    const request = await asked(alice, 'alice-at-notes');
    const clicks = Array.from({ length: 50 }, () => alice.post(page, { request, decision: 'allow' }));
    await Promise.all(clicks);
    expect(scene.events.filter(({ event }) => event === 'connection_added')).toHaveLength(1);
  });

  it('is not stored later than ten minutes after it was shown', async () => {
    const request = await asked(alice, 'alice-at-notes');
    scene.stack.advance(600_000);
    expect((await alice.post(page, { request, decision: 'allow' })).status).toBe(403);
    expect(await vaults()).toEqual(own);
  });

  it('is not stored for who has no app any more', async () => {
    const request = await asked(alice, 'alice-at-notes');
    const userId = users['alice'] ?? '';
    await scene.stack.store.revokeUser({ bucket: bucketOf(userId), userId });
    const answered = await alice.post(page, { request, decision: 'allow' });
    expect([answered.status, textOf(await answered.text())]).toEqual([
      403,
      expect.stringContaining('No app of yours is signed in'),
    ]);
    expect(await vaults()).toEqual([own[1]]);
    expect((await alice.get(page)).status).toBe(403);
    expect(await html(alice)).toContain('Sign in with Demo');
  });

  it('is a stranger’s text on the page, and its picture is not looked at', async () => {
    const shown = await alice.get(await scene.walkToNotes(alice, 'hostile'));
    const confirm = await shown.text();
    const done = await alice.post(page, { request: formOf(confirm, 'Connect'), decision: 'allow' });
    const listed = await html(alice, done.headers.get('location') ?? '');
    for (const text of [confirm, listed]) {
      expect(text).not.toMatch(/<script|<img|tracker\.example/u);
      expect(text).toContain('&lt;script&gt;');
    }
    expect(shown.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']*';/u,
    );
    expect(shown.headers.get('content-security-policy')).not.toContain('img-src');
  });
});

describe('the buttons', () => {
  it('work from our own origin alone', async () => {
    const request = formOf(await html(alice), 'Disconnect now');
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: `${issuer}.evil.example` },
      { origin: 'http://mcp.example.com' },
    ])
      expect((await alice.post(page, { request }, headers)).status).toBe(403);
    expect(await vaults()).toEqual(own);
  });

  it('do nothing by GET or HEAD', async () => {
    const listed = await html(alice);
    for (const button of ['Disconnect now', 'Connect', 'Sign out']) {
      const url = `${page}?request=${formOf(listed, button)}&decision=allow`;
      expect((await alice.get(url)).status).toBe(200);
    }
    expect(await vaults()).toEqual(own);
    expect(await html(alice)).toContain('You are signed in as');
  });

  it('are of the browser that was shown them, before anybody has signed in, too', async () => {
    const shown = formOf(await html(scene.stack.browser()), 'Sign in with');
    const victim = scene.stack.browser();
    await html(victim);
    expect((await victim.post(page, { request: shown })).status).toBe(403);
    expect((await scene.stack.browser().post(page, { request: shown })).status).toBe(403);
  });

  it('are of this page: nothing that was sealed for another purpose, or changed, is one', async () => {
    const { client_id } = await scene.stack.register();
    const consent = await html(
      alice,
      scene.stack.authorizeUrl({ client_id, code_challenge: pkce().challenge }),
    );
    const listed = await html(alice);
    const button = formOf(listed, 'Disconnect now');
    const cookies = [...alice.cookies.values()];
    const middle = Math.floor(button.length / 2);
    const flipped = `${button.slice(0, middle)}${button[middle] === 'A' ? 'B' : 'A'}${button.slice(middle + 1)}`;
    for (const request of [sealedRequest(consent), ...cookies, flipped, `${button}A`, '', '{}'])
      expect((await alice.post(page, { request, decision: 'allow' })).status, request.slice(0, 30)).toBe(403);
    const asConsent = await alice.post(`${issuer}/oauth/consent`, { request: button, decision: 'allow' });
    expect(asConsent.status).toBe(400);
    expect(await vaults()).toEqual(own);
  });

  it('are of this server: nothing that another one with the same secrets has sealed is one', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64');
    const files = { '/hmac': Buffer.from(secret) };
    const config = { hmac_secret_files: ['/hmac'] };
    const two = await Promise.all(
      [issuer, 'https://other.example'].map((at) =>
        Scene.start({ ...config, issuer: at }, { providers, files }),
      ),
    );
    const [ours, theirs] = two;
    if (!ours || !theirs) throw new Error('two servers');
    const here = ours.stack.browser();
    const there = theirs.stack.browser();
    await html(here);
    const other = await html(there, 'https://other.example/connections');
    // As if one browser had one cookie for both.
    const [name = ''] = here.cookies.keys();
    const [value = ''] = there.cookies.values();
    here.cookies.set(name, value);
    const request = formOf(other, 'Sign in with');
    expect((await here.post(page, { request })).status).toBe(403);
    await ours.close();
    await theirs.close();
  });
});

describe('the session', () => {
  it('is nobody’s without the browser that it began in', async () => {
    const thief = scene.stack.browser();
    await html(thief);
    for (const [name, value] of alice.cookies)
      if (name.includes('connections')) thief.cookies.set(name, value);
    expect(await html(thief)).toContain('Sign in with Demo');
  });

  it('is no button of the page', async () => {
    const request = formOf(await html(alice), 'Disconnect now');
    const name = [...alice.cookies.keys()].find((one) => one.includes('connections')) ?? '';
    alice.cookies.set(name, request);
    const answered = await alice.get(page);
    expect([answered.status, textOf(await answered.text())]).toEqual([
      200,
      expect.stringContaining('Sign in with Demo'),
    ]);
  });

  it('is a cookie that scripts, other hosts and other sites do not get', async () => {
    const browser = scene.stack.browser();
    const answered = await browser.get(await scene.walkToSignIn(browser));
    const [cookie = ''] = answered.headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-sallyport-connections-\w{8}=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/u,
    );
    expect(Buffer.from(cookie, 'base64url').toString('latin1')).not.toContain('alice');
  });

  it('begins for nobody whom the access rules refuse', async () => {
    const browser = scene.stack.browser();
    const answered = await browser.get(await scene.walkToSignIn(browser, 'zoe'));
    expect([answered.status, textOf(await answered.text())]).toEqual([
      403,
      expect.stringContaining('This account has no access'),
    ]);
    expect(scene.events.at(-1)).toMatchObject({ event: 'access_denied', at: 'connections' });
    expect(answered.headers.getSetCookie()).toEqual([]);
  });
});

describe('a client’s login', () => {
  const parameters = async () => {
    const { client_id } = await scene.stack.register();
    return { client_id, code_challenge: pkce().challenge };
  };

  it('never ends in a session of the page', async () => {
    const browser = scene.stack.browser();
    const back = await scene.stack.signInUpstream(browser, await parameters());
    const answered = await browser.get(back);
    expect(answered.headers.get('location')).toContain('code=');
    expect(answered.headers.getSetCookie()).toEqual([]);
    expect(await html(browser)).toContain('Sign in with Demo');
  });

  it('does not take the answer of the page’s sign-in, nor the page the login’s', async () => {
    const browser = scene.stack.browser();
    const login = new URL(await scene.stack.signInUpstream(browser, await parameters()));
    const signIn = new URL(await scene.walkToSignIn(browser));
    const swapped = [new URL(login), new URL(signIn)];
    swapped[0]?.searchParams.set('code', signIn.searchParams.get('code') ?? '');
    swapped[1]?.searchParams.set('code', login.searchParams.get('code') ?? '');
    for (const url of swapped) {
      const answered = await browser.get(url.href);
      expect(answered.headers.get('location') ?? '').not.toContain('code=');
      expect(answered.headers.getSetCookie()).toEqual([]);
    }
  });
});
