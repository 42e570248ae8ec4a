import * as sdk2 from '@modelcontextprotocol/client';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryOAuth } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';
import { startRealStack } from './stack.ts';

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack({
    proxy: { tools: { '*': [], echo: ['echo:use'] }, scopes: ['tools:read'] },
    config: {
      scopes: { 'tools:read': {}, 'echo:use': { implies: ['tools:read'], default: false } },
      clients: [
        {
          client_id: 'narrow',
          redirect_uris: ['http://127.0.0.1:9/callback'],
          scopes: ['openid', 'tools:read'],
        },
      ],
    },
  });
});

afterAll(() => stack.close());

/** What one line of the SDK is to these tests. */
interface Line {
  readonly connect: (app: MemoryOAuth) => Promise<Open>;
  readonly finish: (app: MemoryOAuth) => Promise<void>;
}

interface Open {
  readonly echo: (message: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const at = (): URL => new URL(stack.endpoint);
const codeOf = (app: MemoryOAuth): string => app.lastReturn.get('code') ?? '';

const one: Line = {
  async connect(app) {
    const client = new Client({ name: 'app', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(at(), { authProvider: app }));
    return {
      echo: async (message) => client.callTool({ name: 'echo', arguments: { message } }),
      close: () => client.close(),
    };
  },
  finish: (app) => new StreamableHTTPClientTransport(at(), { authProvider: app }).finishAuth(codeOf(app)),
};

const two: Line = {
  async connect(app) {
    const client = new sdk2.Client({ name: 'app', version: '1.0.0' });
    await client.connect(new sdk2.StreamableHTTPClientTransport(at(), { authProvider: app }));
    return {
      echo: async (message) => client.callTool({ name: 'echo', arguments: { message } }),
      close: () => client.close(),
    };
  },
  finish: (app) =>
    new sdk2.StreamableHTTPClientTransport(at(), { authProvider: app }).finishAuth(app.lastReturn),
};

const isUnauthorized = (error: unknown): boolean =>
  error instanceof UnauthorizedError || error instanceof sdk2.UnauthorizedError;

/** Connects, and lets the person sign in when the SDK asks for it. */
async function signedIn(line: Line, app: MemoryOAuth): Promise<Open> {
  try {
    return await line.connect(app);
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
  }
  await line.finish(app);
  return line.connect(app);
}

const granted = (app: MemoryOAuth): readonly string[] => (app.tokens()?.scope ?? '').split(' ').toSorted();

/** Scopes of every authorization request so far. */
const asked = (app: MemoryOAuth): number => app.returns.length;

describe.each([
  ['1', one],
  ['2', two],
] as const)('an app on SDK %s', (_name, line) => {
  it('that calls a tool beyond its scopes asks its user for all of them, and then may', async () => {
    const app = new MemoryOAuth((url) => stack.signIn(url));
    const before = await signedIn(line, app);
    expect(granted(app)).not.toContain('echo:use');
    const refresh = app.tokens()?.refresh_token;
    const failed = await before.echo('too early').catch((error: unknown) => error);
    expect(isUnauthorized(failed)).toBe(true);
    expect(asked(app)).toBe(2);
    await before.close();
    await line.finish(app);
    expect(granted(app)).toEqual(expect.arrayContaining(['echo:use', 'tools:read']));
    expect(app.tokens()?.refresh_token).not.toBe(refresh);
    const after = await line.connect(app);
    expect(await after.echo('now')).toMatchObject({ content: [{ type: 'text', text: 'Echo: now' }] });
    expect(asked(app)).toBe(2);
    await after.close();

    const form = {
      grant_type: 'refresh_token',
      refresh_token: app.tokens()?.refresh_token ?? '',
      client_id: app.clientInformation()?.client_id ?? '',
    };
    const refreshed = await fetch(`${stack.issuer}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    expect(await refreshed.json()).toMatchObject({ scope: app.tokens()?.scope });
  });

  it('that may never have the scope is told so at once, and nobody has to sign in again', async () => {
    const app = new MemoryOAuth((url) => stack.signIn(url));
    app.saveClientInformation({ client_id: 'narrow' });
    const client = await signedIn(line, app);
    expect(await client.echo('no')).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: expect.stringContaining('echo:use') as string }],
    });
    expect(asked(app)).toBe(1);
    await client.close();
  });

  it('whose person leaves the scope away each time is not sent round for ever', async () => {
    // As clients do that ask for their old scopes again: what was challenged never arrives.
    const app = new MemoryOAuth((url) => {
      url.searchParams.set('scope', 'openid tools:read');
      return stack.signIn(url);
    });
    for (let times = 1; ; times += 1) {
      const client = await signedIn(line, app);
      const result = await client.echo('again').catch((error: unknown) => error);
      await client.close();
      if (!isUnauthorized(result)) {
        expect(result).toMatchObject({ isError: true });
        break;
      }
      await line.finish(app);
      expect(times).toBeLessThan(3);
    }
    expect(asked(app)).toBe(3);
  });
});
