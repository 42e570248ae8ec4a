/**
 * Sign-ins without our cookie, which views inside of apps drop (google_workspace_mcp PR830). Where the operator lets a client's
 * users go on all the same, the link that the cookie was to stop (CVE-2026-27124 / GHSA-rww4-4w9c-7733) leads to a page that
 * names account, app and place, and to nothing without a click; peers turned the protection off.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scene } from '../consent/scene.ts';
import {
  ask,
  consentUrl,
  decide,
  finish,
  opened,
  redeem,
  secondForm,
  shownAs,
  siteUri,
  startRemembering,
} from '../consent/scene.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { Browser, issuer, upstreamSecret } from '../fixtures/stack.ts';

const minute = 60_000;

let provider: Stack['provider'];
let scene: Scene;
let stack: Stack;
beforeAll(async () => {
  const redirect_uris = [`${issuer}/oauth/callback`];
  provider = await startOidcProvider({
    clients: [{ client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris }],
  });
  scene = await startRemembering({ consent: { without_cookies: ['asked'] } }, { provider });
  ({ stack } = scene);
});
afterAll(async () => {
  await stack.close();
});

/** A browser that keeps nothing, as a view inside of an app. */
class Webview extends Browser {
  override async get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    this.cookies.clear();
    return super.get(url, headers);
  }

  override async post(
    url: string,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    this.cookies.clear();
    return super.post(url, form, headers);
  }
}

const webview = (): Webview => new Webview(stack.fetch);
const grants = async (): Promise<number> => (await stack.store.stats()).grants;

/** The address that the provider sends back to, of a login that was begun in this browser. */
async function answerFor(browser: Browser, { client = 'asked', account = 'alice' } = {}): Promise<string> {
  const answer = await decide(browser, await ask(stack, browser, { client }));
  return provider.signIn(answer.headers.get('location') ?? '', account);
}

/** The page that asks after the sign-in. */
async function askedAgain(browser: Browser = webview(), account = 'alice'): Promise<string> {
  const page = await browser.get(await answerFor(browser, { account }));
  expect(await shownAs(stack, page)).toBe('second');
  return page.text();
}

const click = (browser: Browser, second: string, decision = 'allow'): Promise<Response> =>
  browser.post(consentUrl, { second, decision });

describe('a browser that drops our cookie', () => {
  it('ends in a refusal as ever, for a client that the operator did not name', async () => {
    const browser = webview();
    const page = await ask(stack, browser, { client: 'desktop' });
    expect(await shownAs(stack, await decide(browser, page))).toBe('403 error');
    const keeping = stack.browser();
    const back = await answerFor(keeping, { client: 'desktop' });
    expect(await shownAs(stack, await webview().get(back))).toBe('403 error');
  });

  it('is asked once more, after the sign-in, and gets a code by that click alone', async () => {
    const browser = webview();
    const before = await grants();
    const html = await askedAgain(browser);
    expect(await grants()).toBe(before);
    expect(html).toContain('alice@example.com');
    expect(html).toContain('127.0.0.1');
    expect(html).toContain('Did somebody send you a link that led here? Then cancel.');
    const end = await click(browser, secondForm(html));
    expect((await redeem(stack, end, 'asked')).scope).toBe('openid email');
    expect(await grants()).toBe(before + 1);
  });

  it('is not asked when it keeps the cookie after all', async () => {
    const browser = stack.browser();
    expect(await shownAs(stack, await browser.get(await answerFor(browser)))).toBe('code');
  });

  it('is asked once: whoever reloads without a cookie may be anybody, and the page goes on working', async () => {
    const browser = webview();
    const back = await answerFor(browser);
    const second = secondForm(await (await browser.get(back)).text());
    expect(await shownAs(stack, await browser.get(back))).toBe('403 error');
    expect(await shownAs(stack, await click(browser, second))).toBe('code');
    expect(await shownAs(stack, await click(browser, second))).toBe('200 error');
  });

  it('can be named by where its codes go', async () => {
    const named = await startRemembering({ consent: { without_cookies: [siteUri] } }, { provider });
    const browser = new Webview(named.stack.fetch);
    const page = await ask(named.stack, browser, { client: 'site' });
    const asked = await finish(named.stack, browser, await decide(browser, page));
    expect(await shownAs(named.stack, asked)).toBe('second');
    const other = await ask(named.stack, browser, { client: 'asked' });
    expect(await shownAs(named.stack, await decide(browser, other))).toBe('403 error');
    await named.stack.auth.close();
  });

  it('can be named as a client that is known to receive its codes there, which a mere name is not', async () => {
    const named = await startRemembering({ consent: { without_cookies: ['perplexity'] } }, { provider });
    const browser = new Webview(named.stack.fetch);
    const theirs = 'https://www.perplexity.ai/rest/connections/oauth_callback';
    for (const [redirectUri, shown] of [
      [theirs, 'second'],
      ['https://perplexity.example/rest/connections/oauth_callback', '403 error'],
    ] as const) {
      const metadata = { client_name: 'Perplexity', redirect_uris: [redirectUri] };
      const { client_id: client } = await named.stack.register(metadata);
      const answer = await decide(browser, await ask(named.stack, browser, { client, redirectUri }));
      const end = answer.status === 303 ? await finish(named.stack, browser, answer) : answer;
      expect(await shownAs(named.stack, end)).toBe(shown);
    }
    await named.stack.auth.close();
  });

  it('is offered no box that it could not keep', async () => {
    const named = await startRemembering({ consent: { without_cookies: ['desktop'] } }, { provider });
    const browser = named.stack.browser();
    const page = await ask(named.stack, browser);
    expect(await page.clone().text()).not.toContain('name="remember"');
    await finish(named.stack, browser, await decide(browser, page, { remember: 'on' }));
    expect(await shownAs(named.stack, await ask(named.stack, browser))).toBe('page');
    await named.stack.auth.close();
  });
});

describe('the attacker consents, the victim signs in (CVE-2026-27124)', () => {
  it('is stopped as ever in a victim’s browser that has a cookie of ours', async () => {
    const back = await answerFor(stack.browser(), { account: 'victim' });
    const victim = stack.browser();
    await ask(stack, victim, { client: 'desktop' });
    const before = await grants();
    expect(await shownAs(stack, await victim.get(back))).toBe('403 error');
    // Nothing was used up by that.
    expect(await shownAs(stack, await webview().get(back))).toBe('second');
    expect(await grants()).toBe(before);
  });

  it.each([
    ['with a browser', () => stack.browser()],
    ['without one', webview],
  ])('reaches a page that names all of it, and nothing without a click: %s', async (_, attacker) => {
    const back = await answerFor(attacker(), { account: 'victim' });
    const before = await grants();
    const victim = stack.browser();
    const page = await victim.get(back);
    const html = await page.text();
    expect(page.headers.get('location')).toBeNull();
    for (const words of ['victim@example.com', '127.0.0.1', 'Client id:', 'asked'])
      expect(html).toContain(words);
    expect(await grants()).toBe(before);
    const no = await click(victim, secondForm(html), 'deny');
    expect(no.headers.get('location')).toContain('error=access_denied');
    expect(await shownAs(stack, await victim.get(back))).toBe('403 error');
    expect(await grants()).toBe(before);
  });

  it('leads to where the client is registered, and nowhere else', async () => {
    const attacker = stack.browser();
    const page = await ask(stack, attacker, { client: 'asked', redirectUri: 'https://thief.example/cb' });
    expect(await shownAs(stack, page)).toBe('400 error');
  });
});

describe('the attacker signs in, the victim gets the answer (login CSRF)', () => {
  it('shows the victim a page with the attacker’s name', async () => {
    const back = await answerFor(webview(), { account: 'mallory' });
    const html = await (await stack.browser().get(back)).text();
    expect(html).toContain('mallory@example.com');
    expect(html).toContain('You signed in as');
  });

  it('cannot be pressed by another site', async () => {
    const html = await askedAgain(webview(), 'mallory');
    const before = await grants();
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.mcp.example.com', 'sec-fetch-site': 'same-site' },
    ]) {
      const fields = { second: secondForm(html), decision: 'allow' };
      expect(await shownAs(stack, await webview().post(consentUrl, fields, headers))).toBe('403 error');
    }
    expect(await grants()).toBe(before);
  });
});

describe('the form that asks again', () => {
  it('counts once: of many posts of it one gets a code', async () => {
    const second = secondForm(await askedAgain());
    const before = await grants();
    const answers = await Promise.all(Array.from({ length: 10 }, () => click(webview(), second)));
    const shown = await Promise.all(answers.map((answer) => shownAs(stack, answer)));
    expect(shown.filter((one) => one === 'code')).toHaveLength(1);
    expect(await grants()).toBe(before + 1);
    expect(await shownAs(stack, await click(webview(), second))).toBe('200 error');
    expect(await grants()).toBe(before + 1);
  });

  it('belongs to the browser that was shown it: another one with a cookie gets nothing', async () => {
    const victim = stack.browser();
    const html = await (await victim.get(await answerFor(webview()))).text();
    const other = stack.browser();
    await ask(stack, other, { client: 'desktop' });
    const before = await grants();
    expect(await shownAs(stack, await click(other, secondForm(html)))).toBe('403 error');
    expect(await grants()).toBe(before);
    expect(await shownAs(stack, await click(victim, secondForm(html)))).toBe('code');
  });

  it('of a login that needs the cookie does not count without it', async () => {
    const browser = stack.browser();
    await finish(stack, browser, await decide(browser, await ask(stack, browser), { remember: 'on' }));
    const page = await finish(stack, browser, await ask(stack, browser), 'bob');
    expect(await shownAs(stack, page)).toBe('second');
    const second = secondForm(await page.text());
    expect(await shownAs(stack, await click(webview(), second))).toBe('403 error');
    expect(await shownAs(stack, await click(browser, second))).toBe('code');
  });

  it('does not count after a no, nor after its time', async () => {
    const denied = secondForm(await askedAgain());
    await click(webview(), denied, 'deny');
    expect(await shownAs(stack, await click(webview(), denied))).toBe('403 error');
    const late = secondForm(await askedAgain());
    stack.advance(10 * minute);
    const before = await grants();
    expect(await shownAs(stack, await click(webview(), late))).toBe('400 error');
    expect(await grants()).toBe(before);
  });

  it.each(['', 'Allow', 'yes', 'other_account', 'true'])(
    'is a no unless it says allow: %j',
    async (decision) => {
      const second = secondForm(await askedAgain());
      const answer = await click(webview(), second, decision);
      expect(answer.headers.get('location')).toContain('error=access_denied');
    },
  );

  it('is no other form, and no other form is it', async () => {
    const html = await askedAgain();
    const second = secondForm(html);
    const page = await (await ask(stack, stack.browser(), { client: 'asked' })).text();
    const [, request = ''] = /name="request"\s+value="([^"]+)"/u.exec(page) ?? [];
    for (const fields of [
      { request: second },
      { second: request },
      { second, request },
      { second: `${second}=` },
    ]) {
      const answer = await webview().post(consentUrl, { ...fields, decision: 'allow' });
      expect(await shownAs(stack, answer)).toBe('400 error');
    }
    const headers = { origin: issuer };
    const posted = await webview().post(
      `${issuer}/connections`,
      { request: second, decision: 'allow' },
      headers,
    );
    expect(await shownAs(stack, posted)).toBe('403 error');
    expect(await shownAs(stack, await click(webview(), second))).toBe('code');
  });

  it('does not count once the operator has changed their mind', async () => {
    const second = secondForm(await askedAgain());
    const { config } = stack.auth;
    const consent = { ...config.consent, withoutCookies: [] };
    await stack.auth.reload(() => Promise.resolve({ ...config, consent }));
    const before = await grants();
    expect(await shownAs(stack, await click(webview(), second))).toBe('403 error');
    expect(await grants()).toBe(before);
    await stack.auth.reload(() => Promise.resolve(config));
  });

  it('may not be framed, and its yes lies under the pane that outlasts a double click', async () => {
    const browser = webview();
    const page = await browser.get(await answerFor(browser), opened);
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const html = await page.text();
    expect(html).toMatch(/<div class="allow"><button class="button primary" name="decision" value="allow">/u);
    expect(html).toContain('.allow::after{content:""');
    expect(html).not.toMatch(/<script/iu);
  });

  it('asks whoever comes next by today’s access rules', async () => {
    const second = secondForm(await askedAgain(webview(), 'dave'));
    const { config } = stack.auth;
    const access = [{ emails: ['alice@example.com'] }];
    await stack.auth.reload(() => Promise.resolve({ ...config, access }));
    const before = await grants();
    expect(await shownAs(stack, await click(webview(), second))).toBe('403 error');
    expect(await grants()).toBe(before);
    await stack.auth.reload(() => Promise.resolve(config));
  });
});

describe('a state that opens without a cookie', () => {
  it('is made for clients that the operator named, and cannot be made of another', async () => {
    const location = async (client: string): Promise<string> => {
      const browser = stack.browser();
      const answer = await decide(browser, await ask(stack, browser, { client }));
      return answer.headers.get('location') ?? '';
    };
    const state = (url: string): string => new URL(url).searchParams.get('state') ?? '';
    const bound = await location('desktop');
    const open = await location('asked');
    const back = new URL(await provider.signIn(bound, 'alice'));
    const [head, tail] = [state(bound), Buffer.from(state(open), 'base64url').subarray(41)];
    const joined = Buffer.concat([Buffer.from(head, 'base64url'), tail]).toString('base64url');
    for (const forged of [
      joined,
      `${head}${'A'.repeat(32)}`,
      head.slice(0, -32),
      state(open).slice(0, -32),
    ]) {
      back.searchParams.set('state', forged);
      expect(await shownAs(stack, await webview().get(back.href))).toBe('403 error');
    }
  });
});

describe('a configuration', () => {
  const complaints = async (config: Record<string, unknown>): Promise<string> =>
    startRemembering(config, { provider }).then(
      async ({ stack: started }) => {
        await started.auth.close();
        return '';
      },
      (error: unknown) => String(error),
    );

  it('has no sign-in at several upstreams without cookies: somebody else could end each of them', async () => {
    const oidc_config = {
      issuer_url: provider.issuer,
      client_id: 'a',
      client_secret_env_var: 'UPSTREAM_SECRET',
    };
    const upstreams = ['one', 'two'].map((name) => ({ name, type: 'oidc', oidc_config }));
    const consent = { without_cookies: ['asked'] };
    expect(await complaints({ upstreams, sign_in: 'chain', consent })).toContain(
      'does not go with a sign-in at several',
    );
    expect(await complaints({ upstreams, sign_in: 'choose', consent })).toBe('');
  });

  it('names clients that there are', async () => {
    expect(await complaints({ consent: { without_cookies: ['nobody'] } })).toContain(
      'neither the id of a client',
    );
  });
});
