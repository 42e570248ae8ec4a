/** The page with a button for each upstream, in a real browser. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import { pkce } from '../fixtures/stack.ts';
import { launchChromium } from '../real/chromium.ts';
import { Several } from './world.ts';

const picture = (color: string): string => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect width="20" height="20" fill="${color}"/></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
};
const names = ['okta', 'github', 'partners'];

let browser: Browser;
let several: Several;
let front: Listening;
/** Where the app hears its answer. */
let app: Listening;
let consent: string;
let page: Page;

beforeAll(async () => {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  several = await Several.start(
    names,
    { issuer, allowed_audiences: [`${issuer}/mcp`], sign_in: 'choose' },
    {
      changes: { okta: { icon: picture('red') }, github: { display_name: 'GitHub', icon: picture('blue') } },
    },
  );
  front = await listen(toNodeHandler(several.stack.auth.handle), port);
  app = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>App</title>');
  });
  const { client_id } = await several.stack.register({ redirect_uris: [`${app.url}/cb`] });
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: `${app.url}/cb`,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  });
  consent = `${issuer}/oauth/authorize?${query.toString()}`;
  browser = await launchChromium();
});
afterEach(() => page.context().close());
afterAll(async () => {
  await browser.close();
  await Promise.all([front.close(), app.close()]);
  await several.close();
});

async function open(options: BrowserContextOptions = {}): Promise<readonly string[]> {
  const context = await browser.newContext(options);
  page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(consent);
  return complaints;
}

/** From a focused field of the provider to the app. */
async function signInThere(): Promise<URL> {
  await page.waitForURL(/\/interaction\//u);
  await page.locator('input:focus').waitFor();
  await page.keyboard.type('alice');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.href.startsWith(app.url));
  return new URL(page.url());
}

describe('the page that offers several upstreams', () => {
  it('leads through a whole sign-in without script and without a pointer', async () => {
    const complaints = await open({ javaScriptEnabled: false });
    const buttons = ['Sign-in of okta', 'GitHub', 'Sign-in of partners', 'Cancel'];
    expect(await page.getByRole('button').allInnerTexts()).toEqual(buttons);
    const group = page.getByRole('group', { name: 'Allow, and sign in with' });
    expect(await group.getByRole('button').allInnerTexts()).toEqual(buttons.slice(0, 3));
    const boxes = await page.getByRole('checkbox').count();
    for (let tab = 0; tab < boxes; tab += 1) await page.keyboard.press('Tab');
    const focused: string[] = [];
    for (let tab = 0; tab < 2; tab += 1) {
      await page.keyboard.press('Tab');
      focused.push(await page.locator(':focus').innerText());
    }
    expect(focused).toEqual(buttons.slice(0, 2));
    expect(await page.locator(':focus').evaluate((one) => getComputedStyle(one).outlineStyle)).toBe('solid');
    expect(complaints).toEqual([]);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.href.startsWith(several.providers['github']?.issuer ?? ''));
    const answer = await signInThere();
    expect(answer.searchParams.get('code')).toMatch(/^sp_ac_/u);
    expect(answer.searchParams.get('iss')).toBe(new URL(consent).origin);
  });

  it('shows the pictures that it may, and loads nothing', async () => {
    const complaints = await open();
    const loaded = await page.evaluate(() =>
      [...document.images].map((image) => [image.complete && image.naturalWidth > 0, image.width]),
    );
    expect(loaded).toEqual([
      [true, 20],
      [true, 20],
    ]);
    expect(await page.evaluate(() => performance.getEntriesByType('resource').length)).toBe(0);
    expect(complaints).toEqual([]);
  });

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
    [320, 'light'],
  ] as const)('is whole and readable, %i wide and %s', async (width, colorScheme) => {
    await open({ viewport: { width, height: 844 }, colorScheme });
    const seen = await page.evaluate(() => {
      const edges = [...document.querySelectorAll('.upstreams .button')].map((button) => {
        const { left, right, height } = button.getBoundingClientRect();
        return { left, right, height };
      });
      return { wide: document.documentElement.scrollWidth, edges };
    });
    expect(seen.wide).toBeLessThanOrEqual(width);
    for (const { left, right, height } of seen.edges) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(width);
      // WCAG 2.2 §2.5.8, and a thumb.
      expect(height).toBeGreaterThanOrEqual(44);
    }
  });

  it('covers every choice against the second click of a double click', async () => {
    await open();
    const covered = await page.evaluate(() =>
      [...document.querySelectorAll('.upstreams .button')].map((button) => {
        // The pane belongs to the box around the buttons, so that the box is what a click meets.
        const { top, bottom, left, right } = button.getBoundingClientRect();
        const pane = getComputedStyle(button.closest('.allow') ?? button, '::after');
        const box = button.closest('.allow')?.getBoundingClientRect();
        const inside =
          box && top >= box.top && bottom <= box.bottom && left >= box.left && right <= box.right;
        return [pane.visibility, pane.position, inside];
      }),
    );
    expect(covered).toEqual(names.map(() => ['visible', 'absolute', true]));
  });

  it('takes a no from the button for it', async () => {
    await open();
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    await page.waitForURL((url) => url.href.startsWith(app.url));
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied');
  });
});
