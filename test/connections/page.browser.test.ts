/** The connections page in a real browser, with scripts off: everything on it is forms and links. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { launchChromium } from '../real/chromium.ts';
import { clientOf, upstreamsOf } from './scene.ts';

let browser: Browser;
let stack: Stack;
let notes: Awaited<ReturnType<typeof startOidcProvider>>;
let front: Listening;
let issuer: string;
let page: Page;

beforeAll(async () => {
  const port = await freePort();
  issuer = `http://localhost:${port}`;
  const provider = await startOidcProvider({ clients: [clientOf('demo', issuer)] });
  notes = await startOidcProvider({ clients: [clientOf('notes', issuer)] });
  const upstreams = upstreamsOf(provider.issuer, notes.issuer);
  stack = await startStack({ issuer, allowed_audiences: [`${issuer}/mcp`], upstreams }, { provider });
  front = await listen(toNodeHandler(stack.auth.handle), port);
  browser = await launchChromium();
  const context = await browser.newContext({
    javaScriptEnabled: false,
    viewport: { width: 390, height: 1400 },
  });
  page = await context.newPage();
  await page.route(`${new URL(redirectUri).origin}/**`, (route) =>
    route.fulfill({ body: 'back in the app' }),
  );
});
afterAll(async () => {
  await browser.close();
  await front.close();
  await stack.close();
  await notes.close();
});

/** Signs in at a provider, where nobody is signed in yet. */
async function enter(account: string): Promise<void> {
  await page.locator('input[name=account]').fill(account);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** An app signs its user in. */
async function useApp(name: string): Promise<void> {
  const { client_id } = await stack.register({ client_name: name });
  const { verifier, challenge } = pkce();
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  await page.goto(`${issuer}/oauth/authorize?${query.toString()}`);
  await page.getByRole('button', { name: 'Allow' }).press('Enter');
  const field = page.locator('input[name=account]');
  await field.or(page.getByText('back in the app')).waitFor();
  if (await field.isVisible()) await enter('alice');
  await page.getByText('back in the app').waitFor();
  const code = new URL(page.url()).searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id, code, code_verifier: verifier };
  expect((await stack.token(form)).status).toBe(200);
}

it('leads from the app to a connected account and back out, by its buttons alone', async () => {
  await useApp('Editor');
  await page.goto(`${issuer}/connections?upstream=notes`);
  await page.getByRole('button', { name: 'Sign in with Demo' }).click();
  // The provider knows its user already.
  await page.getByText('You are signed in as').waitFor();
  expect(await page.locator('main').textContent()).toContain('Not connected.');

  await page.getByRole('button', { name: 'Connect: Notes' }).click();
  await enter('alice-at-notes');
  await page.getByRole('heading', { name: 'Connect this account?' }).waitFor();
  expect(await page.locator('main').textContent()).toContain('alice-at-notes@example.com');
  await page.getByRole('button', { name: 'Connect', exact: true }).press('Enter');
  await page.getByText('Notes is connected. Go back to the app and try again.').waitFor();

  const notesSection = page.locator('section').filter({ hasText: 'Notes' });
  const disconnect = notesSection.getByRole('button', { name: 'Disconnect now' });
  expect(await disconnect.isVisible()).toBe(false);
  await notesSection.getByText('Disconnect…').click();
  expect(await notesSection.getByText('Apps can no longer use it.').isVisible()).toBe(true);
  await disconnect.click();
  await notesSection.getByText('Not connected.').waitFor();

  await page.getByRole('button', { name: 'Sign out of this page' }).click();
  await page.getByText('You are signed out of this page. Apps stay connected.').waitFor();
  await page.goto(`${issuer}/connections`);
  expect(await page.getByRole('button', { name: 'Sign in with Demo' }).isVisible()).toBe(true);
});

it('lists the apps that act for somebody, and signs them out by its buttons alone', async () => {
  await useApp('Notebook');
  await page.goto(`${issuer}/connections`);
  await page.getByRole('button', { name: 'Sign in with Demo' }).click();
  const list = page.locator('section').filter({ hasText: 'Apps that act for you' });
  const row = (name: string) => list.getByRole('listitem').filter({ hasText: name });
  await row('Notebook').first().waitFor();
  expect(await row('Notebook').first().textContent()).toMatch(/with Chrome on \w/u);
  await row('Editor').first().getByRole('button', { name: 'Sign this app out: Editor' }).press('Enter');
  await row('Editor').first().waitFor({ state: 'detached' });
  expect(await row('Notebook').count()).toBeGreaterThan(0);

  await useApp('Editor');
  await page.goto(`${issuer}/connections`);
  await list.getByText('Sign all apps out…').click();
  await list.getByRole('button', { name: 'Sign all out now' }).click();
  await page.getByText('The apps are signed out as well.').waitFor();
});

it('fits narrow windows', async () => {
  await page.setViewportSize({ width: 320, height: 800 });
  await page.goto(`${issuer}/connections`);
  const { width } = (await page.locator('main').boundingBox()) ?? { width: 0 };
  expect(width).toBeLessThanOrEqual(320);
  expect(width).toBeGreaterThan(200);
});
