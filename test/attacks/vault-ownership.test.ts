/**
 * Object-level authorization of upstream tokens: nobody's request ever carries somebody else's, and none leaves for any place
 * but the configured one. CVE-2026-52870 / GHSA-hvrp-rf83-w775 (objects of other clients readable), OWASP API1; the MCP
 * authorization specification on token passthrough. The provider itself tells whose token the server behind was given.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJwtSigner } from '../../src/crypto/sign.ts';
import type { SessionView } from '../../src/store/contract.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import type { Tokens } from '../fixtures/stack.ts';
import { pkce } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { payloadOf } from './doors.ts';

const minute = 60_000;

/** Whose token it is, in the words of the provider that gave it. */
async function ownerOf(endpoint: Endpoint, authorization: string): Promise<unknown> {
  const answer = await fetch(`${endpoint.stack.provider.issuer}/me`, { headers: { authorization } });
  return ((await answer.json()) as { sub?: unknown }).sub;
}

/** Checks every request that the server behind has seen: its body says who called. */
async function checkOwners(endpoint: Endpoint): Promise<number> {
  const owners = new Map<string, unknown>();
  for (const { headers, body } of endpoint.seen) {
    const { authorization = '' } = headers;
    if (!owners.has(authorization)) owners.set(authorization, await ownerOf(endpoint, authorization));
    expect(owners.get(authorization)).toBe(body);
  }
  return owners.size;
}

describe('many users of one client and one provider', () => {
  const accounts = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];
  let endpoint: Endpoint;
  const users = new Map<string, Tokens & { readonly clientId: string }>();

  beforeAll(async () => {
    endpoint = await Endpoint.start({ config: { token_lifespans: { access_token_lifespan: '3h' } } });
    for (const account of accounts)
      users.set(account, await endpoint.stack.signIn({ account, scope: 'openid' }));
  });
  beforeEach(() => void endpoint.seen.splice(0));
  afterAll(() => endpoint.close());

  const callAs = async (account: string): Promise<number> => {
    const response = await endpoint.call(users.get(account)?.access_token ?? '', { body: account });
    await response.text();
    return response.status;
  };

  it('share the client id, so that only the token tells them apart', () => {
    expect(new Set([...users.values()].map(({ clientId }) => clientId)).size).toBe(1);
  });

  it('keep their own while others sign in again, are revoked, and sign in once more', async () => {
    const { stack } = endpoint;
    const again = ['alice', 'bob'].map(async (account) => {
      const before = users.get(account);
      const body = new URLSearchParams({
        token: before?.refresh_token ?? '',
        client_id: before?.clientId ?? '',
      });
      expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
      expect(await callAs(account)).toBe(401);
      users.set(account, await stack.signIn({ account, scope: 'openid' }));
      return callAs(account);
    });
    const others = Array.from({ length: 40 }, (_, index) => callAs(accounts[2 + (index % 4)] ?? ''));
    expect(new Set(await Promise.all([...again, ...others]))).toEqual(new Set([200]));
    await checkOwners(endpoint);
  });

  it('cannot borrow by a token that mixes their words, whoever signed it', async () => {
    const signer = createJwtSigner(endpoint.stack.auth.keys.signing);
    const claims = new Map(
      [...users].map(([account, { access_token }]) => [account, payloadOf(access_token)]),
    );
    for (const thief of ['alice', 'bob']) {
      for (const victim of ['carol', 'dave']) {
        const [mine = {}, theirs = {}] = [claims.get(thief), claims.get(victim)];
        const mixes = [
          { ...mine, sub: theirs['sub'] },
          { ...mine, sid: theirs['sid'] },
          { ...mine, sid: theirs['sid'], jti: theirs['jti'] },
          { ...theirs, sub: mine['sub'] },
          { ...mine, sid: `${String(theirs['sid']).split('.')[0]}.${String(mine['sid']).split('.')[1]}` },
          { ...mine, sid: `${String(mine['sid']).split('.')[0]}.${String(theirs['sid']).split('.')[1]}` },
        ];
        // The caches know both sessions well.
        expect([await callAs(thief), await callAs(victim)]).toEqual([200, 200]);
        for (const mix of mixes) {
          const response = await endpoint.call(await signer.sign('at+jwt', mix), { body: 'nobody' });
          // Mixing only the bucket of the same user may leave the session as it was.
          if (response.status === 200) expect(mix).toEqual(mine);
          expect([200, 401]).toContain(response.status);
        }
      }
    }
    expect(endpoint.seen.filter(({ body }) => body === 'nobody')).toEqual([]);
  });

  it('each get their own, all at once, while tokens are renewed in between', async () => {
    for (let round = 0; round < 3; round += 1) {
      // Into the last minute of every upstream token: each first request refreshes, the others wait for it.
      if (round > 0) endpoint.stack.advance(59 * minute + 30_000);
      const calls = Array.from({ length: 60 }, (_, index) =>
        callAs(accounts[(index * 7) % accounts.length] ?? ''),
      );
      expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    }
    expect(endpoint.seen).toHaveLength(180);
    // At least the first and one renewed token of each.
    expect(await checkOwners(endpoint)).toBeGreaterThan(accounts.length);
  });
});

describe('a store that brings along the wrong row', () => {
  let endpoint: Endpoint;
  let swap: (view: SessionView) => SessionView;
  beforeEach(async () => {
    swap = (view) => view;
    endpoint = await Endpoint.start({
      wrapStore: (store) => ({
        ...store,
        readSession: async (key) => {
          const view = await store.readSession(key);
          return view && swap(view);
        },
      }),
    });
  });
  afterEach(() => endpoint.close());

  it('lends nobody a token: not the whole row of another user, and not its sealed parts', async () => {
    const { stack } = endpoint;
    const rows = new Map<string, SessionView>();
    const views = async (account: string): Promise<string> => {
      const { access_token } = await stack.signIn({ account });
      const token = await stack.auth.tokens.verify(access_token, 'https://mcp.example.com/mcp');
      if (!token) throw new Error('not a token');
      const found = await stack.auth.sessions.check(token, 'demo');
      if (found.r === 'alive') rows.set(account, found.session);
      stack.auth.sessions.forget(token.sessionId);
      return access_token;
    };
    const mallory = await views('mallory');
    await views('alice');
    const theirs = rows.get('alice')?.connection;
    if (!theirs) throw new Error('no connection');
    const wrong: readonly ((view: SessionView) => SessionView)[] = [
      (view) => ({ ...view, connection: theirs }),
      (view) => (view.connection ? { ...view, connection: { ...theirs, key: view.connection.key } } : view),
      (view) =>
        view.connection
          ? {
              ...view,
              connection: {
                ...view.connection,
                tokens: { ...view.connection.tokens, access: theirs.tokens.access },
              },
            }
          : view,
    ];
    for (const make of wrong) {
      stack.advance(6000);
      swap = make;
      expect((await endpoint.call(mallory)).status).not.toBe(200);
    }
    expect(endpoint.seen).toEqual([]);
    stack.advance(6000);
    swap = (view) => view;
    expect((await endpoint.call(mallory)).status).toBe(200);
  });
});

describe('the token goes to the configured server and nowhere else', () => {
  let endpoint: Endpoint;
  let elsewhere: Listening;
  const reached: string[] = [];
  let token: string;

  beforeAll(async () => {
    elsewhere = await listen((request, response) => {
      reached.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.end('{}');
    });
    endpoint = await Endpoint.start({
      config: {
        allowed_audiences: ['https://mcp.example.com/mcp', 'https://mcp.example.com/plain'],
        default_resource: 'https://mcp.example.com/mcp',
      },
      others: [{ path: '/plain', target: `${elsewhere.url}/plain`, upstream: 'none' }],
    });
    token = (await endpoint.stack.signIn()).access_token;
  });
  beforeEach(() => void reached.splice(0));
  afterAll(async () => {
    await endpoint.close();
    await elsewhere.close();
  });

  it.each([300, 301, 302, 303, 305, 307, 308])('not after a redirect with status %i', async (status) => {
    endpoint.backend = (_request, response) =>
      void response
        .writeHead(status, {
          location: `${elsewhere.url}/stolen`,
          'alt-svc': `h2="127.0.0.1:${elsewhere.port}"`,
        })
        .end();
    for (const method of ['GET', 'POST', 'DELETE']) {
      const body = method === 'POST' ? '{}' : null;
      const response = await endpoint.call(token, { method, body, redirect: 'manual' });
      expect(response.status).toBe(502);
      expect(await response.text()).not.toContain(String(elsewhere.port));
    }
    expect(reached).toEqual([]);
  });

  it('not by a target in the request line, the host or a header', async () => {
    endpoint.backend = (_request, response) => void response.end('{}');
    const response = await endpoint.call(token, {
      headers: {
        'x-forwarded-host': `127.0.0.1:${elsewhere.port}`,
        'x-original-url': `${elsewhere.url}/stolen`,
      },
    });
    expect(response.status).toBe(200);
    expect(reached).toEqual([]);
  });

  it('not to another endpoint of the same gateway: its token is for another resource', async () => {
    const plain = endpoint.url.replace(/\/mcp$/u, '/plain');
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(plain, { headers })).status).toBe(401);
    expect(reached).toEqual([]);
  });

  it('nor does an endpoint without an upstream get any credential for its own token', async () => {
    const { stack } = endpoint;
    const { client_id } = await stack.register();
    const own = await tokenFor(endpoint, client_id, 'https://mcp.example.com/plain');
    const plain = endpoint.url.replace(/\/mcp$/u, '/plain');
    expect((await fetch(plain, { headers: { authorization: `Bearer ${own}` } })).status).toBe(200);
    expect(reached).toEqual(['GET /plain undefined']);
    expect((await endpoint.call(own)).status).toBe(401);
  });
});

/** A login for one resource of several. */
async function tokenFor({ stack }: Endpoint, clientId: string, resource: string): Promise<string> {
  const { verifier, challenge } = pkce();
  const redirect = await stack.login({ client_id: clientId, code_challenge: challenge, resource });
  const answer = await stack.token({
    grant_type: 'authorization_code',
    client_id: clientId,
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
  });
  return ((await answer.json()) as Tokens).access_token;
}
