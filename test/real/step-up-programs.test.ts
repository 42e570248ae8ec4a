import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import type { FakeBrowser } from './children.ts';
import { fakeBrowser, isolatedEnvironment, killIfAlive, packageFile, scratchDirectory } from './children.ts';
import type { RealStack } from './stack.ts';
import { startRealStack } from './stack.ts';

let stack: RealStack;
let home: Awaited<ReturnType<typeof scratchDirectory>>;
let browser: FakeBrowser;
const pids: number[] = [];

beforeAll(async () => {
  home = await scratchDirectory();
  browser = await fakeBrowser(home.path);
  stack = await startRealStack({
    proxy: { scopes: ['tools:read'], tools: { '*': [], echo: ['echo:use'] } },
    config: { scopes: { 'tools:read': {}, 'echo:use': { default: false } } },
  });
});

afterAll(async () => {
  for (const pid of pids) killIfAlive(pid);
  await stack.close();
  await home.remove();
});

const scopeOf = (url: string): readonly string[] => (new URL(url).searchParams.get('scope') ?? '').split(' ');

test('mcp-remote asks its user for more when a tool needs it, and the call goes through', async () => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [packageFile('mcp-remote/dist/proxy.js'), stack.endpoint, String(await freePort()), '--allow-http'],
    env: isolatedEnvironment(home.path, { ...browser.env, MCP_REMOTE_CONFIG_DIR: join(home.path, 'config') }),
    stderr: 'ignore',
  });
  const client = new Client({ name: 'desktop', version: '1.0.0' });
  const connected = client.connect(transport);
  if (transport.pid !== null) pids.push(transport.pid);
  const first = await browser.nth(0);
  expect(scopeOf(first)).not.toContain('echo:use');
  await stack.signInAndReturn(first);
  await connected;

  const called = client.callTool({ name: 'echo', arguments: { message: 'more' } });
  const second = await browser.nth(1);
  expect(scopeOf(second)).toEqual(expect.arrayContaining(['tools:read', 'echo:use']));
  await stack.signInAndReturn(second);
  expect(await called).toMatchObject({ content: [{ type: 'text', text: 'Echo: more' }] });
  expect(await browser.opened()).toHaveLength(2);
  await client.close();
});
