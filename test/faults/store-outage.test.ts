import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SallyportError } from '../../src/types/error.ts';
import { pkce, sealedRequest, issuer } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { aroundStore } from './crash.ts';

/** A store that can be made to fail, or to keep everybody waiting. */
class Valve {
  mode: 'open' | 'failing' | 'hanging' = 'open';
  waiting = 0;
  readonly #held: (() => void)[] = [];

  async pass<T>(call: () => Promise<T>): Promise<T> {
    if (this.mode === 'failing') throw new SallyportError('storage_failed', 'disk /var/secret-place is gone');
    if (this.mode === 'hanging') {
      this.waiting += 1;
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    return call();
  }

  open(): void {
    this.mode = 'open';
    for (const go of this.#held.splice(0)) go();
  }
}

const config = {
  clients: [
    {
      client_id: 'mcp-server',
      client_secret_env_var: 'UPSTREAM_SECRET',
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [],
      grant_types: [],
      introspects: ['https://mcp.example.com/mcp'],
    },
  ],
};

/** One request of somebody who is in the middle of something, to be sent as often as one likes. */
interface Errand {
  readonly place: string;
  readonly send: () => Promise<Response>;
  /** What it looks like when it worked. */
  readonly good: number;
  /** Whether it needs the store at all. */
  readonly needs: 'store' | 'nothing';
  readonly answers: 'json' | 'page';
}

describe('a store that dies and returns', () => {
  let endpoint: Endpoint;
  let stack: Stack;
  let valve: Valve;

  beforeEach(async () => {
    valve = new Valve();
    const wrapStore = (store: Stack['store']): Stack['store'] =>
      aroundStore(store, (_name, call) => valve.pass(call));
    endpoint = await Endpoint.start({ wrapStore, config });
    ({ stack } = endpoint);
  });
  afterEach(async () => {
    valve.open();
    await endpoint.close();
  });

  /** People and clients at every stage of a login, each about to make their next request. */
  async function errands(): Promise<readonly Errand[]> {
    const { client_id } = await stack.register();
    const start = (challenge: string): Record<string, string> => ({
      client_id,
      code_challenge: challenge,
      scope: 'openid',
    });
    const page = stack.authorizeUrl(start(pkce().challenge));

    const consenting = stack.browser();
    const form = { request: sealedRequest(await (await consenting.get(page)).text()), decision: 'allow' };
    const returning = stack.browser();
    const back = await stack.signInUpstream(returning, start(pkce().challenge));
    const { verifier, challenge } = pkce();
    const code = (await stack.login(start(challenge))).searchParams.get('code') ?? '';
    const signedIn = await stack.signIn({ clientId: client_id, scope: 'openid' });
    const leaving = await stack.signIn({ clientId: client_id, scope: 'openid' });
    // Past the moments in which a grant seen alive counts as alive.
    stack.advance(6000);
    const bearer = { headers: { authorization: `Bearer ${signedIn.access_token}` } };
    const post = (path: string, fields: Record<string, string>): Promise<Response> =>
      stack.call(path, { method: 'POST', body: new URLSearchParams(fields) });
    const redeem = { grant_type: 'authorization_code', client_id, code, code_verifier: verifier };
    const introspect = {
      client_id: 'mcp-server',
      client_secret: 'upstream-secret-upstream-secret-1',
      token: signedIn.access_token,
    };
    const store = { needs: 'store', answers: 'json' } as const;
    const alone = { needs: 'nothing', answers: 'json', good: 200 } as const;
    return [
      {
        place: 'consent',
        send: () => consenting.post(`${issuer}/oauth/consent`, form),
        ...store,
        good: 303,
        answers: 'page',
      },
      { place: 'callback', send: () => returning.get(back), ...store, good: 303, answers: 'page' },
      { place: 'code', send: () => stack.token(redeem), ...store, good: 200 },
      { place: 'refresh', send: () => stack.refresh(client_id, signedIn.refresh_token), ...store, good: 200 },
      { place: 'userinfo', send: () => stack.call('/oauth/userinfo', bearer), ...store, good: 200 },
      { place: 'introspect', send: () => post('/oauth/introspect', introspect), ...store, good: 200 },
      {
        place: 'revoke',
        send: () => post('/oauth/revoke', { client_id, token: leaving.refresh_token }),
        ...store,
        good: 200,
      },
      { place: 'mcp', send: () => endpoint.call(signedIn.access_token), ...store, good: 200 },
      { place: 'authorize', send: () => stack.browser().get(page), ...alone, answers: 'page' },
      { place: 'register', send: () => post('/oauth/register', {}), ...alone, good: 400 },
      { place: 'metadata', send: () => stack.call('/.well-known/oauth-authorization-server'), ...alone },
      { place: 'jwks', send: () => stack.call('/.well-known/jwks.json'), ...alone },
    ];
  }

  it('costs 503 and a moment of patience everywhere, and nothing is consumed', async () => {
    const all = await errands();
    valve.mode = 'failing';
    for (const { place, send, needs, answers, good } of all) {
      const response = await send();
      const body = await response.text();
      expect({ place, status: response.status }).toEqual({ place, status: needs === 'store' ? 503 : good });
      // Where our disks are is nobody's business.
      expect(body).not.toContain('secret-place');
      if (needs === 'nothing') continue;
      expect({ place, retry: response.headers.get('retry-after') }).toEqual({ place, retry: '5' });
      if (answers === 'json') expect(JSON.parse(body)).toMatchObject({ error: 'temporarily_unavailable' });
      else expect(body).toContain('Nothing was lost');
    }
    valve.open();
    for (const { place, send, good } of all)
      expect({ place, status: (await send()).status }).toEqual({ place, status: good });
  });

  it('keeps those waiting whom it does not answer, and serves each of them when it is back', async () => {
    const all = await errands();
    const inNeed = all.filter(({ needs }) => needs === 'store');
    valve.mode = 'hanging';
    const answers = inNeed.map(async ({ place, send }) => ({ place, status: (await send()).status }));
    for (const { place, send, needs, good } of all)
      if (needs === 'nothing')
        expect({ place, status: (await send()).status }).toEqual({ place, status: good });
    await expect.poll(() => valve.waiting).toBeGreaterThanOrEqual(inNeed.length - 2);
    valve.open();
    expect(await Promise.all(answers)).toEqual(inNeed.map(({ place, good }) => ({ place, status: good })));
  });

  it('is told by readyz, while the process counts as healthy', async () => {
    const base = endpoint.url.replace(/\/mcp$/u, '');
    valve.mode = 'failing';
    const down = await fetch(`${base}/readyz`);
    expect({ status: down.status, body: await down.text() }).toMatchObject({
      status: 503,
      body: expect.stringContaining('storage') as string,
    });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    valve.open();
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
  });
});
