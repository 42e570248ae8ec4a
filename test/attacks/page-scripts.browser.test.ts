/**
 * No script of a stranger runs on our pages: a browser opens them and looks. The texts and the incidents behind them are in
 * page-scripts.test.ts. Two locks are tried one at a time: the pages without their policy, and the policy around a page that
 * does hold a script.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import { contentSecurityPolicy } from '../../src/ui/page.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { brand, everyPage } from '../pages/views.ts';
import { launchChromium } from '../real/chromium.ts';
import { scripts } from './hostile-texts.ts';

declare global {
  interface Window {
    pwned?: number;
  }
}

let browser: Browser;
let page: Page;
let stack: Stack;
let front: Listening;
/** Serves one page that a test chooses, with a policy or without. */
let bare: Listening;
let served = { html: '', policy: '' };
/** Whatever a page really asked for; what its policy has stopped does not count. */
let asked: URL[];

beforeAll(async () => {
  const port = await freePort();
  stack = await startStack({
    issuer: `http://localhost:${port}`,
    allowed_audiences: [`http://localhost:${port}/mcp`],
  });
  front = await listen(toNodeHandler(stack.auth.handle), port);
  bare = await listen((_request, response) => {
    const policy = served.policy === '' ? {} : { 'content-security-policy': served.policy };
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...policy }).end(served.html);
  });
  browser = await launchChromium();
});
afterEach(() => page.close());
afterAll(async () => {
  await browser.close();
  await Promise.all([front.close(), bare.close()]);
  await stack.close();
});

async function open(): Promise<void> {
  page = await browser.newPage();
  asked = [];
  page.on('requestfinished', (request) => asked.push(new URL(request.url())));
  page.on('requestfailed', (request) => {
    if (request.failure()?.errorText !== 'csp') asked.push(new URL(request.url()));
  });
  page.on('dialog', (dialog) => void dialog.dismiss());
}

/** What ran or was fetched that should not: hovering, clicking into and focusing everything does not help it. */
async function traces(): Promise<readonly string[]> {
  await page.evaluate(() => {
    for (const element of document.querySelectorAll('*')) {
      element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
      element.dispatchEvent(new FocusEvent('focus'));
      if (!element.closest('form, a')) element.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    }
  });
  const ran = await page.evaluate(() => window.pwned);
  const foreign = asked.filter(({ hostname }) => hostname === 'evil.example').map(({ href }) => href);
  return ran === undefined ? foreign : ['a script ran', ...foreign];
}

test('the browser would notice: a page that does hold a script runs it', async () => {
  await open();
  served = { html: '<!doctype html><script>window.pwned=1</script><img src=//evil.example/x>', policy: '' };
  await page.goto(bare.url);
  expect(await traces()).toEqual(['a script ran', 'http://evil.example/x']);
});

test('pages with hostile words in every place run nothing, even without their policy', async () => {
  await open();
  for (const text of scripts) {
    for (const html of Object.values(everyPage({ ...brand, name: text }, text))) {
      served = { html, policy: '' };
      await page.goto(bare.url);
      expect({ text, traces: await traces() }).toEqual({ text, traces: [] });
    }
  }
}, 120_000);

test('the policy stops a script, a handler, a style, a frame and a foreign form base that are there all the same', async () => {
  await open();
  // A refresh is a navigation of its own, which no policy holds: escaping alone keeps it out.
  for (const text of scripts.filter((one) => !one.includes('http-equiv'))) {
    served = {
      html: `<!doctype html><meta charset="utf-8"><body>${text}</body>`,
      policy: contentSecurityPolicy(brand),
    };
    await page.goto(bare.url, { waitUntil: 'commit' });
    expect({ text, traces: await traces() }).toEqual({ text, traces: [] });
  }
});

test('the consent page of a hostile app is one, and what it says is what the app is', async () => {
  await open();
  for (const client_name of scripts) {
    const { client_id } = await stack.register({ client_name, redirect_uris: [redirectUri] });
    const query = new URLSearchParams({
      response_type: 'code',
      client_id,
      redirect_uri: redirectUri,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      state: 's',
    });
    await page.goto(`http://localhost:${front.port}/oauth/authorize?${query.toString()}`);
    expect({ client_name, traces: await traces() }).toEqual({ client_name, traces: [] });
    expect(await page.getByRole('button').allInnerTexts()).toEqual(['Cancel', 'Allow']);
    expect(await page.locator('form').getAttribute('action')).toBe(
      `http://localhost:${front.port}/oauth/consent`,
    );
    expect(await page.locator('a, script, iframe, img, base').count()).toBe(0);
  }
}, 120_000);
