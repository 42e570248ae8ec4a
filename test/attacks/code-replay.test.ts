/**
 * A code that somebody else got hold of: used twice, by another client, with another verifier or address, or by many at once.
 * OAuth 2.1 §4.1.3 and §7.5.3, RFC 9700 §4.5; better-auth GHSA-7w99-5wm4-3g79 (double redemption), workers-oauth-provider
 * 0.8.0 (a bogus code ended somebody's grant), and what toolhive did: 20 racers, wrong verifiers that burned the code.
 */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { pkce, redirectUri, resource, startStack } from '../fixtures/stack.ts';
import { backends } from '../store/backends.ts';
import type { Code } from './login-steps.ts';
import { codeFor, outcome } from './login-steps.ts';

let stack: Stack;
let clientId: string;
let thief: string;
beforeAll(async () => {
  stack = await startStack();
  clientId = (await stack.register()).client_id;
  thief = (await stack.register({ client_name: 'Thief' })).client_id;
});
afterAll(() => stack.close());

const redeem = async (form: Readonly<Record<string, string>>): Promise<Tokens> => {
  const answer = await stack.token(form);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Tokens;
};

/** Whether the tokens of a grant still work: the refresh token by being used, the access token at userinfo. */
async function alive({ refresh_token, access_token }: Tokens): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${access_token}` };
  const about = await stack.call('/oauth/userinfo', { headers });
  const refreshed = await stack.refresh(clientId, refresh_token);
  return [...(about.status === 200 ? ['access'] : []), ...(refreshed.status === 200 ? ['refresh'] : [])];
}

describe('a code that comes twice', () => {
  it('within ten seconds gets nothing, and harms nothing: some browser apps start twice', async () => {
    const { form } = await codeFor(stack, clientId, { scope: 'openid' });
    const tokens = await redeem(form);
    stack.advance(9000);
    expect(await outcome(await stack.token(form))).toBe('400 invalid_grant');
    expect(await alive(tokens)).toEqual(['access', 'refresh']);
  });

  it('later ends the grant: every token of it dies at once', async () => {
    const { form } = await codeFor(stack, clientId, { scope: 'openid' });
    const tokens = await redeem(form);
    stack.advance(11_000);
    expect(await outcome(await stack.token(form))).toBe('400 invalid_grant');
    expect(await alive(tokens)).toEqual([]);
  });

  it('still ends it when the code itself would long have expired, and when tokens were refreshed meanwhile', async () => {
    const old = await startStack();
    const { client_id } = await old.register();
    const { form } = await codeFor(old, client_id);
    let { refresh_token } = (await (await old.token(form)).json()) as Tokens;
    for (let day = 0; day < 5; day += 1) {
      old.advance(24 * 3_600_000);
      ({ refresh_token } = (await (await old.refresh(client_id, refresh_token)).json()) as Tokens);
    }
    expect(await outcome(await old.token(form))).toBe('400 invalid_grant');
    expect(await outcome(await old.refresh(client_id, refresh_token))).toBe('400 invalid_grant');
    await old.close();
  });

  it('never brings a revoked grant back', async () => {
    const { form } = await codeFor(stack, clientId, { scope: 'openid' });
    await redeem(form);
    stack.advance(11_000);
    for (let time = 0; time < 3; time += 1)
      expect(await outcome(await stack.token(form))).toBe('400 invalid_grant');
  });
});

describe('a stolen code', () => {
  const wrong: readonly (readonly [string, (own: Code) => Record<string, string>, string])[] = [
    ['the thief’s client', () => ({ client_id: thief }), '400 invalid_grant'],
    ['the thief’s verifier', () => ({ code_verifier: pkce().verifier }), '400 invalid_grant'],
    [
      'the challenge as verifier',
      ({ verifier }) => ({ code_verifier: challengeOf(verifier) }),
      '400 invalid_grant',
    ],
    ['the thief’s address', () => ({ redirect_uri: 'https://thief.example/cb' }), '400 invalid_grant'],
    ['another port', () => ({ redirect_uri: redirectUri.replace('33418', '33419') }), '400 invalid_grant'],
    [
      'another loopback name',
      () => ({ redirect_uri: redirectUri.replace('127.0.0.1', 'localhost') }),
      '400 invalid_grant',
    ],
    ['a longer address', () => ({ redirect_uri: `${redirectUri}/` }), '400 invalid_grant'],
    ['another resource', () => ({ resource: 'https://mcp.example.com/admin' }), '400 invalid_target'],
    [
      'the code as refresh token',
      ({ code }) => ({ grant_type: 'refresh_token', refresh_token: code }),
      '400 invalid_grant',
    ],
  ];

  it.each(wrong)('with %s gets nothing, and the rightful client loses nothing', async (_, change, error) => {
    const own = await codeFor(stack, clientId);
    for (let time = 0; time < 3; time += 1)
      expect(await outcome(await stack.token({ ...own.form, ...change(own) }))).toBe(error);
    await redeem({ ...own.form, redirect_uri: redirectUri, resource });
  });

  it.each(wrong)('with %s cannot even end the grant by replaying', async (_, change, error) => {
    const own = await codeFor(stack, clientId, { scope: 'openid' });
    const tokens = await redeem(own.form);
    stack.advance(11_000);
    expect(await outcome(await stack.token({ ...own.form, ...change(own) }))).toBe(error);
    expect(await alive(tokens)).toEqual(['access', 'refresh']);
  });

  it('is no good in the thief’s own login (code injection; RFC 9700 §4.5)', async () => {
    const victim = await codeFor(stack, clientId, { account: 'victim' });
    const own = await codeFor(stack, clientId, { account: 'mallory' });
    expect(await outcome(await stack.token({ ...own.form, code: victim.code }))).toBe('400 invalid_grant');
    expect(await outcome(await stack.token({ ...victim.form, code: own.code }))).toBe('400 invalid_grant');
    await redeem(victim.form);
    await redeem(own.form);
  });

  it('cannot be grafted onto another grant by exchanging its parts', async () => {
    const victim = await codeFor(stack, clientId, { account: 'victim' });
    const own = await codeFor(stack, clientId, { account: 'mallory' });
    const [mine, theirs] = [own.code, victim.code].map((code) => Buffer.from(code.slice(6), 'base64url'));
    if (!mine || !theirs) throw new TypeError('two codes are needed');
    // Bucket and grant of the victim with the thief's seed, and each other cut.
    for (const cut of [2, 18, 22, 54]) {
      const grafted = Buffer.concat([theirs.subarray(0, cut), mine.subarray(cut)]);
      const code = `sp_ac_${grafted.toString('base64url')}`;
      expect(await outcome(await stack.token({ ...own.form, code }))).toBe('400 invalid_grant');
    }
    await redeem(victim.form);
  });
});

describe('racers', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  it.each(backends)('get one set of tokens between them: %s', async (_, openStore) => {
    const bench = await openStore();
    bench.clock.now = Date.now();
    const files = { '/hmac': randomBytes(32) };
    const racing = await startStack({ hmac_secret_files: ['/hmac'] }, { store: bench.store, files });
    // A second server over the same store: racers do not all come through one door.
    const { provider } = racing;
    const other = await startStack({ hmac_secret_files: ['/hmac'] }, { store: bench.store, files, provider });
    open.push(racing, bench);
    const { client_id } = await racing.register();
    const { form } = await codeFor(racing, client_id);
    const wrong = { ...form, code_verifier: pkce().verifier };
    const answers = await Promise.all(
      Array.from({ length: 60 }, (__, index) =>
        (index % 2 === 0 ? racing : other).token(index % 3 === 0 ? wrong : form),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const lost = await Promise.all(answers.filter(({ status }) => status !== 200).map(outcome));
    expect(new Set(lost)).toEqual(new Set(['400 invalid_grant']));
    const [tokens] = await Promise.all(won.map(async (answer) => (await answer.json()) as Tokens));
    expect((await racing.refresh(client_id, tokens?.refresh_token ?? '')).status).toBe(200);
  });
});

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
