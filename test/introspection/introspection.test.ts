import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, resource, startStack } from '../fixtures/stack.ts';

const secret = 's'.repeat(40);
const other = 'https://mcp.example.com/other';

describe('POST /oauth/introspect (RFC 7662)', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack(
      {
        allowed_audiences: [resource, other],
        default_resource: resource,
        clients: [
          {
            client_id: 'mcp-server',
            client_secret_env_var: 'RS_SECRET',
            token_endpoint_auth_method: 'client_secret_basic',
            redirect_uris: [],
            grant_types: [],
            introspects: [resource],
          },
          {
            client_id: 'other-server',
            client_secret_env_var: 'RS_SECRET',
            token_endpoint_auth_method: 'client_secret_post',
            redirect_uris: [],
            grant_types: [],
            introspects: [other],
          },
        ],
      },
      { env: { RS_SECRET: secret } },
    );
  });
  afterAll(() => stack.close());

  const basic = `Basic ${Buffer.from(`mcp-server:${secret}`).toString('base64')}`;
  const ask = async (token: string): Promise<Record<string, unknown>> => {
    const body = new URLSearchParams({ token });
    const response = await stack.call('/oauth/introspect', {
      method: 'POST',
      body,
      headers: { authorization: basic },
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Record<string, unknown>;
  };

  it('tells a resource server about tokens for its own resource', async () => {
    const { access_token, clientId } = await stack.signIn({ scope: 'openid' });
    expect(await ask(access_token)).toMatchObject({
      active: true,
      iss: issuer,
      aud: resource,
      client_id: clientId,
      scope: 'openid',
      token_type: 'Bearer',
    });
  });

  it('says inactive for everything else: refresh tokens, garbage, revoked grants', async () => {
    const { access_token, refresh_token, clientId } = await stack.signIn();
    expect(await ask(refresh_token)).toEqual({ active: false });
    expect(await ask('garbage')).toEqual({ active: false });
    const body = new URLSearchParams({ token: refresh_token, client_id: clientId });
    await stack.call('/oauth/revoke', { method: 'POST', body });
    expect(await ask(access_token)).toEqual({ active: false });
  });

  it('says inactive about a token for another resource', async () => {
    const { access_token } = await stack.signIn();
    const body = new URLSearchParams({
      token: access_token,
      client_id: 'other-server',
      client_secret: secret,
    });
    const response = await stack.call('/oauth/introspect', { method: 'POST', body });
    expect(await response.json()).toEqual({ active: false });
  });

  it('is not for public or registered clients, nor for a wrong secret', async () => {
    const { client_id } = await stack.register();
    const open = await stack.call('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams({ token: 'x', client_id }),
    });
    expect(open.status).toBe(400);
    expect(await open.json()).toMatchObject({ error: 'unauthorized_client' });
    const authorization = `Basic ${Buffer.from('mcp-server:wrong').toString('base64')}`;
    const wrong = await stack.call('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
      headers: { authorization },
    });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic/u);
    expect(wrong.headers.get('access-control-allow-origin')).toBeNull();
  });
});
