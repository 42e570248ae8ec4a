import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Publisher } from '../cimd/publisher.ts';
import type { Stack } from '../fixtures/stack.ts';
import { redirectUri, startStack } from '../fixtures/stack.ts';
import type { Signer } from './assertions.ts';
import { form, newSigner } from './assertions.ts';

const path = '/keys.json';

let publisher: Publisher;
let stack: Stack;
let signer: Signer;

beforeEach(async () => {
  publisher = await Publisher.start();
  signer = await newSigner();
  publish(signer);
  const client = { client_id: 'app', redirect_uris: [redirectUri], jwks_uri: publisher.at(path) };
  stack = await startStack({ clients: [client] }, { collaborators: { documentFetch: publisher.fetch() } });
});
afterEach(async () => {
  await stack.close();
  await publisher.close();
});

function publish(...signers: readonly Signer[]): void {
  answer(200, JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }));
}

function answer(status: number, body: string): void {
  publisher.on(path, (response) => void response.writeHead(status).end(body));
}

/** The status of a request that proves itself by this. */
async function status(by: Signer, clientId = 'app'): Promise<number> {
  const body = new URLSearchParams({ token: 'x', ...form(await by.sign(clientId)) });
  return (await stack.call('/oauth/revoke', { method: 'POST', body })).status;
}

describe('keys that a client publishes', () => {
  it('are fetched once for everybody who waits, and kept', async () => {
    expect(await Promise.all([status(signer), status(signer), status(signer)])).toEqual([200, 200, 200]);
    expect(await status(signer)).toBe(200);
    expect(publisher.count(path)).toBe(1);
  });

  it('may change: a key that is not known is looked for, and what it replaced counts no more', async () => {
    expect(await status(signer)).toBe(200);
    const next = await newSigner();
    publish(next);
    stack.advance(31_000);
    expect(await status(next)).toBe(200);
    expect(await status(signer)).toBe(401);
  });

  it('are not looked for again by everybody who makes up a key', async () => {
    expect(await status(signer)).toBe(200);
    const strangers = await Promise.all(Array.from({ length: 10 }, () => newSigner()));
    expect(new Set(await Promise.all(strangers.map((one) => status(one))))).toEqual(new Set([401]));
    expect(publisher.count(path)).toBe(1);
  });

  it('serve for a day while their host is down; without them the client is told to come back', async () => {
    expect(await status(signer)).toBe(200);
    answer(500, 'down');
    stack.advance(3_600_000);
    const late = { exp: Math.floor(stack.now() / 1000) + 60, iat: Math.floor(stack.now() / 1000) };
    const body = new URLSearchParams({ token: 'x', ...form(await signer.sign('app', late)) });
    expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    stack.advance(2 * 86_400_000);
    const response = await stack.call('/oauth/revoke', {
      method: 'POST',
      body: new URLSearchParams({ token: 'x', ...form(await signer.sign('app')) }),
    });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
  });

  it.each([
    ['a page', '<html>'],
    ['no set', '{"keys":{}}'],
    ['nothing', ''],
    ['too much', JSON.stringify({ keys: [], more: 'x'.repeat(70_000) })],
  ])('that are %s are none: nobody is let in', async (_what, body) => {
    answer(200, body);
    expect(await status(signer)).toBe(503);
  });

  it('are public: of a shared or private one nobody is let in', async () => {
    const shared = { kty: 'oct', k: 'c2VjcmV0', kid: signer.jwk.kid };
    answer(200, JSON.stringify({ keys: [shared, { ...signer.jwk, d: 'AAAA' }, null, 'x', 1] }));
    expect(await status(signer)).toBe(401);
  });

  it('count for their use and algorithm only', async () => {
    for (const wrong of [{ use: 'enc' }, { alg: 'ES384' }, { kid: 'another' }]) {
      answer(200, JSON.stringify({ keys: [{ ...signer.jwk, ...wrong }] }));
      stack.advance(700_000);
      const at = Math.floor(stack.now() / 1000);
      const text = await signer.sign('app', { exp: at + 60, iat: at });
      const body = new URLSearchParams({ token: 'x', ...form(text) });
      expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(401);
    }
  });
});
