/** The consent page in a real browser: without script, by keys alone, narrow and dark; and what a browser tells of its way. */
import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import { pkce, upstreamSecret } from '../fixtures/stack.ts';
import { launchChromium } from '../real/chromium.ts';
import type { Scene } from './scene.ts';
import { startRemembering } from './scene.ts';

let browser: Browser;
let scene: Scene;
let front: Listening;
/** Where the app hears its answer. */
let app: Listening;
/** A server in the middle, which sends whoever comes on to us. */
let middle: Listening;
let asked: string;
let unkept: string;
let issuer: string;
let context: BrowserContext;
let page: Page;
/** What the authorization endpoint was told by the browser, request by request. */
const sites: (string | undefined)[] = [];

const verifier = pkce();

beforeAll(async () => {
  const port = await freePort();
  issuer = `http://localhost:${port}`;
  app = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>App</title>');
  });
  const redirect_uris = [`${app.url}/cb`];
  const provider = await startOidcProvider({
    clients: [
      { client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris: [`${issuer}/oauth/callback`] },
    ],
  });
  scene = await startRemembering(
    {
      issuer,
      allowed_audiences: [`${issuer}/mcp`],
      clients: [
        { client_id: 'desktop', client_name: 'Notes for the desk', redirect_uris, consent: 'remember' },
        { client_id: 'view', client_name: 'Chat in a pocket', redirect_uris },
      ],
      consent: { name: 'Acme Tools', without_cookies: ['view'] },
      scope_descriptions: { 'notes:read': 'Read your notes', 'notes:write': 'Change and delete your notes' },
    },
    { provider },
  );
  const handle = toNodeHandler(scene.stack.auth.handle);
  front = await listen((request, response) => {
    if (request.url?.startsWith('/oauth/authorize')) {
      const site = request.headers['sec-fetch-site'];
      sites.push(typeof site === 'string' ? site : undefined);
    }
    handle(request, response);
  }, port);
  asked = requestOf('desktop');
  unkept = requestOf('view');
  middle = await listen((request, response) => {
    if (request.url === '/link')
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="${escape(asked)}">Go on</a>`);
    else response.writeHead(302, { location: asked }).end();
  });
  browser = await launchChromium();
});

afterEach(() => context.close());
afterAll(async () => {
  await browser.close();
  await Promise.all([front.close(), app.close(), middle.close()]);
  await scene.stack.close();
});

function escape(url: string): string {
  return url.replaceAll('&', '&amp;');
}

function requestOf(client: string): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: `${app.url}/cb`,
    scope: 'openid email notes:read notes:write',
    code_challenge: verifier.challenge,
    code_challenge_method: 'S256',
  });
  return `${issuer}/oauth/authorize?${query.toString()}`;
}

async function open(url: string, options: BrowserContextOptions = {}): Promise<readonly string[]> {
  context = await browser.newContext(options);
  page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return complaints;
}

/** Kept for whoever wants to look at them. */
async function picture(name: string): Promise<void> {
  const folder = process.env['CONSENT_PICTURES'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** From a focused field of the provider to wherever that leads. */
async function signInThere(account = 'alice'): Promise<void> {
  await page.waitForURL(/\/interaction\//u);
  await page.locator('[name=account]').fill(account);
  await Promise.all([
    page.waitForURL((url) => !url.href.includes('/interaction/')),
    page.keyboard.press('Enter'),
  ]);
}

async function atTheApp(): Promise<URL> {
  await page.waitForURL((url) => url.href.startsWith(app.url));
  return new URL(page.url());
}

async function scopesOf(url: URL, client: string): Promise<string> {
  const response = await fetch(`${issuer}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client,
      code: url.searchParams.get('code') ?? '',
      code_verifier: verifier.verifier,
    }),
  });
  const { scope } = (await response.json()) as { scope?: string };
  return scope ?? `no scope: ${response.status}`;
}

/** Presses Tab until what has the focus is called so. */
async function tabTo(name: RegExp): Promise<void> {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.locator(':focus').evaluate((element) => {
      const label = element.closest('label');
      return (label ?? element).textContent ?? '';
    });
    if (name.test(focused)) return;
  }
  throw new Error(`nothing called ${String(name)} can be reached by Tab`);
}

describe('the consent page, without script and without a pointer', () => {
  it('lets a person take a scope away, be remembered, and go on', async () => {
    const complaints = await open(asked, { javaScriptEnabled: false });
    await picture('light');
    expect(await page.getByRole('checkbox').count()).toBe(4);
    await tabTo(/Change and delete your notes/u);
    await page.keyboard.press('Space');
    await tabTo(/Do not ask me/u);
    await page.keyboard.press('Space');
    await picture('filled');
    expect(complaints).toEqual([]);
    await tabTo(/^\s*Allow\s*$/u);
    await page.keyboard.press('Enter');
    await signInThere();
    expect(await scopesOf(await atTheApp(), 'desktop')).toBe('openid email notes:read');
    // The second time nobody is asked, and the provider knows the person already.
    await page.goto(asked);
    expect(await scopesOf(await atTheApp(), 'desktop')).toBe('openid email notes:read');
    // Another app: the page knows who is here.
    await page.goto(unkept);
    await picture('known');
    expect(await page.getByText('alice@example.com').count()).toBe(1);
  });

  it.each([
    ['narrow', { viewport: { width: 320, height: 640 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 320, height: 640 } }],
    ['wide dark', { colorScheme: 'dark' }],
  ] as const)('fits, and can be read: %s', async (name, options) => {
    await open(asked, { ...options, javaScriptEnabled: true });
    await picture(name.replace(' ', '-'));
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
    for (const box of await page.getByRole('checkbox').all()) {
      const size = await box.evaluate((input) => input.closest('label')?.getBoundingClientRect().height ?? 0);
      // WCAG 2.2 §2.5.8
      expect(size).toBeGreaterThanOrEqual(24);
    }
  });
});

describe('a browser that drops cookies', () => {
  it('asks again after the sign-in, and goes on by keys alone', async () => {
    await open(unkept, { javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
    await context.clearCookies({ domain: 'localhost', name: /sallyport/u });
    await tabTo(/^\s*Allow\s*$/u);
    await page.keyboard.press('Enter');
    await signInThere();
    await page.waitForURL(/\/oauth\/callback/u);
    await picture('again');
    expect(await page.getByText('You signed in as').count()).toBe(1);
    expect(await page.getByText('Did somebody send you a link').count()).toBe(1);
    await context.clearCookies({ domain: 'localhost', name: /sallyport/u });
    await tabTo(/^\s*Allow\s*$/u);
    await page.keyboard.press('Enter');
    expect(await scopesOf(await atTheApp(), 'view')).toBe('openid email notes:read notes:write');
  });
});

describe('what a browser tells of where a navigation came from', () => {
  it('shows the page again when a link of another site led here, however much is remembered', async () => {
    await open(asked);
    await page.getByRole('checkbox', { name: /Do not ask me/u }).check();
    await tabTo(/^\s*Allow\s*$/u);
    await page.keyboard.press('Enter');
    await signInThere();
    await atTheApp();
    await page.goto(`${middle.url}/link`);
    await page.getByRole('link').click();
    await page.waitForURL((url) => url.href.startsWith(issuer));
    expect(sites.at(-1)).toBe('cross-site');
    expect(await page.getByRole('heading').innerText()).toContain('Notes for the desk');
  });

  it('does not say that a server redirected what a person or a program opened', async () => {
    // The limit of what `Sec-Fetch-Site` proves, and why no public client is remembered unless its operator says so.
    await open(`${middle.url}/authorize`);
    expect(page.url()).toBe(asked);
    expect(sites.at(-1)).toBe('none');
  });
});
