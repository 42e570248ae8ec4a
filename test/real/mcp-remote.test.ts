import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import type { FakeBrowser } from './children.ts';
import { fakeBrowser, isolatedEnvironment, killIfAlive, packageFile, scratchDirectory } from './children.ts';
import { revoke } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

let stack: RealStack;
let home: Awaited<ReturnType<typeof scratchDirectory>>;
let browser: FakeBrowser;
let callbackPort: number;
const pids: number[] = [];

beforeAll(async () => {
  home = await scratchDirectory();
  browser = await fakeBrowser(home.path);
  callbackPort = await freePort();
  stack = await startRealStack({ accessTokenLifespan: '3s' });
});

afterAll(async () => {
  // It may outlive its standard input while it still waits for a server.
  for (const pid of pids) killIfAlive(pid);
  await stack.close();
  await home.remove();
});

/** Starts mcp-remote as a desktop client would, over stdio. */
function startRemote(): { client: Client; connected: Promise<void> } {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [packageFile('mcp-remote/dist/proxy.js'), stack.endpoint, String(callbackPort), '--allow-http'],
    env: isolatedEnvironment(home.path, { ...browser.env, MCP_REMOTE_CONFIG_DIR: join(home.path, 'config') }),
    stderr: 'ignore',
  });
  const client = new Client({ name: 'desktop', version: '1.0.0' });
  const connected = client.connect(transport);
  if (transport.pid !== null) pids.push(transport.pid);
  return { client, connected };
}

async function echo(client: Client, message: string): Promise<unknown> {
  const { content } = await client.callTool({ name: 'echo', arguments: { message } });
  return content;
}

const echoed = (message: string) => [{ type: 'text', text: `Echo: ${message}` }];

/** What mcp-remote keeps on disk, by the end of the file's name. */
async function kept(ending: string): Promise<Record<string, unknown>> {
  const files = await readdir(join(home.path, 'config'), { recursive: true });
  const file = files.find((name) => name.endsWith(ending));
  if (file === undefined) throw new Error(`no ${ending} among ${files.join(', ')}`);
  return JSON.parse(await readFile(join(home.path, 'config', file), 'utf8')) as Record<string, unknown>;
}

test('mcp-remote opens a browser, finishes the login, refreshes, and stays signed in over a restart', async () => {
  const { client, connected } = startRemote();
  const page = await stack.signInAndReturn(await browser.nth(0));
  expect(page.status).toBe(200);
  await connected;
  expect(await echo(client, 'hello')).toEqual(echoed('hello'));

  const before = stack.redeemed('refresh_token');
  await untilExpired(3);
  expect(await echo(client, 'again')).toEqual(echoed('again'));
  expect(stack.redeemed('refresh_token')).toBeGreaterThan(before);
  await client.close();

  const restarted = startRemote();
  await restarted.connected;
  expect(await echo(restarted.client, 'restarted')).toEqual(echoed('restarted'));
  await restarted.client.close();
  expect(await browser.opened()).toHaveLength(1);
});

test('mcp-remote signs in again when its grant was revoked', async () => {
  const tokens = await kept('tokens.json');
  const information = await kept('client_info.json');
  const grant = { refreshToken: String(tokens['refresh_token']), clientId: String(information['client_id']) };
  await revoke(stack.issuer, grant);
  const { client, connected } = startRemote();
  await stack.signInAndReturn(await browser.nth(1));
  await connected;
  expect(await echo(client, 'back')).toEqual(echoed('back'));
  await client.close();
  expect(await browser.opened()).toHaveLength(2);
});
