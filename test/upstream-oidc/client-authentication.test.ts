import { describe, expect, it } from 'vitest';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';

const client = {
  client_id: 'sallyport',
  client_secret: 'upstream-secret-upstream-secret-1',
  redirect_uris: ['https://mcp.example.com/oauth/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
};

/** A provider that does not know anybody who comes with a Basic header. */
async function withoutBasic(): Promise<Stack['provider']> {
  const provider = await startOidcProvider({ clients: [client] });
  provider.intercept((request, response) => {
    if (request.url !== '/token' || request.headers.authorization === undefined) return false;
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
    return true;
  });
  return provider;
}

function tokenRequests(provider: Stack['provider']): number {
  return provider.requests.filter((request) => request === 'POST /token').length;
}

describe('a provider that knows us by one way of sending the secret only', () => {
  it('is found out at the first sign-in, without any setting, and remembered', async () => {
    const provider = await withoutBasic();
    const stack = await startStack({}, { provider });
    expect((await stack.signIn()).access_token).toBeTypeOf('string');
    expect(tokenRequests(provider)).toBe(2);
    await stack.signIn();
    expect(tokenRequests(provider)).toBe(3);
    await stack.close();
  });

  it('is not tried the other way when the operator said which one it is', async () => {
    const provider = await withoutBasic();
    const oidc_config = {
      issuer_url: provider.issuer,
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
      token_endpoint_auth_method: 'client_secret_basic',
    };
    const stack = await startStack(
      { upstreams: [{ name: 'demo', type: 'oidc', oidc_config }] },
      { provider },
    );
    await expect(stack.signIn()).rejects.toThrow(/callback: 503/u);
    expect(tokenRequests(provider)).toBe(1);
    await stack.close();
  });
});
