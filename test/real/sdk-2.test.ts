import type { OAuthClientProvider } from '@modelcontextprotocol/client';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConformanceServer } from '../fixtures/mcp-conformance-server.ts';
import { MemoryOAuth, revokeGrant } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

function transportTo(stack: RealStack, app: MemoryOAuth): StreamableHTTPClientTransport {
  // One class for both lines of the SDK; this line's own types say the same with other names.
  const authProvider = app as OAuthClientProvider;
  return new StreamableHTTPClientTransport(new URL(stack.endpoint), { authProvider });
}

async function connect(stack: RealStack, app: MemoryOAuth): Promise<Client> {
  const create = () =>
    new Client({ name: 'app', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const client = create();
  try {
    await client.connect(transportTo(stack, app));
    return client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
  }
  // This line checks `iss` (RFC 9207) when it gets the whole answer.
  await transportTo(stack, app).finishAuth(app.lastReturn);
  const again = create();
  await again.connect(transportTo(stack, app));
  return again;
}

async function call(client: Client, name: string, input: Record<string, unknown> = {}): Promise<unknown> {
  const { content } = await client.callTool({ name, arguments: input });
  return content;
}

const text = (message: string) => [{ type: 'text', text: message }];

describe.each(['oidc', 'oauth2'] as const)('SDK 2, sign-in with an upstream of type %s', (upstream) => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await startRealStack({ upstream, accessTokenLifespan: '2s' });
  });
  afterAll(() => stack.close());

  test('an app signs in by itself and calls a tool', async () => {
    const app = new MemoryOAuth((url) => stack.signIn(url, 'bob'));
    const client = await connect(stack, app);
    expect(await call(client, 'echo', { message: 'hello' })).toEqual(text('Echo: hello'));
    expect(app.lastReturn.get('iss')).toBe(stack.issuer);
    expect(app.returns).toHaveLength(1);
    await client.close();
  });

  test('an app refreshes when its access token has ended, without another sign-in', async () => {
    const app = new MemoryOAuth((url) => stack.signIn(url));
    const client = await connect(stack, app);
    const before = stack.redeemed('refresh_token');
    await untilExpired(2);
    expect(await call(client, 'echo', { message: 'again' })).toEqual(text('Echo: again'));
    // Where a call lasts longer than the token, its stream needs another one.
    expect(stack.redeemed('refresh_token')).toBeGreaterThan(before);
    expect(app.returns).toHaveLength(1);
    await client.close();
  });

  test('an app whose grant was revoked signs in again', async () => {
    const app = new MemoryOAuth((url) => stack.signIn(url));
    const client = await connect(stack, app);
    await revokeGrant(stack.issuer, app);
    await expect(call(client, 'echo', { message: 'too late' })).rejects.toThrow(UnauthorizedError);
    await client.close();
    await transportTo(stack, app).finishAuth(app.lastReturn);
    const back = await connect(stack, app);
    expect(await call(back, 'echo', { message: 'back' })).toEqual(text('Echo: back'));
    expect(app.returns).toHaveLength(2);
    await back.close();
  });
});

describe('SDK 2 over the wire of 2026-07-28', () => {
  let server: Awaited<ReturnType<typeof startConformanceServer>>;
  let stack: RealStack;
  beforeAll(async () => {
    server = await startConformanceServer();
    stack = await startRealStack({ target: `${server.url}/mcp`, accessTokenLifespan: '2s' });
  });
  afterAll(async () => {
    await stack.close();
    await server.close();
  });

  test('an app signs in, is served without sessions, and refreshes', async () => {
    const app = new MemoryOAuth((url) => stack.signIn(url));
    const client = await connect(stack, app);
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    const said = text('This is a simple text response for testing.');
    expect(await call(client, 'test_simple_text')).toEqual(said);
    const before = stack.redeemed('refresh_token');
    await untilExpired(2);
    expect(await call(client, 'test_simple_text')).toEqual(said);
    expect(stack.redeemed('refresh_token')).toBe(before + 1);
    await client.close();
  });
});
