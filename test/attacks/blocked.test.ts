/**
 * Somebody who was shut out and wants back in: by another spelling of a host or an id, by another of its addresses, by what it
 * held before, or while the store is down. fastmcp PR3963 and PR3098 (lists that a dot segment or another way to register
 * walked around).
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { Publisher } from '../cimd/publisher.ts';
import { sha256 } from '../../src/crypto/hash.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(
  config: Record<string, unknown> = {},
  options: Parameters<typeof startStack>[1] = {},
): Promise<Stack> {
  const stack = await startStack(config, options);
  open.push(stack);
  return stack;
}

/** The page that somebody sees who comes from a client. */
async function page(stack: Stack, clientId: string, to = redirectUri): Promise<number> {
  const { challenge } = pkce();
  const url = stack.authorizeUrl({ client_id: clientId, redirect_uri: to, code_challenge: challenge });
  return (await stack.browser().get(url)).status;
}

/** Nobody waits for a look at the store: who comes first starts it, and who comes next knows. */
async function noticed(stack: Stack): Promise<void> {
  stack.advance(5000);
  const { client_id } = await stack.register({ client_name: 'Anybody' });
  await page(stack, client_id);
}

const web = 'https://app.evil.example/cb';

describe('a client that is shut out', () => {
  it('is not shown to anybody, gets no tokens for what it holds, and others go on', async () => {
    const stack = await start();
    const evil = await stack.signIn();
    const other = await stack.signIn({
      clientId: (await stack.register({ client_name: 'Other' })).client_id,
      account: 'bob',
    });
    await stack.store.putBlock({ kind: 'client', value: sha256(evil.clientId), reason: '', ttl: null });
    await noticed(stack);
    expect(await page(stack, evil.clientId)).toBe(403);
    expect((await stack.refresh(evil.clientId, evil.refresh_token)).status).toBe(401);
    expect((await stack.refresh(other.clientId, other.refresh_token)).status).toBe(200);
    await stack.store.removeBlock({ kind: 'client', value: sha256(evil.clientId) });
    await noticed(stack);
    expect((await stack.refresh(evil.clientId, evil.refresh_token)).status).toBe(200);
  });

  it('in the middle of a login gets no code', async () => {
    const stack = await start();
    const { client_id } = await stack.register();
    const browser = stack.browser();
    const back = await stack.signInUpstream(browser, { client_id, code_challenge: pkce().challenge });
    await stack.store.putBlock({ kind: 'client', value: sha256(client_id), reason: '', ttl: null });
    await noticed(stack);
    const answer = await browser.get(back);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('by a host it wants answers at does not get in with that address among others, however it is written', async () => {
    const stack = await start({ blocked: [{ host: '*.EVIL.example.' }, { host: 'bücher.example' }] });
    for (const uris of [
      [web],
      ['https://good.example/cb', web],
      ['https://a.b.evil.example:8443/cb'],
      ['https://xn--bcher-kva.example/cb'],
    ]) {
      const { client_id } = await stack.register({ redirect_uris: uris });
      for (const uri of uris) expect(await page(stack, client_id, uri)).toBe(403);
    }
    for (const uri of [
      'https://evil.example/cb',
      'https://notevil.example/cb',
      'https://evil.example.org/cb',
    ]) {
      const { client_id } = await stack.register({ redirect_uris: [uri] });
      expect(await page(stack, client_id, uri)).toBe(200);
    }
  });

  it('by the scheme of its app', async () => {
    const stack = await start({ blocked: [{ host: 'EvilApp:' }] });
    const uris = ['evilapp://callback/x', 'http://127.0.0.1/cb'];
    const { client_id } = await stack.register({ redirect_uris: uris });
    for (const uri of uris) expect(await page(stack, client_id, uri)).toBe(403);
  });

  it('by the host of its document', async () => {
    const publisher = await Publisher.start();
    open.push(publisher);
    const collaborators = { documentFetch: publisher.fetch() };
    const stack = await start({ blocked: [{ host: 'app.example.com' }] }, { collaborators });
    const id = publisher.publish('/client.json', { redirect_uris: [redirectUri] });
    expect(await page(stack, id)).toBe(403);
    const elsewhere = publisher.publish(
      '/client.json',
      { redirect_uris: [redirectUri] },
      { name: 'other.example.com' },
    );
    expect(await page(stack, elsewhere)).toBe(200);
  });

  it('by its id in the configuration, and by no other spelling of it', async () => {
    const clients = [
      { client_id: 'app', redirect_uris: [redirectUri] },
      { client_id: 'App', redirect_uris: [redirectUri] },
    ];
    const stack = await start({ clients, blocked: [{ client_id: 'app', reason: 'stolen laptop' }] });
    expect(await page(stack, 'app')).toBe(403);
    expect(await page(stack, 'App')).toBe(200);
  });

  it('learns nothing of why', async () => {
    const stack = await start({
      clients: [{ client_id: 'app', redirect_uris: [redirectUri] }],
      blocked: [{ client_id: 'app', reason: 'stolen laptop of Eve' }],
    });
    const url = stack.authorizeUrl({ client_id: 'app', code_challenge: pkce().challenge });
    expect(await (await stack.browser().get(url)).text()).not.toContain('Eve');
    const answer = await stack.token({ grant_type: 'refresh_token', client_id: 'app', refresh_token: 'x' });
    expect(await answer.text()).not.toContain('Eve');
  });
});

describe('a client that takes out what it is shut out for', () => {
  const blocked = (kind: 'host' | 'software', value: string): object => ({
    blocked: [{ kind, value, reason: '' }],
  });
  const shutOut = async (stack: Stack, block: object): Promise<void> => {
    const { config } = stack.auth;
    await stack.auth.reload(() => Promise.resolve({ ...config, ...block }));
  };

  it.each([
    ['host', 'app.evil.example'],
    ['software', 'evil-soft'],
  ] as const)('of its registration keeps nothing of what it was given: %s', async (kind, value) => {
    const stack = await start({ registration: { mode: 'stored' } });
    const metadata = { redirect_uris: [web], software_id: 'evil-soft' };
    const registered = await stack.register(metadata);
    const { client_id: clientId, registration_client_uri: uri } = registered;
    const tokens = await stack.signIn({ clientId, redirectUri: web });
    const changed = await stack.call(String(uri).replace(issuer, ''), {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${String(registered['registration_access_token'])}`,
      },
      body: JSON.stringify({ client_id: clientId, redirect_uris: [redirectUri] }),
    });
    expect(changed.status).toBe(200);
    await shutOut(stack, blocked(kind, value));
    const answer = await stack.refresh(clientId, tokens.refresh_token);
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it.each([
    ['host', 'app.evil.example'],
    ['software', 'evil-soft'],
  ] as const)('of its document, or takes that away, neither: %s', async (kind, value) => {
    const publisher = await Publisher.start();
    open.push(publisher);
    const stack = await start({}, { collaborators: { documentFetch: publisher.fetch() } });
    const id = publisher.publish('/client.json', { software_id: 'evil-soft', redirect_uris: [web] });
    const tokens = await stack.signIn({ clientId: id, redirectUri: web });
    publisher.on('/client.json', (response) => void response.writeHead(503).end());
    // As a restart: no document is at hand.
    const cimd = { ...stack.auth.config.cimd, cacheMaxSize: 10 };
    await shutOut(stack, { ...blocked(kind, value), cimd });
    const answer = await stack.refresh(id, tokens.refresh_token);
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('a user who is shut out', () => {
  const subOf = (token: string): string =>
    String(
      (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: unknown }).sub,
    );

  it('is told so at sign-in, loses the grant at the next refresh, and others go on', async () => {
    const stack = await start();
    const alice = await stack.signIn();
    const bob = await stack.signIn({ account: 'bob' });
    const user = subOf(alice.access_token);
    await stack.store.putBlock({ kind: 'user', value: user, reason: 'left us', ttl: null });
    await noticed(stack);
    const refused = await stack.refresh(alice.clientId, alice.refresh_token);
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
      400,
      'invalid_grant',
    ]);
    expect((await stack.refresh(bob.clientId, bob.refresh_token)).status).toBe(200);
    const browser = stack.browser();
    const { client_id } = await stack.register();
    const back = await stack.signInUpstream(browser, { client_id, code_challenge: pkce().challenge });
    const answer = await browser.get(back);
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('left us');
    // The grant is over, not asleep.
    await stack.store.removeBlock({ kind: 'user', value: user });
    await noticed(stack);
    expect((await stack.refresh(alice.clientId, alice.refresh_token)).status).toBe(400);
  });
});

describe('while the store does not answer', () => {
  it('who was shut out before stays so', async () => {
    let down = false;
    const stack = await start(
      {},
      {
        wrapStore: (store) => ({
          ...store,
          listBlocks: () => (down ? Promise.reject(new Error('down')) : store.listBlocks()),
        }),
      },
    );
    const { client_id } = await stack.register();
    await stack.store.putBlock({ kind: 'client', value: sha256(client_id), reason: '', ttl: null });
    await noticed(stack);
    expect(await page(stack, client_id)).toBe(403);
    down = true;
    stack.advance(3_600_000);
    await noticed(stack);
    expect(await page(stack, client_id)).toBe(403);
  });
});
