/** The consent page of a client with a document, in a real browser: its logo comes from our own origin, or not at all. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toNodeHandler } from '../../src/http/node.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { freePort, listen } from '../fixtures/mcp-web-bridge.ts';
import { pkce } from '../fixtures/stack.ts';
import { launchChromium } from '../real/chromium.ts';
import { square } from './pictures.ts';
import { Scene } from './scene.ts';

let scene: Scene;
let browser: Browser;
let front: Listening;
let issuer: string;

beforeAll(async () => {
  const port = await freePort();
  issuer = `http://localhost:${port}`;
  scene = await Scene.start({ issuer, allowed_audiences: [`${issuer}/mcp`] });
  front = await listen(toNodeHandler(scene.stack.auth.handle), port);
  browser = await launchChromium();
});
beforeEach(() => scene.stack.advance(60_000));
afterAll(async () => {
  await browser.close();
  await front.close();
  await scene.close();
});

interface Seen {
  /** Pixels that its picture takes; 0 for one that is not shown. */
  readonly width: number;
  readonly natural: number;
  readonly complaints: readonly string[];
  /** Hosts that the page made the browser ask. */
  readonly hosts: ReadonlySet<string>;
}

async function look(path: string, body: Uint8Array | string, status = 200): Promise<Seen> {
  const { publisher } = scene;
  publisher.on(`${path}.png`, (response) => void response.writeHead(status).end(body));
  const id = publisher.publish(path, { logo_uri: publisher.at(`${path}.png`) });
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: 'http://127.0.0.1:33418/callback',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  });
  const page = await browser.newPage({ viewport: { width: 800, height: 900 } });
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    // Browsers ask for an icon by themselves, and there is none.
    if (!message.location().url.endsWith('/favicon.ico')) complaints.push(message.text());
  });
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.goto(`${issuer}/oauth/authorize?${query.toString()}`, { waitUntil: 'load' });
  const picture = page.locator('img.app');
  const width = await picture.evaluate((image) => image.clientWidth);
  const natural = await picture.evaluate((image) =>
    'naturalWidth' in image ? Number(image.naturalWidth) : 0,
  );
  await page.close();
  return { width, natural, complaints, hosts };
}

describe('the logo of a client in a browser', () => {
  it('is shown, and the browser asks nobody but us', async () => {
    const { width, natural, complaints, hosts } = await look('/logo.json', square);
    expect([width, natural]).toEqual([48, 96]);
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(issuer).host]);
  });

  it('that is none leaves no trace', async () => {
    const { width, complaints, hosts } = await look('/none.json', '<svg/>');
    expect(width).toBe(1);
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(issuer).host]);
  });
});
