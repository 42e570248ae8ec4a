import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';

describe('POST /oauth/revoke (RFC 7009)', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  const revoke = (form: Record<string, string>): Promise<Response> =>
    stack.call('/oauth/revoke', { method: 'POST', body: new URLSearchParams(form) });
  const userinfo = async (token: string): Promise<number> =>
    (await stack.call('/oauth/userinfo', { headers: { authorization: `Bearer ${token}` } })).status;

  it('an access token ends alone, at once', async () => {
    const { access_token, refresh_token, clientId } = await stack.signIn({ scope: 'openid' });
    expect(await userinfo(access_token)).toBe(200);
    expect((await revoke({ token: access_token, client_id: clientId })).status).toBe(200);
    expect(await userinfo(access_token)).toBe(401);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
  });

  it('a refresh token takes the grant along, access tokens included', async () => {
    const { access_token, refresh_token, clientId } = await stack.signIn({ scope: 'openid' });
    expect(await userinfo(access_token)).toBe(200);
    expect(
      (await revoke({ token: refresh_token, client_id: clientId, token_type_hint: 'access_token' })).status,
    ).toBe(200);
    expect(await userinfo(access_token)).toBe(401);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(400);
  });

  it('another client’s token is left alone', async () => {
    const { access_token, refresh_token, clientId } = await stack.signIn({ scope: 'openid' });
    const other = await stack.register({ client_name: 'Other' });
    expect((await revoke({ token: refresh_token, client_id: other.client_id })).status).toBe(200);
    expect((await revoke({ token: access_token, client_id: other.client_id })).status).toBe(200);
    expect(await userinfo(access_token)).toBe(200);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
  });

  it('garbage is fine, a missing token is not', async () => {
    const { client_id } = await stack.register();
    for (const token of ['x', 'sp_rt_x', 'a.b.c', 'e30.e30.e30', 'x'.repeat(5000)]) {
      expect((await revoke({ token, client_id })).status).toBe(200);
    }
    expect((await revoke({ client_id })).status).toBe(400);
    expect((await revoke({ token: 'x', client_id: 'nobody' })).status).toBe(401);
  });

  it('the seventeenth revoked access token of a grant ends the grant', async () => {
    const { clientId, ...tokens } = await stack.signIn({ scope: 'openid' });
    let { access_token, refresh_token } = tokens;
    for (let count = 0; count < 17; count += 1) {
      await revoke({ token: access_token, client_id: clientId });
      if (count === 16) break;
      ({ access_token, refresh_token } = (await (await stack.refresh(clientId, refresh_token)).json()) as {
        access_token: string;
        refresh_token: string;
      });
    }
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(400);
  });

  it('the last grant of a user takes the provider’s tokens out of the vault', async () => {
    const { refresh_token, clientId } = await stack.signIn({ account: 'bob' });
    const before = (await stack.store.stats()).connections;
    await revoke({ token: refresh_token, client_id: clientId });
    expect((await stack.store.stats()).connections).toBe(before - 1);
  });
});
