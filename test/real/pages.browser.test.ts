import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Player, hasLeft } from '../../examples/demo/player.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { launchChromium } from './chromium.ts';
import { authorizationRequest, redeem, registerApp } from './plain-app.ts';
import type { RealStack } from './stack.ts';
import { startRealStack } from './stack.ts';

let browser: Browser;
let stack: RealStack;
/** The app on this computer that people are sent back to. */
let app: Listening;
/** A site that has nothing to do with any of this. */
let elsewhere: Listening;
let attack = '';
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  const answer = (text: () => string) =>
    listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(text());
    });
  app = await answer(() => '<!doctype html><title>App</title><h1>The app has its answer</h1>');
  elsewhere = await answer(() => attack);
  stack = await startRealStack({ access: [{ emails: ['alice@example.com'] }] });
  browser = await launchChromium();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

afterAll(async () => {
  await browser.close();
  await stack.close();
  await app.close();
  await elsewhere.close();
});

/** A browser of somebody else: its own cookies. */
async function person(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60_000);
  contexts.push(context);
  return context.newPage();
}

interface Started {
  readonly url: string;
  readonly state: string;
  readonly verifier: string;
  readonly app: Awaited<ReturnType<typeof registerApp>>;
}

/** An app starts a login; on this computer unless it says otherwise. */
async function start(options: { redirectUri?: string; name?: string } = {}): Promise<Started> {
  const registered = await registerApp(stack, { redirectUri: `${app.url}/callback`, ...options });
  return { app: registered, ...authorizationRequest(stack, registered) };
}

const allow = (page: Page) => page.getByRole('button', { name: 'Allow' });
/** As a hand does it: the pointer comes to the page, and a moment later it clicks. */
const pressAllow = async (page: Page): Promise<void> => {
  await page.mouse.move(1, 1);
  await allow(page).click();
};
const cancel = (page: Page) => page.getByRole('button', { name: 'Cancel' });
const account = (page: Page, name: string) => page.getByRole('button', { name });
const atApp = (page: Page) => page.waitForURL(`${app.url}/callback?*`);
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();

async function sealedRequest(page: Page): Promise<string> {
  return (await page.locator('input[name=request]').getAttribute('value')) ?? '';
}

async function signInWith(player: Player, url: string): Promise<URL> {
  let place = await player.open(url);
  for (const button of ['allow', 'alice']) {
    if (!hasLeft(place)) place = await player.press(place, button);
  }
  if (!hasLeft(place)) throw new Error(`still at ${place.url.href}`);
  return place.leftFor;
}

function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

test('a person allows the app, signs in, and the app gets a code that works', async () => {
  const login = await start({ name: 'Diagram editor' });
  const page = await person();
  await page.goto(login.url);
  const said = await page.getByRole('main').innerText();
  expect(said).toContain('Diagram editor');
  expect(said).toContain(new URL(app.url).host);
  expect(said).toContain(stack.endpoint);
  await pressAllow(page);
  await account(page, 'Alice').click();
  await atApp(page);
  const answer = new URL(page.url()).searchParams;
  expect(answer.get('state')).toBe(login.state);
  expect(answer.get('iss')).toBe(stack.issuer);
  const tokens = await redeem(stack, login.app, { code: answer.get('code') ?? '', verifier: login.verifier });
  expect(tokens.access_token.split('.')).toHaveLength(3);
});

test('the login works without JavaScript', async () => {
  const login = await start();
  const page = await person({ javaScriptEnabled: false });
  await page.goto(login.url);
  await pressAllow(page);
  await account(page, 'Alice').click();
  await atApp(page);
  expect(new URL(page.url()).searchParams.get('code')).toMatch(/^sp_ac_/);
});

test('the login works with nothing but a keyboard', async () => {
  const login = await start();
  const page = await person();
  await page.goto(login.url);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  const tabTo = async (name: string): Promise<void> => {
    for (let presses = 0; presses < 20; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await focused()).includes(name)) return;
    }
    throw new Error(`the Tab key never reached "${name}"`);
  };
  await tabTo('Allow');
  const outline = await page.evaluate(
    () => getComputedStyle(document.activeElement ?? document.body).outlineStyle,
  );
  expect(outline).not.toBe('none');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/interaction/*');
  await tabTo('Alice');
  await page.keyboard.press('Enter');
  await atApp(page);
  expect(new URL(page.url()).searchParams.get('code')).toMatch(/^sp_ac_/);
});

test('the cookie is out of reach of scripts and other sites, and ends with the browser', async () => {
  const login = await start();
  const page = await person();
  await page.goto(login.url);
  const cookies = await page.context().cookies(stack.issuer);
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    domain: 'localhost',
    expires: -1,
  });
  // Plain http on loopback: with https the name begins with `__Host-` and the cookie is `Secure`.
  expect(cookies[0]?.name).toMatch(/^sallyport-/);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const second = await start();
  await page.goto(second.url);
  expect(await page.context().cookies(stack.issuer)).toEqual(cookies);
});

test('a consent form that was shown to one browser is worthless in another', async () => {
  const login = await start();
  const victim = await person();
  const attacker = await person();
  await attacker.goto(login.url);
  const stolen = await sealedRequest(attacker);
  await victim.goto((await start()).url);
  await victim
    .locator('input[name=request]')
    .evaluate((input, value) => input.setAttribute('value', value), stolen);
  await pressAllow(victim);
  expect(await heading(victim)).toContain('another browser');
  expect(new URL(victim.url()).origin).toBe(stack.issuer);
});

test('a page elsewhere cannot say yes in the name of a person', async () => {
  const page = await person();
  await page.goto((await start()).url);
  const request = await sealedRequest(page);
  attack = `<!doctype html><form method="post" action="${stack.issuer}/oauth/consent">
    <input name="request" value="${request}"><input name="decision" value="allow"></form>
    <script>document.forms[0].submit()</script>`;
  await page.goto(elsewhere.url);
  await page.waitForURL(`${stack.issuer}/oauth/consent`);
  expect(await heading(page)).toContain('another site');
});

test('our pages cannot be framed', async () => {
  const page = await person();
  attack = `<!doctype html><iframe src="${(await start()).url.replaceAll('&', '&amp;')}"></iframe>`;
  const blocked = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
  await page.goto(elsewhere.url);
  expect((await blocked).type()).toBe('error');
});

test("the provider's answer is worthless in another browser", async () => {
  const login = await start();
  // Stops where the provider sends the browser back to us.
  const attacker = new Player({ belongsToApp: ({ pathname }) => pathname === '/oauth/callback' });
  const answer = await signInWith(attacker, login.url);
  expect(answer.searchParams.get('code')).not.toBeNull();
  const victim = await person();
  await victim.goto((await start()).url);
  await victim.goto(answer.href);
  expect(await heading(victim)).toContain('not started here');
  expect(new URL(victim.url()).origin).toBe(stack.issuer);
});

test('reloading the end of a login shows no second code', async () => {
  const login = await start();
  const page = await person();
  let answer = '';
  page.on('request', (request) => {
    if (request.url().startsWith(`${stack.issuer}/oauth/callback?`)) answer = request.url();
  });
  await page.goto(login.url);
  await pressAllow(page);
  await account(page, 'Alice').click();
  await atApp(page);
  await page.goto(answer);
  expect(await heading(page)).toContain('signed in');
  expect(new URL(page.url()).origin).toBe(stack.issuer);
});

test('a person who says no sends an app on this computer away without a code', async () => {
  const login = await start();
  const page = await person();
  await page.goto(login.url);
  await cancel(page).click();
  await atApp(page);
  const answer = new URL(page.url()).searchParams;
  expect(Object.fromEntries(answer)).toMatchObject({
    error: 'access_denied',
    state: login.state,
    iss: stack.issuer,
  });
  expect(answer.get('code')).toBeNull();
});

test('after a no, a website that registered itself is reached only by a click', async () => {
  const login = await start({ redirectUri: 'https://app.example.com/callback' });
  const page = await person();
  await page.goto(login.url);
  await cancel(page).click();
  const link = page.getByRole('link', { name: 'Return to the app' });
  const target = new URL((await link.getAttribute('href')) ?? '');
  expect(target.origin).toBe('https://app.example.com');
  expect(target.searchParams.get('error')).toBe('access_denied');
  expect(target.searchParams.get('iss')).toBe(stack.issuer);
  expect(new URL(page.url()).origin).toBe(stack.issuer);
});

test('an account without access is told so by name', async () => {
  const login = await start({ redirectUri: 'https://app.example.com/callback' });
  const page = await person();
  await page.goto(login.url);
  await pressAllow(page);
  await account(page, 'Bob').click();
  await page.waitForURL(`${stack.issuer}/oauth/callback?*`);
  expect(await heading(page)).toContain('no access');
  expect(await page.getByRole('main').innerText()).toContain('bob@example.com');
});

test('an unknown app and a foreign redirect URI end on a page of ours', async () => {
  const { url } = await start();
  const page = await person();
  for (const [name, value] of [
    ['client_id', 'nobody'],
    ['redirect_uri', 'https://evil.example.com/callback'],
  ] as const) {
    const wrong = new URL(url);
    wrong.searchParams.set(name, value);
    const answer = await page.goto(wrong.href);
    expect(answer?.status()).toBe(400);
    expect(new URL(page.url()).origin).toBe(stack.issuer);
    expect(await page.getByRole('main').innerText()).toMatch(/Reference for support/);
    expect(await page.locator('a[href*="evil"]').count()).toBe(0);
  }
});

test('every page fits on a small phone', async () => {
  const phone = { viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true };
  const name = 'Supercalifragilisticexpialidocious-Enterprise-Assistant-2000';
  const redirectUri = `https://${'long-subdomain.'.repeat(6)}example.com/callback`;
  const page = await person(phone);
  await page.goto((await start({ name, redirectUri })).url);
  expect(await overflow(page)).toBe(0);
  await page.getByText('Technical details').tap();
  expect(await overflow(page)).toBe(0);
  const box = await allow(page).boundingBox();
  expect(box?.height).toBeGreaterThanOrEqual(44);
  await allow(page).tap();
  await account(page, 'Bob').tap();
  await page.waitForURL(`${stack.issuer}/oauth/callback?*`);
  expect(await heading(page)).toContain('no access');
  expect(await overflow(page)).toBe(0);
  await page.goto(`${stack.issuer}/oauth/authorize?client_id=${'x'.repeat(300)}`);
  expect(await overflow(page)).toBe(0);
});
