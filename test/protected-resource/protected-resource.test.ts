import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProtectedResource } from '../../src/resource/index.ts';
import { createProtectedResource } from '../../src/resource/index.ts';
import type { Stack } from '../fixtures/stack.ts';
import { resource, startStack } from '../fixtures/stack.ts';

const other = 'https://mcp.example.com/other';

let stack: Stack;
let guard: ProtectedResource;

beforeAll(async () => {
  stack = await startStack({ allowed_audiences: [resource, other] });
  guard = guardOf();
});

afterAll(() => stack.close());

function guardOf(
  changes: { resource?: string; scopes?: string[]; suggestedScopes?: string[] } = {},
): ProtectedResource {
  const { tokens, sessions } = stack.auth;
  return createProtectedResource({ resource, scopes: [], upstream: null, tokens, sessions, ...changes });
}

/** Status and challenge of a refusal; fails when there is none. */
async function refusal(
  authorization: string | undefined,
  by = guard,
): Promise<{ status: number; challenge: string }> {
  const answer = await by.authenticate({ authorization });
  if (answer.r === 'ok') throw new Error('it was let in');
  const { status, headers } = answer.response;
  return { status, challenge: String(headers['www-authenticate']) };
}

describe('a protected resource', () => {
  it('tells who calls', async () => {
    const { access_token, clientId } = await stack.signIn();
    const answer = await guard.authenticate({ authorization: `Bearer ${access_token}` });
    expect(answer).toMatchObject({
      r: 'ok',
      token: { audience: resource, clientId },
      session: { state: 'active', grant: { account: 'alice' } },
    });
  });

  it.each(['bearer', 'BEARER', 'Bearer  '])('knows the scheme as "%s"', async (scheme) => {
    const { access_token } = await stack.signIn();
    const answer = await guard.authenticate({ authorization: `${scheme} ${access_token}` });
    expect(answer.r).toBe('ok');
  });

  it.each([undefined, '', 'Basic YTpi', 'DPoP abc', 'Bearerabc'])(
    'asks who brings %j to sign in',
    async (value) => {
      expect(await refusal(value)).toEqual({
        status: 401,
        challenge:
          'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"',
      });
    },
  );

  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer "a"', 'Bearer ä'])(
    'calls %j malformed',
    async (value) => {
      const { status, challenge } = await refusal(value);
      expect(status).toBe(400);
      expect(challenge).toContain('error="invalid_request"');
    },
  );

  it('refuses a token for another resource of the same server, also after it was seen there', async () => {
    const { access_token } = await stack.signIn();
    const there = guardOf({ resource: other });
    expect((await guard.authenticate({ authorization: `Bearer ${access_token}` })).r).toBe('ok');
    const { status, challenge } = await refusal(`Bearer ${access_token}`, there);
    expect(status).toBe(401);
    expect(challenge).toContain('error="invalid_token"');
    expect(challenge).toContain('/.well-known/oauth-protected-resource/other"');
  });

  it('refuses refresh tokens, ID tokens and forgeries', async () => {
    const { access_token, refresh_token, id_token } = await stack.signIn({ scope: 'openid' });
    const [head, body, signature = ''] = access_token.split('.');
    const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    for (const text of [refresh_token, id_token, `${head}.${body}.`, `${head}.${body}.${flipped}`]) {
      expect(await refusal(`Bearer ${text}`)).toMatchObject({
        status: 401,
        challenge: expect.stringContaining('error="invalid_token"') as string,
      });
    }
  });

  it('refuses a token from the moment it is revoked here', async () => {
    const { access_token, clientId } = await stack.signIn();
    const authorization = `Bearer ${access_token}`;
    expect((await guard.authenticate({ authorization })).r).toBe('ok');
    const body = new URLSearchParams({ token: access_token, client_id: clientId });
    expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    expect((await refusal(authorization)).status).toBe(401);
  });

  it('names the suggested scopes to who has no token, and what is missing to who has one', async () => {
    const strict = guardOf({ scopes: ['email'], suggestedScopes: ['openid', 'email'] });
    expect((await refusal(undefined, strict)).challenge).toContain('scope="openid email"');
    const { access_token } = await stack.signIn({ scope: 'openid profile' });
    const { status, challenge } = await refusal(`Bearer ${access_token}`, strict);
    expect(status).toBe(403);
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toMatch(/scope="openid profile email"/);
  });

  it('inserts the path into the metadata address (RFC 9728 §3.1)', () => {
    expect(guardOf({ resource: 'https://a.example' }).metadataUrl).toBe(
      'https://a.example/.well-known/oauth-protected-resource',
    );
    expect(guardOf({ resource: 'https://a.example/x/y' }).metadataUrl).toBe(
      'https://a.example/.well-known/oauth-protected-resource/x/y',
    );
  });

  it('publishes that address', async () => {
    const response = await stack.call(new URL(guard.metadataUrl).pathname);
    expect(await response.json()).toMatchObject({ resource });
  });

  it('refuses a token that has ended, remembered or not', async () => {
    const { access_token, expires_in } = await stack.signIn();
    const authorization = `Bearer ${access_token}`;
    expect((await guard.authenticate({ authorization })).r).toBe('ok');
    stack.advance(expires_in * 1000);
    expect((await refusal(authorization)).challenge).toContain('error="invalid_token"');
  });
});
