/**
 * Somebody who asks without end, and somebody who wants others to be held up for it: by another address of the same network,
 * by a client id that is not theirs, by sharing an address with them. tutor-mcp#117, Cellarion PR785 (one bucket for the whole
 * platform, exhausted by one).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { form, newSigner } from '../client-authentication/assertions.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, startStack } from '../fixtures/stack.ts';
import type { HttpResponse } from '../../src/http/exchange.ts';

const open: Stack[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.close();
});

const secret = 'x'.repeat(40);

async function start(limits: Record<string, number>): Promise<Stack> {
  const clients = [
    { client_id: 'app', redirect_uris: ['https://app.example.com/cb'], client_secret_env_var: 'APP' },
    { client_id: 'other', redirect_uris: ['https://app.example.com/cb'], client_secret_env_var: 'APP' },
  ];
  const stack = await startStack({ limits, clients }, { env: { APP: secret } });
  open.push(stack);
  return stack;
}

/** A request as it comes from an address. */
function ask(
  stack: Stack,
  remoteAddress: string | undefined,
  target: string,
  form?: Record<string, string>,
): Promise<HttpResponse> {
  const { pathname, search } = new URL(target, issuer);
  return Promise.resolve(
    stack.auth.handle({
      method: form ? 'POST' : 'GET',
      path: pathname,
      query: search.slice(1),
      headers: form ? { 'content-type': 'application/x-www-form-urlencoded' } : {},
      remoteAddress,
      text: () => Promise.resolve(new URLSearchParams(form).toString()),
    }),
  );
}

const here = '93.184.0.1';
const page = '/connections';

describe('pages', () => {
  const visit = async (stack: Stack, from: string | undefined, times: number): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (let time = 0; time < times; time += 1) statuses.push((await ask(stack, from, page)).status);
    return statuses;
  };

  it('are held back for the address that asks too often, and for no other', async () => {
    const stack = await start({ pages_per_minute: 3 });
    expect(await visit(stack, here, 4)).toEqual([200, 200, 200, 429]);
    expect(await visit(stack, '93.184.0.2', 1)).toEqual([200]);
  });

  it('come back with time, as the answer says', async () => {
    const stack = await start({ pages_per_minute: 3 });
    await visit(stack, here, 3);
    const refused = await ask(stack, here, page);
    expect(refused.headers).toMatchObject({
      'retry-after': '20',
      'ratelimit-policy': '"pages";q=3;w=60',
      ratelimit: '"pages";r=0;t=20',
    });
    stack.advance(20_000);
    expect(await visit(stack, here, 2)).toEqual([200, 429]);
  });

  it('are one for all addresses of an IPv6 network, mapped IPv4 included', async () => {
    const stack = await start({ pages_per_minute: 1 });
    expect(await visit(stack, '2600:1:2:3::1', 1)).toEqual([200]);
    expect(await visit(stack, '2600:1:2:3:ffff:ffff:ffff:1', 1)).toEqual([429]);
    expect(await visit(stack, '2600:1:2:4::1', 1)).toEqual([200]);
    expect(await visit(stack, here, 1)).toEqual([200]);
    expect(await visit(stack, `::ffff:${here}`, 1)).toEqual([429]);
  });

  it('are not counted where an address says nothing about who is behind it, or nobody wants that', async () => {
    const stack = await start({ pages_per_minute: 1 });
    for (const from of [undefined, '127.0.0.1', '::1', '10.0.0.1', '192.168.1.1', 'fd00::1'])
      expect(await visit(stack, from, 3)).toEqual([200, 200, 200]);
    const free = await start({ pages_per_minute: 0 });
    expect(await visit(free, here, 5)).toEqual([200, 200, 200, 200, 200]);
  });

  it('of a login are all of them', async () => {
    const stack = await start({ pages_per_minute: 1 });
    const { client_id } = await stack.register();
    const url = stack.authorizeUrl({ client_id, code_challenge: pkce().challenge });
    expect((await ask(stack, here, url)).status).toBe(200);
    for (const path of [url, '/oauth/callback?state=x&code=y', '/oauth/consent?request=x'])
      expect((await ask(stack, here, path)).status).toBe(429);
    expect((await ask(stack, here, '/oauth/consent', { request: 'x' })).status).toBe(429);
  });
});

describe('proofs that are none', () => {
  const prove = async (stack: Stack, from: string, clientId: string, with_: string): Promise<number> =>
    (await ask(stack, from, '/oauth/revoke', { token: 'x', client_id: clientId, client_secret: with_ }))
      .status;
  const post = { failures_per_minute: 2 };

  it('hold back whoever makes them: that client at that address, the right secret included', async () => {
    const stack = await start(post);
    const wrong = 'y'.repeat(40);
    expect([await prove(stack, here, 'app', wrong), await prove(stack, here, 'app', wrong)]).toEqual([
      401, 401,
    ]);
    expect(await prove(stack, here, 'app', wrong)).toBe(429);
    expect(await prove(stack, here, 'app', secret)).toBe(429);
    stack.advance(60_000);
    expect(await prove(stack, here, 'app', wrong)).toBe(401);
  });

  it('never hold back the client elsewhere, nor another client at the same address', async () => {
    const stack = await start(post);
    for (let time = 0; time < 5; time += 1) await prove(stack, here, 'app', 'wrong');
    expect(await prove(stack, '93.184.0.2', 'app', 'wrong')).toBe(401);
    expect(await prove(stack, here, 'other', 'wrong')).toBe(401);
  });

  it('are answered in JSON, with the moment to come back', async () => {
    const stack = await start(post);
    for (let time = 0; time < 2; time += 1) await prove(stack, here, 'app', 'wrong');
    const refused = await ask(stack, here, '/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id: 'app',
    });
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('30');
    expect(JSON.parse(String(refused.body))).toMatchObject({ error: 'temporarily_unavailable' });
  });

  it('are no limit for who proves it', async () => {
    const stack = await start(post);
    const basic = await stack.call('/oauth/revoke', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`app:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ token: 'x' }),
    });
    expect(basic.status).toBe(200);
    for (let time = 0; time < 6; time += 1) expect(await proveBasic(stack)).toBe(200);
  });

  it('are the client’s however it names itself, and no guess has turns of its own', async () => {
    const stack = await start(post);
    const guesses = ['one', 'two', 'three', 'four'].map((guess) => guess.repeat(10));
    const answers: number[] = [];
    for (const guess of guesses) answers.push(await proveBasic(stack, guess));
    expect(answers).toEqual([401, 401, 429, 429]);
    expect(await proveBasic(stack)).toBe(429);
    expect(await prove(stack, here, 'app', secret)).toBe(429);
    expect(await prove(stack, here, 'other', secret)).toBe(401);
  });

  it('that name nobody hold up nobody who signs who they are', async () => {
    const stack = await start(post);
    const signer = await newSigner();
    const { client_id: id } = await stack.register({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [signer.jwk] },
    });
    const sign = async (assertion: string): Promise<number> =>
      (await ask(stack, here, '/oauth/revoke', { token: 'x', ...form(assertion) })).status;
    for (let time = 0; time < 4; time += 1) await sign('a.b.c');
    expect(await sign('a.b.c')).toBe(429);
    expect(await sign(await signer.sign(id))).toBe(200);
  });

  async function proveBasic(stack: Stack, guess = secret): Promise<number> {
    const authorization = `Basic ${Buffer.from(`app:${guess}`).toString('base64')}`;
    const answer = await stack.auth.handle({
      method: 'POST',
      path: '/oauth/revoke',
      query: '',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      remoteAddress: here,
      text: () => Promise.resolve('token=x'),
    });
    return answer.status;
  }
});

describe('sign-ins of one user', () => {
  it('are as many as the configuration says, and the oldest goes', async () => {
    const stack = await start({ grants_per_user: 2 });
    const first = await stack.signIn();
    stack.advance(1000);
    await stack.signIn();
    stack.advance(1000);
    const last = await stack.signIn();
    expect((await stack.refresh(first.clientId, first.refresh_token)).status).toBe(400);
    expect((await stack.refresh(last.clientId, last.refresh_token)).status).toBe(200);
  });
});
