/**
 * The second click of a double click (DoubleClickjacking): a hostile page asks for one, and has our consent page under the
 * pointer when it falls, by going there at the first click, or by closing the window that lay over it. No frame is needed,
 * so no frame denial helps. Time stands still in these pages until a test lets it go on: none of them is a race.
 */
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { launchChromium } from '../real/chromium.ts';

declare global {
  interface Window {
    /** What the form was sent with. */
    decisions?: string[];
  }
}

let browser: Browser;
let stack: Stack;
let front: Listening;
let consent: string;
/** A site that goes to our page at the first click. */
let hostile: Listening;
let page: Page;
let devtools: CDPSession;

beforeAll(async () => {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  stack = await startStack({ issuer, allowed_audiences: [`${issuer}/mcp`] });
  front = await listen(toNodeHandler(stack.auth.handle), port);
  const { client_id } = await stack.register();
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: redirectUri,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    state: 's',
  });
  consent = `${issuer}/oauth/authorize?${query.toString()}`;
  const bait = `<!doctype html><title>Win</title><body style="margin:0;height:100vh">Double click to win!
    <script>document.body.onmousedown = () => { location.href = ${JSON.stringify(consent)} }</script>`;
  hostile = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(bait);
  });
  browser = await launchChromium();
});
afterEach(() => page.context().close());
afterAll(async () => {
  await browser.close();
  await Promise.all([front.close(), hostile.close()]);
  await stack.close();
});

async function open(options: BrowserContextOptions = {}): Promise<void> {
  // High enough for the whole page: a place outside cannot be clicked.
  const context = await browser.newContext({ viewport: { width: 1000, height: 1200 }, ...options });
  page = await context.newPage();
  devtools = await context.newCDPSession(page);
  await devtools.send('Animation.enable');
  await devtools.send('Animation.setPlaybackRate', { playbackRate: 0 });
}

/** Whatever the page waits for has come. */
async function letTimePass(): Promise<void> {
  await devtools.send('Animation.setPlaybackRate', { playbackRate: 1 });
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
}

/** Where the middle of Allow is; from now on the page tells what its form would send. */
async function aim(): Promise<{ x: number; y: number }> {
  await page.evaluate(() => {
    window.decisions = [];
    document.forms[0]?.addEventListener('submit', (event) => {
      event.preventDefault();
      window.decisions?.push(event.submitter?.getAttribute('value') ?? '');
    });
  });
  const box = await page.getByRole('button', { name: 'Allow' }).boundingBox();
  if (!box) throw new Error('there is no Allow');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

const decisions = (): Promise<readonly string[] | undefined> => page.evaluate(() => window.decisions);

async function secondClick(): Promise<void> {
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
}

it('a click would count, were the pane not there', async () => {
  await open();
  await page.goto(consent);
  const { x, y } = await aim();
  await page.evaluate(() => document.querySelector('.allow')?.classList.remove('allow'));
  await page.mouse.click(x, y);
  expect(await decisions()).toEqual(['allow']);
});

describe.each(['no-preference', 'reduce'] as const)('with reduced motion: %s', (reducedMotion) => {
  it('the second click of a double click allows nothing, on a page that the first one went to', async () => {
    await open({ reducedMotion });
    await page.goto(consent);
    const { x, y } = await aim();
    await page.goto(hostile.url);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.waitForURL(consent);
    await page.mouse.up();
    await aim();
    await secondClick();
    // A hand is never quite still.
    await page.mouse.move(x + 1, y);
    await secondClick();
    expect(await decisions()).toEqual([]);
  });

  it('nor on a page that lay ready for long under a window that the first one closed', async () => {
    await open({ reducedMotion });
    await page.goto(hostile.url);
    await page.goto(consent);
    const { x, y } = await aim();
    await letTimePass();
    await devtools.send('Animation.setPlaybackRate', { playbackRate: 0 });
    await page.mouse.move(x, y);
    await secondClick();
    expect(await decisions()).toEqual([]);
  });

  it('a person whose pointer has been on the page for a moment allows with one click', async () => {
    await open({ reducedMotion });
    await page.goto(consent);
    const { x, y } = await aim();
    await page.mouse.move(5, 5);
    await letTimePass();
    await page.mouse.click(x, y);
    expect(await decisions()).toEqual(['allow']);
  });

  it('a finger is held up as long after the page came, and no longer', async () => {
    await open({ reducedMotion, isMobile: true, hasTouch: true, viewport: { width: 390, height: 1200 } });
    await page.goto(consent);
    const { x, y } = await aim();
    await page.touchscreen.tap(x, y);
    expect(await decisions()).toEqual([]);
    await letTimePass();
    await page.touchscreen.tap(x, y);
    expect(await decisions()).toEqual(['allow']);
  });
});

it('the pane comes back when the pointer leaves, as it does for a window that opens over the page', async () => {
  await open();
  await page.goto(consent);
  const { x, y } = await aim();
  await page.mouse.move(x, y);
  await letTimePass();
  await devtools.send('Animation.setPlaybackRate', { playbackRate: 0 });
  await page.mouse.move(-5, -5);
  await page.mouse.move(x, y);
  await secondClick();
  expect(await decisions()).toEqual([]);
});

it('a no is never held up', async () => {
  await open();
  await page.goto(consent);
  await aim();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await decisions()).toEqual(['deny']);
});

it('keys allow at once, but nothing has the focus before a person gives it', async () => {
  await open();
  await page.goto(`${consent}#allow`);
  await aim();
  // A key that is held down while the page comes up (cross-window forgery) finds nothing to press.
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  expect(await decisions()).toEqual([]);
  expect(await page.locator('[autofocus], form [id], [accesskey]').count()).toBe(0);
  await page.getByRole('button', { name: 'Allow' }).focus();
  await page.keyboard.press('Enter');
  expect(await decisions()).toEqual(['allow']);
});
