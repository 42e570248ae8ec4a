import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';

describe('/oauth/userinfo', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  const ask = (authorization?: string): Promise<Response> =>
    stack.call('/oauth/userinfo', authorization === undefined ? {} : { headers: { authorization } });

  it('tells by scope', async () => {
    const all = await stack.signIn({ scope: 'openid profile email' });
    const everything = (await (await ask(`Bearer ${all.access_token}`)).json()) as Record<string, unknown>;
    expect(everything).toMatchObject({ email: 'alice@example.com', email_verified: true });
    expect(everything['name']).toBeTypeOf('string');
    const few = await stack.signIn({ scope: 'openid' });
    const little = (await (await ask(`Bearer ${few.access_token}`)).json()) as Record<string, unknown>;
    expect(little).toEqual({ sub: everything['sub'] });
  });

  it('challenges without error code when there is no token', async () => {
    const response = await ask();
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('refuses an ID token, a refresh token, garbage, and a token without openid', async () => {
    const tokens = await stack.signIn({ scope: 'openid' });
    for (const token of [tokens.id_token ?? '', tokens.refresh_token, 'garbage', `${tokens.access_token}x`]) {
      const response = await ask(`Bearer ${token}`);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
    const without = await stack.signIn({ scope: 'profile' });
    const response = await ask(`Bearer ${without.access_token}`);
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  it('takes POST and the scheme in any case', async () => {
    const { access_token } = await stack.signIn({ scope: 'openid' });
    const headers = { authorization: `bearer ${access_token}` };
    expect((await stack.call('/oauth/userinfo', { method: 'POST', headers })).status).toBe(200);
  });
});

describe('ID tokens', () => {
  it('are for the client, with nonce, auth_time and at_hash, and personal claims by scope', async () => {
    const stack = await startStack();
    const { access_token, id_token, clientId } = await stack.signIn({ scope: 'openid email' });
    const [header, payload] = (id_token ?? '')
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
    expect(header?.['typ']).toBe('JWT');
    expect(payload).toMatchObject({ aud: clientId, email: 'alice@example.com', email_verified: true });
    expect(payload?.['auth_time']).toBeTypeOf('number');
    expect(payload?.['name']).toBeUndefined();
    const { createHash } = await import('node:crypto');
    const half = createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url');
    expect(payload?.['at_hash']).toBe(half);
    await stack.close();
  });
});
