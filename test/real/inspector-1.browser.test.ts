import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import type { Program } from './children.ts';
import { isolatedEnvironment, packageFile, scratchDirectory, startProgram } from './children.ts';
import { launchChromium } from './chromium.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

/** Tokens last longer than any test. */
let patient: RealStack;
/** Tokens end while a test waits. */
let brief: RealStack;
let home: Awaited<ReturnType<typeof scratchDirectory>>;
let browser: Browser;
let inspector: string;
let proxyPort: number;
const programs: Program[] = [];

beforeAll(async () => {
  home = await scratchDirectory();
  patient = await startRealStack();
  brief = await startRealStack({ accessTokenLifespan: '3s' });
  const port = await freePort();
  proxyPort = await freePort();
  const env = isolatedEnvironment(home.path, {
    CLIENT_PORT: String(port),
    SERVER_PORT: String(proxyPort),
    DANGEROUSLY_OMIT_AUTH: 'true',
    MCP_AUTO_OPEN_ENABLED: 'false',
  });
  // Its launcher starts these two and waits by the clock; here they are awaited.
  for (const [script, ready] of [
    ['server/build/index.js', /listening on/],
    ['client/bin/client.js', /up and running/],
  ] as const) {
    const program = startProgram(packageFile(`inspector-v1/${script}`), [], env);
    programs.push(program);
    await program.until(ready);
  }
  inspector = `http://localhost:${port}`;
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  for (const program of programs) await program.stop();
  await patient.close();
  await brief.close();
  await home.remove();
});

/** A browser in which the Inspector talks to MCP servers itself, or through its own proxy. */
async function openInspector(connection: 'direct' | 'proxy'): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  // As settings, not in the address: it does not go on after a sign-in when the address had changed them.
  await context.addInitScript(
    ([kind, proxy]) => {
      localStorage.setItem('lastConnectionType', kind);
      localStorage.setItem(
        'inspectorConfig_v1',
        JSON.stringify({ MCP_PROXY_FULL_ADDRESS: { value: proxy } }),
      );
    },
    [connection, `http://localhost:${proxyPort}`] as const,
  );
  return context.newPage();
}

async function clickConnect(page: Page, stack: RealStack): Promise<void> {
  const server = new URLSearchParams({ transport: 'streamable-http', serverUrl: stack.endpoint });
  await page.goto(`${inspector}/?${server.toString()}`);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
}

async function signIn(page: Page): Promise<void> {
  await pressAllow(page);
  await page.getByRole('button', { name: 'Alice' }).click();
}

async function connected(page: Page): Promise<void> {
  await page.getByText('Connected', { exact: true }).waitFor();
}

async function echo(page: Page, message: string): Promise<void> {
  await page.getByRole('tab', { name: 'Tools' }).click();
  await page.getByRole('button', { name: 'List Tools' }).click();
  await page.getByText('Echo Tool').first().click();
  await page.getByPlaceholder('Message to echo').fill(message);
  await page.getByRole('button', { name: 'Run Tool' }).click();
  await page.getByText(`Echo: ${message}`).first().waitFor();
}

/** As a hand does it: the pointer comes to the consent page, and a moment later it clicks. */
async function pressAllow(page: Page): Promise<void> {
  const allow = page.getByRole('button', { name: 'Allow' });
  await allow.waitFor();
  await page.mouse.move(1, 1);
  await allow.click();
}

test('a web page on another origin discovers, registers, signs in and calls a tool by itself', async () => {
  const page = await openInspector('direct');
  await clickConnect(page, patient);
  await signIn(page);
  await connected(page);
  await echo(page, 'hello');
  // The browser asked first, for every kind of document and endpoint.
  const asked = patient.traffic.filter(({ method }) => method === 'OPTIONS').map(({ path }) => path);
  expect(asked).toEqual(
    expect.arrayContaining([
      '/mcp',
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-authorization-server',
      '/oauth/register',
    ]),
  );
  await page.context().close();
});

// In its direct mode this Inspector sends a refresh with the content type of JSON and with the token that ended.
test('a web page refreshes when its token has ended, and signs in again when it was told to forget', async () => {
  const page = await openInspector('proxy');
  await clickConnect(page, brief);
  await signIn(page);
  await connected(page);
  const before = {
    refresh_token: brief.redeemed('refresh_token'),
    code: brief.redeemed('authorization_code'),
  };

  await untilExpired(3);
  await clickConnect(page, brief);
  await connected(page);
  await echo(page, 'refreshed');
  expect(brief.redeemed('refresh_token')).toBeGreaterThan(before.refresh_token);
  expect(brief.redeemed('authorization_code')).toBe(before.code);

  // What its button "Clear OAuth State" does. The provider still knows the person and does not ask who it is.
  await page.evaluate(() => sessionStorage.clear());
  await clickConnect(page, brief);
  await pressAllow(page);
  await connected(page);
  await echo(page, 'back');
  expect(brief.redeemed('authorization_code')).toBe(before.code + 1);
  await page.context().close();
});
