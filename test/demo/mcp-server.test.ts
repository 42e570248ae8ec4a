import type { RequestListener } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../../examples/demo/loopback-server.ts';
import { listenOnLoopback } from '../../examples/demo/loopback-server.ts';
import { startMcpServer } from '../../examples/demo/mcp-server.ts';

let provider: LoopbackServer;
let server: LoopbackServer;
let client: Client;

/** A userinfo endpoint that knows one token. */
const userinfo: RequestListener = (request, response) => {
  if (request.headers.authorization !== 'Bearer opaque-token') response.writeHead(401).end();
  else response.end(JSON.stringify({ sub: 'alice', name: 'Alice Archer', email: 'alice@example.com' }));
};

async function call(
  tool: { name: string; arguments?: Record<string, unknown> },
  headers: Record<string, string> = {},
) {
  client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers } }),
  );
  const { content, isError } = await client.callTool(tool);
  return {
    text: content.map((part) => (part.type === 'text' ? part.text : '')).join(),
    isError: isError ?? false,
  };
}

beforeEach(async () => {
  provider = await listenOnLoopback({ port: 0, what: 'a test', variable: 'NONE' }, () => userinfo);
  server = await startMcpServer({ port: 0, userinfoEndpoint: provider.url });
});

afterEach(async () => {
  await client?.close();
  await server.close();
  await provider.close();
});

describe('the demo MCP server', () => {
  it('tells who is signed in, by asking the provider with the token that came', async () => {
    expect(await call({ name: 'whoami' }, { authorization: 'Bearer opaque-token' })).toEqual({
      text: 'You are Alice Archer <alice@example.com>, says the identity provider.',
      isError: false,
    });
  });

  it('says so when no token came, or one that the provider refuses', async () => {
    expect(await call({ name: 'whoami' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('No token'),
    });
    expect(await call({ name: 'whoami' }, { authorization: 'Bearer other' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('refused the token (401)'),
    });
  });

  it('adds', async () => {
    expect(await call({ name: 'add', arguments: { a: 19, b: 23 } })).toEqual({ text: '42', isError: false });
  });

  it('names the headers that came, and never a value', async () => {
    const { text } = await call(
      { name: 'headers' },
      { authorization: 'Bearer opaque-token', 'x-extra': 'some-value' },
    );
    expect(text).toMatch(/authorization.*x-extra/);
    expect(text).not.toMatch(/opaque-token|some-value/);
    expect(text).toContain("The client's own token stayed at the gateway.");
  });

  it('raises the alarm when a token of the gateway comes through', async () => {
    const { text } = await call({ name: 'headers' }, { authorization: 'Bearer aaa.bbb.ccc' });
    expect(text).toContain('It must not.');
    expect((await call({ name: 'headers' })).text).toContain('No token arrived.');
  });

  it('has nothing at other paths', async () => {
    await call({ name: 'add', arguments: { a: 1, b: 1 } });
    expect((await fetch(`${server.url}/other`)).status).toBe(404);
  });
});
