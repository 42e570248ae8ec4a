import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SallyportError } from '../../src/types/error.ts';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { resource, startStack } from '../fixtures/stack.ts';

const errorOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { error: unknown }).error;
const tokensOf = async (response: Response): Promise<Tokens> => (await response.json()) as Tokens;
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('grant_type=refresh_token', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  it('rotates: a new access token and a new refresh token each time', async () => {
    const first = await stack.signIn();
    const response = await stack.refresh(first.clientId, first.refresh_token);
    const second = await tokensOf(response);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect(claimsOf(second.access_token)['jti']).not.toBe(claimsOf(first.access_token)['jti']);
    expect(claimsOf(second.access_token)['sid']).toBe(claimsOf(first.access_token)['sid']);
    expect(second.scope).toBe(first.scope);
  });

  it('counts iat and exp of each access token from its own issue', async () => {
    const first = await stack.signIn();
    stack.advance(100_000);
    const second = await tokensOf(await stack.refresh(first.clientId, first.refresh_token));
    const issuedAt = (tokens: Tokens): number => Number(claimsOf(tokens.access_token)['iat']);
    expect(issuedAt(second) - issuedAt(first)).toBeGreaterThanOrEqual(100);
  });

  it('gives a client that lost the answer the current token again, within the grace', async () => {
    const first = await stack.signIn();
    const lost = await tokensOf(await stack.refresh(first.clientId, first.refresh_token));
    stack.advance(30_000);
    const again = await tokensOf(await stack.refresh(first.clientId, first.refresh_token));
    expect(again.refresh_token).toBe(lost.refresh_token);
    expect((await stack.refresh(first.clientId, again.refresh_token)).status).toBe(200);
  });

  it('serves a hundred racing processes of one client with one family', async () => {
    const first = await stack.signIn();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => stack.refresh(first.clientId, first.refresh_token)),
    );
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    const next = new Set(
      await Promise.all(answers.map(async (answer) => (await tokensOf(answer)).refresh_token)),
    );
    expect(next.size).toBe(1);
  });

  it('revokes the grant when an old token comes back after the grace, and says so in the log', async () => {
    const first = await stack.signIn();
    const second = await tokensOf(await stack.refresh(first.clientId, first.refresh_token));
    stack.advance(61_000);
    expect(await errorOf(await stack.refresh(first.clientId, first.refresh_token))).toBe('invalid_grant');
    expect(await errorOf(await stack.refresh(first.clientId, second.refresh_token))).toBe('invalid_grant');
    expect(stack.log.some((line) => line.message.includes('refresh token replayed'))).toBe(true);
  });

  it('is not consumed by another client, another resource, or a changed token', async () => {
    const first = await stack.signIn();
    const thief = await stack.register({ client_name: 'Thief' });
    const { clientId, refresh_token: token } = first;
    expect(await errorOf(await stack.refresh(thief.client_id, token))).toBe('invalid_grant');
    expect(await errorOf(await stack.refresh(clientId, token, { resource: 'https://x.example/mcp' }))).toBe(
      'invalid_target',
    );
    expect(await errorOf(await stack.refresh(clientId, `${token.slice(0, -4)}AAAA`))).toBe('invalid_grant');
    expect((await stack.refresh(clientId, token, { resource })).status).toBe(200);
  });

  it('narrows scopes on request and never widens them', async () => {
    const first = await stack.signIn({ scope: 'openid email' });
    const narrow = await tokensOf(
      await stack.refresh(first.clientId, first.refresh_token, { scope: 'email profile' }),
    );
    expect(narrow.scope).toBe('email');
    expect(claimsOf(narrow.access_token)['scope']).toBe('email');
    const full = await tokensOf(await stack.refresh(first.clientId, narrow.refresh_token));
    expect(full.scope).toBe('openid email');
  });

  it('slides, but not past the end of the session', async () => {
    const short = await startStack({
      session_lifespan: '2h',
      token_lifespans: { refresh_token_lifespan: '1h' },
    });
    const { clientId, ...first } = await short.signIn();
    let { refresh_token } = first;
    for (let step = 0; step < 3; step += 1) {
      short.advance(35 * 60_000);
      ({ refresh_token } = await tokensOf(await short.refresh(clientId, refresh_token)));
    }
    short.advance(20 * 60_000);
    expect(await errorOf(await short.refresh(clientId, refresh_token))).toBe('invalid_grant');
    await short.close();
  });

  it('expires when it is not used', async () => {
    const idle = await startStack();
    const first = await idle.signIn();
    idle.advance(169 * 3_600_000);
    expect(await errorOf(await idle.refresh(first.clientId, first.refresh_token))).toBe('invalid_grant');
    await idle.close();
  });

  it('keeps an ID token’s subject and audience on refresh', async () => {
    const first = await stack.signIn({ scope: 'openid' });
    const second = await tokensOf(await stack.refresh(first.clientId, first.refresh_token));
    expect(claimsOf(second.id_token ?? '')['sub']).toBe(claimsOf(first.id_token ?? '')['sub']);
    expect(claimsOf(second.id_token ?? '')['aud']).toBe(first.clientId);
  });
});

describe('a store that fails', () => {
  it('answers 503 with Retry-After, consumes nothing, and the same token works afterwards', async () => {
    let broken = false;
    const stack = await startStack(
      {},
      {
        wrapStore: (store) =>
          new Proxy(store, {
            get(target, name, receiver) {
              const value: unknown = Reflect.get(target, name, receiver);
              if (name !== 'rotateRefresh' && name !== 'redeemCode')
                return typeof value === 'function' ? value.bind(target) : value;
              return (...args: unknown[]) => {
                if (broken) return Promise.reject(new SallyportError('storage_failed', 'the disk is gone'));
                return (value as (...all: unknown[]) => unknown).apply(target, args);
              };
            },
          }),
      },
    );
    const first = await stack.signIn();
    broken = true;
    const down = await stack.refresh(first.clientId, first.refresh_token);
    expect(down.status).toBe(503);
    expect(await errorOf(down.clone())).toBe('temporarily_unavailable');
    expect(down.headers.get('retry-after')).not.toBeNull();
    expect(await down.text()).not.toContain('disk');
    broken = false;
    expect((await stack.refresh(first.clientId, first.refresh_token)).status).toBe(200);
    await stack.close();
  });
});

describe('access rules at refresh', () => {
  const day = 24 * 3_600_000;
  const rules = { access: [{ emails: ['alice@example.com', 'bob@example.com'] }] };

  it('ask the provider again when what it said is older than identity_max_age', async () => {
    const stack = await startStack(rules);
    const first = await stack.signIn();
    stack.advance(day + 1000);
    const response = await stack.refresh(first.clientId, first.refresh_token);
    expect(response.status).toBe(200);
    await stack.close();
  });

  it('end the grant when the rules no longer admit the user', async () => {
    const stack = await startStack(rules);
    const first = await stack.signIn();
    const { config } = stack.auth;
    const other = [{ emails: ['somebody@example.com'] }];
    await stack.auth.reload(() => Promise.resolve({ ...config, access: other }));
    expect(await errorOf(await stack.refresh(first.clientId, first.refresh_token))).toBe('invalid_grant');
    await stack.auth.reload(() => Promise.resolve(config));
    expect(await errorOf(await stack.refresh(first.clientId, first.refresh_token))).toBe('invalid_grant');
    await stack.close();
  });

  it('answer 503 and consume nothing while the provider is down', async () => {
    const stack = await startStack(rules);
    const first = await stack.signIn();
    await stack.provider.close();
    stack.advance(day + 1000);
    const down = await stack.refresh(first.clientId, first.refresh_token);
    expect(down.status).toBe(503);
    expect(down.headers.get('retry-after')).not.toBeNull();
    expect(await errorOf(down)).toBe('temporarily_unavailable');
    expect((await stack.store.stats()).grants).toBe(1);
    await stack.auth.close();
  });
});

describe('HMAC secrets', () => {
  it('a code of one server instance is worthless at another with other secrets', async () => {
    const one = await startStack();
    const two = await startStack();
    const { refresh_token } = await one.signIn();
    const { client_id } = await two.register();
    expect(await errorOf(await two.refresh(client_id, refresh_token))).toBe('invalid_grant');
    await one.close();
    await two.close();
  });
});
