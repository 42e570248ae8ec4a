import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Tokens } from '../fixtures/stack.ts';
import { Endpoint } from './endpoint.ts';

let endpoint: Endpoint;
let signedIn: Tokens;
/** Refreshes at the provider that came to an end; a refusal of scopes and its repetition are one. */
let refreshed: number;

const minute = 60_000;

beforeEach(async () => {
  refreshed = 0;
  endpoint = await Endpoint.start({
    config: { token_lifespans: { access_token_lifespan: '3h' } },
    wrapStore: (store) => ({
      ...store,
      endUpstreamRefresh: (end) => {
        if (end.outcome.kind !== 'renewed') refreshed += 1;
        return store.endUpstreamRefresh(end);
      },
    }),
  });
  signedIn = await endpoint.stack.signIn();
});

afterEach(() => endpoint.close());

/** What the MCP server was given as credential, last. */
function injected(): string | undefined {
  return endpoint.seen.at(-1)?.headers.authorization;
}

describe('the credential for the MCP server', () => {
  it('is the user’s token at the provider, which vouches for it', async () => {
    await endpoint.call(signedIn.access_token);
    expect(injected()).toMatch(/^Bearer .+/);
    expect(injected()).not.toContain(signedIn.access_token);
    const asked = await fetch(`${endpoint.stack.provider.issuer}/me`, {
      headers: { authorization: injected() ?? '' },
    });
    expect(await asked.json()).toMatchObject({ sub: 'alice' });
  });

  it('belongs to who calls', async () => {
    const bob = await endpoint.stack.signIn({ account: 'bob' });
    await endpoint.call(bob.access_token);
    const bobs = injected();
    await endpoint.call(signedIn.access_token);
    expect(injected()).not.toBe(bobs);
  });

  it('stays the same while it lives', async () => {
    await endpoint.call(signedIn.access_token);
    const first = injected();
    endpoint.stack.advance(30 * minute);
    await endpoint.call(signedIn.access_token);
    expect(injected()).toBe(first);
    expect(refreshed).toBe(0);
  });

  it('is renewed a minute before its end, once for many requests', async () => {
    await endpoint.call(signedIn.access_token);
    const first = injected();
    endpoint.stack.advance(59 * minute + 30_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => endpoint.call(signedIn.access_token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(refreshed).toBe(1);
    const given = new Set(endpoint.seen.slice(1).map(({ headers }) => headers.authorization));
    expect(given.size).toBe(1);
    expect(given).not.toContain(first);
  });

  it('is used to its end while the provider is down; then the client is told to wait', async () => {
    await endpoint.stack.provider.pause();
    endpoint.stack.advance(59 * minute + 30_000);
    expect((await endpoint.call(signedIn.access_token)).status).toBe(200);
    endpoint.stack.advance(minute);
    const before = endpoint.seen.length;
    const response = await endpoint.call(signedIn.access_token);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(endpoint.seen).toHaveLength(before);
    await endpoint.stack.provider.resume();
    endpoint.stack.advance(minute);
    expect((await endpoint.call(signedIn.access_token)).status).toBe(200);
    expect(injected()).toMatch(/^Bearer .+/);
  });

  it('is gone when the provider refuses to renew it: the client signs in again', async () => {
    endpoint.stack.provider.intercept((request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return true;
    });
    endpoint.stack.advance(60 * minute);
    const response = await endpoint.call(signedIn.access_token);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(endpoint.seen).toHaveLength(0);
    expect((await endpoint.call(signedIn.access_token)).status).toBe(401);
    expect(refreshed).toBe(1);
  });
});

describe('an endpoint without injection', () => {
  it.each([
    { name: 'upstream: none', options: { proxy: { upstream: 'none' } } },
    {
      name: 'disable_upstream_token_injection',
      options: { config: { disable_upstream_token_injection: true } },
    },
  ])('forwards no credential at all ($name)', async ({ options }) => {
    const plain = await Endpoint.start(options);
    try {
      const tokens = await plain.stack.signIn();
      expect((await plain.call(tokens.access_token)).status).toBe(200);
      expect(plain.seen.at(-1)?.headers).not.toHaveProperty('authorization');
    } finally {
      await plain.close();
    }
  });
});

describe('a store that fails', () => {
  it('costs 503, never 401: the token may be good', async () => {
    const broken = await Endpoint.start({
      wrapStore: (store) => ({ ...store, readSession: () => Promise.reject(new Error('disk')) }),
    });
    try {
      const tokens = await broken.stack.signIn();
      const response = await broken.call(tokens.access_token);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(broken.seen).toHaveLength(0);
    } finally {
      await broken.close();
    }
  });
});
