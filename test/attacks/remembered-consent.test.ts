/**
 * A consent that was given once, ridden by somebody else. GHSA-6x8h-498w-gv8c / fastmcp PR3960 (a client's id is known to all,
 * so a server in the middle sends its user on in that client's name), MCP security best practices (confused deputy: a consent
 * is of one user to one client), CVE-2026-27124 (begun in one browser, ended in another).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import { issuer, sealedRequest, startStack, upstreamSecret } from '../fixtures/stack.ts';
import type { Scene } from '../consent/scene.ts';
import {
  ask,
  consentUrl,
  decide,
  finish,
  opened,
  remember,
  secondForm,
  shownAs,
  startRemembering,
} from '../consent/scene.ts';

let scene: Scene;
let stack: Stack;
beforeAll(async () => {
  scene = await startRemembering();
  ({ stack } = scene);
});
afterAll(() => stack.close());

/** A browser whose user agreed to the desktop app and wants that remembered. */
async function known(account = 'alice'): Promise<Browser> {
  const browser = stack.browser();
  await remember(stack, browser, { account });
  return browser;
}

const grants = async (): Promise<number> => (await stack.store.stats()).grants;
const rows = async (): Promise<number> => (await stack.store.stats()).pending;

describe('a request that another site started (GHSA-6x8h)', () => {
  const site = (value: string): Record<string, string> => ({ ...opened, 'sec-fetch-site': value });
  const { 'sec-fetch-site': _, ...unsaid } = opened;
  it.each([
    ['a link or redirect of another site', site('cross-site')],
    ['a neighbour', site('same-site')],
    ['a browser that does not tell', unsaid],
    ['one that tells nothing at all', {}],
    ['a relation that nobody knows', site('None')],
    ['two relations', site('none, cross-site')],
    ['an empty relation', site('')],
    ['a frame', { ...opened, 'sec-fetch-dest': 'iframe' }],
    ['an object', { ...opened, 'sec-fetch-dest': 'object' }],
    ['a picture', { ...opened, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a script', { ...opened, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['what is fetched ahead', { ...opened, 'sec-purpose': 'prefetch' }],
    ['what is rendered ahead', { ...opened, 'sec-purpose': 'prefetch;prerender' }],
    ['what an old browser fetches ahead', { ...opened, purpose: 'prefetch' }],
    ['another site that says it is nobody', { ...opened, referer: 'https://evil.example/' }],
    ['a page that looks like ours', { ...opened, referer: `${issuer}.evil.example/` }],
    ['a referrer that is none', { ...opened, referer: 'about:blank' }],
  ])('shows the page and stores nothing: %s', async (_name, headers) => {
    const browser = await known();
    const before = await rows();
    const page = await ask(stack, browser, { headers });
    expect(await shownAs(stack, page)).toBe('page');
    expect(await rows()).toBe(before);
  });

  it('goes on when the person opened it, and from our own pages', async () => {
    const browser = await known();
    for (const headers of [
      opened,
      site('same-origin'),
      { ...site('same-origin'), referer: `${issuer}/connections` },
    ])
      expect(await shownAs(stack, await ask(stack, browser, { headers }))).toBe('upstream');
  });
});

describe('a remembered consent', () => {
  it('is worthless in every other browser, however used it is', async () => {
    await known();
    const other = stack.browser();
    await finish(stack, other, await decide(other, await ask(stack, other)));
    expect(await shownAs(stack, await ask(stack, other))).toBe('page');
  });

  it('gives nobody else a code: who signs in is asked', async () => {
    const browser = await known();
    const before = await grants();
    const back = await stack.provider.signIn(
      (await ask(stack, browser)).headers.get('location') ?? '',
      'victim',
    );
    const asked = await browser.get(back);
    expect(await shownAs(stack, asked)).toBe('second');
    // However often the answer is opened.
    expect(await shownAs(stack, await browser.get(back))).toBe('second');
    expect(await grants()).toBe(before);
    expect(scene.events.filter(({ event }) => event === 'code_issued')).toHaveLength(before);
  });

  it('of an attacker, planted in the victim’s browser, gives the attacker nothing', async () => {
    const attacker = await known('mallory');
    const victim = stack.browser();
    for (const [name, value] of attacker.cookies)
      if (name.includes('returning')) victim.cookies.set(name, value);
    const answer = await ask(stack, victim);
    expect(await shownAs(stack, await finish(stack, victim, answer, 'victim'))).toBe('second');
  });

  it('does not carry the address that it led to into another browser', async () => {
    const attacker = await known('mallory');
    const answer = await ask(stack, attacker);
    const back = await stack.provider.signIn(answer.headers.get('location') ?? '', 'victim');
    for (const victim of [stack.browser(), await known('victim')])
      expect(await shownAs(stack, await victim.get(back))).toBe('403 error');
  });

  it('is taken back while the login is on its way: the user is asked again, and nothing was kept', async () => {
    const browser = await known('carol');
    const answer = await ask(stack, browser);
    const back = await stack.provider.signIn(answer.headers.get('location') ?? '', 'carol');
    const { userId = '', bucket = '' } = await carol();
    await stack.store.revokeUser({ bucket, userId });
    const before = await grants();
    const asked = await browser.get(back);
    expect(await shownAs(stack, asked)).toBe('second');
    expect(await grants()).toBe(before);
    const second = secondForm(await asked.text());
    const end = await browser.post(consentUrl, { second, decision: 'allow' });
    expect(await shownAs(stack, end)).toBe('code');
  });

  async function carol(): Promise<{ bucket?: string; userId?: string }> {
    const page = await stack.store.listGrants({
      after: '',
      user: null,
      client: null,
      upstream: null,
      state: null,
    });
    return page.grants.find(({ account }) => account === 'carol') ?? {};
  }

  it('is of no use to another server with the same secrets', async () => {
    const key = { 'hmac.key': 'k'.repeat(64) };
    const hmac = { hmac_secret_files: ['hmac.key'] };
    const clients = [
      { client_id: 'desktop', redirect_uris: ['http://127.0.0.1/callback'], consent: 'remember' },
    ];
    const one = await startRemembering({ ...hmac, clients }, { files: key });
    const issuerOfOther = 'https://other.example.com';
    const other = await startStack(
      { ...hmac, clients, consent: { remember: '24h' }, issuer: issuerOfOther },
      { files: key },
    );
    const browser = one.stack.browser();
    await remember(one.stack, browser);
    const [, value = ''] = [...browser.cookies].find(([name]) => name.includes('returning')) ?? [];
    const foreign = other.browser();
    const url = new URL(
      one.stack.authorizeUrl({
        client_id: 'desktop',
        code_challenge: 'x'.repeat(43),
        redirect_uri: 'http://127.0.0.1/callback',
      }),
    );
    const moved = `${issuerOfOther}${url.pathname}${url.search}`;
    const page = await foreign.get(moved, opened);
    const names = [...page.headers.getSetCookie()].map((line) => line.split('=', 1)[0] ?? '');
    const name = (names[0] ?? '').replace('sallyport-', 'sallyport-returning-');
    foreign.cookies.set(name, value);
    expect(await (await foreign.get(moved, opened)).text()).not.toContain('alice@example.com');
    await one.stack.close();
    await other.close();
  });

  it('cannot be made up: no cookie that we did not seal counts, and none that is written otherwise', async () => {
    const browser = await known();
    const [name = '', value = ''] = [...browser.cookies].find(([one]) => one.includes('returning')) ?? [];
    const flipped = `${value.slice(0, 20)}${value[20] === 'A' ? 'B' : 'A'}${value.slice(21)}`;
    const [, other = ''] = [...browser.cookies].find(([one]) => !one.includes('returning')) ?? [];
    const page = await ask(stack, stack.browser());
    const form = sealedRequest(await page.text());
    for (const forged of ['', 'x', flipped, `${value}=`, value.slice(0, -1), other, form]) {
      browser.cookies.set(name, forged);
      expect(await shownAs(stack, await ask(stack, browser))).toBe('page');
    }
    browser.cookies.set(name, value);
    expect(await shownAs(stack, await ask(stack, browser))).toBe('upstream');
  });

  it('cannot be had by a form for a client that nobody vouches for', async () => {
    const browser = stack.browser();
    const { client_id } = await stack.register({ redirect_uris: ['http://127.0.0.1/callback'] });
    for (const client of ['asked', client_id]) {
      const page = await ask(stack, browser, { client });
      await finish(stack, browser, await decide(browser, page, { remember: 'on' }));
      expect([...browser.cookies.keys()].filter((name) => name.includes('returning'))).toEqual([]);
      expect(await shownAs(stack, await ask(stack, browser, { client }))).toBe('page');
    }
  });
});

describe('a request that is handed over to the consent page of another origin', () => {
  it('is judged there: what another site started shows the page', async () => {
    const callback = 'https://login.example.com/oauth/callback';
    const client = { client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris: [callback] };
    const provider = await startOidcProvider({ clients: [client] });
    const oidc_config = {
      issuer_url: provider.issuer,
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
      redirect_uri: callback,
    };
    const upstreams = [{ name: 'demo', type: 'oidc', oidc_config }];
    const apart = await startRemembering({ upstreams }, { provider });
    const browser = apart.stack.browser();
    const open = async (headers: Record<string, string>): Promise<Response> => {
      const handed = await ask(apart.stack, browser, { headers });
      return browser.get(handed.headers.get('location') ?? '', headers);
    };
    const request = sealedRequest(await (await open(opened)).text());
    const fields = { request, decision: 'allow', remember: 'on' };
    const agreed = await browser.post('https://login.example.com/oauth/consent', fields);
    await finish(apart.stack, browser, agreed);
    expect(await shownAs(apart.stack, await open(opened))).toBe('upstream');
    expect(await shownAs(apart.stack, await open({ ...opened, 'sec-fetch-site': 'cross-site' }))).toBe(
      'page',
    );
    await apart.stack.close();
  });
});
