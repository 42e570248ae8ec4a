/**
 * A real browser keeps and sends a cookie whose name hides our prefix behind a byte that trimming takes away, though it refuses
 * the prefix itself. So it is the server that must not be fooled: it gives the browser a cookie of its own.
 */
import type { IncomingMessage } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, startStack } from '../fixtures/stack.ts';
import { launchChromium } from '../real/chromium.ts';
import { cookieName } from './login-steps.ts';

const chosen = 'A'.repeat(43);

let browser: Browser;
let stack: Stack;
let front: Listening;
let clientId: string;
let name: string;
const sent: (string | undefined)[] = [];

beforeAll(async () => {
  stack = await startStack();
  clientId = (await stack.register()).client_id;
  name = await cookieName(stack, clientId);
  const own = toNodeHandler(stack.auth.handle);
  front = await listen((request: IncomingMessage, response) => {
    // The page has an icon, which the browser asks for when it likes, with what the answer has set.
    if (request.url?.includes('/oauth/authorize') === true) sent.push(request.headers.cookie);
    if (request.url !== '/plant') return own(request, response);
    // What a host below the same domain can say, with `Domain` added; headers go out byte for byte.
    const planted = [`\u00a0${name}=${chosen}`, `${name}=${chosen}`].map((pair) => `${pair}; Path=/`);
    return response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': planted }).end('planted');
  });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await front.close();
  await stack.close();
});

test('a browser sends what a neighbour planted, and the server does not take it for its own', async () => {
  const page = await browser.newPage();
  await page.goto(`${front.url}/plant`);
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge });
  const answer = await page.goto(front.url + url.slice(issuer.length));
  expect(sent.at(-1)).toBe(`\u00a0${name}=${chosen}`);
  expect(answer?.status()).toBe(200);
  const own = await answer?.headerValue('set-cookie');
  expect(own).toMatch(/^__Host-sallyport-[\w-]{8}=[\w-]{43};/u);
  expect(own).not.toContain(chosen);
  await page.close();
});
