import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryOAuth, revokeGrant } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack({ accessTokenLifespan: '2s' });
});

afterAll(() => stack.close());

/** Connects as the SDK's documentation says: try, let the person sign in, finish, try again. */
async function connect(app: MemoryOAuth): Promise<Client> {
  const client = new Client({ name: 'app', version: '1.0.0' });
  const open = () => new StreamableHTTPClientTransport(new URL(stack.endpoint), { authProvider: app });
  const first = open();
  try {
    await client.connect(first);
    return client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
  }
  await first.finishAuth(app.lastReturn.get('code') ?? '');
  const again = new Client({ name: 'app', version: '1.0.0' });
  await again.connect(open());
  return again;
}

async function echo(client: Client, message: string): Promise<unknown> {
  const { content } = await client.callTool({ name: 'echo', arguments: { message } });
  return content;
}

const echoed = (message: string) => [{ type: 'text', text: `Echo: ${message}` }];

test('an app on SDK 1 signs in by itself and calls a tool', async () => {
  const app = new MemoryOAuth((url) => stack.signIn(url));
  const client = await connect(app);
  expect(await echo(client, 'hello')).toEqual(echoed('hello'));
  expect(app.returns).toHaveLength(1);
  expect(app.tokens()).toMatchObject({
    token_type: 'Bearer',
    refresh_token: expect.stringMatching(/^sp_rt_/),
  });
  await client.close();
});

test('an app on SDK 1 refreshes when its access token has ended, without another sign-in', async () => {
  const app = new MemoryOAuth((url) => stack.signIn(url));
  const client = await connect(app);
  const before = { access: app.tokens()?.access_token, refreshes: stack.redeemed('refresh_token') };
  await untilExpired(2);
  expect(await echo(client, 'still here')).toEqual(echoed('still here'));
  // Where a call lasts longer than the token, its stream needs another one.
  expect(stack.redeemed('refresh_token')).toBeGreaterThan(before.refreshes);
  expect(app.tokens()?.access_token).not.toBe(before.access);
  expect(app.returns).toHaveLength(1);
  await client.close();
});

test('an app on SDK 1 whose grant was revoked signs in again', async () => {
  const app = new MemoryOAuth((url) => stack.signIn(url));
  const client = await connect(app);
  await revokeGrant(stack.issuer, app);
  await expect(echo(client, 'too late')).rejects.toThrow(UnauthorizedError);
  await client.close();
  expect(app.returns).toHaveLength(2);

  const transport = new StreamableHTTPClientTransport(new URL(stack.endpoint), { authProvider: app });
  await transport.finishAuth(app.lastReturn.get('code') ?? '');
  const back = await connect(app);
  expect(await echo(back, 'back')).toEqual(echoed('back'));
  expect(app.returns).toHaveLength(2);
  await back.close();
});

test('a person who says no leaves an SDK 1 app without a code', async () => {
  const app = new MemoryOAuth((url) => stack.signIn(url, ''));
  await expect(connect(app)).rejects.toThrow(Error);
  expect(app.lastReturn.get('error')).toBe('access_denied');
  expect(app.lastReturn.get('code')).toBeNull();
  expect(app.tokens()).toBeUndefined();
});
