import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeProtectedHeader, jwtVerify, createLocalJWKSet } from 'jose';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, resource, startStack } from '../fixtures/stack.ts';

describe('one login, end to end', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  it('answers with code, the very state, and iss (RFC 9207)', async () => {
    const { client_id } = await stack.register();
    const state = 'päron & "x"/%2F?=+~';
    const redirect = await stack.login({ client_id, code_challenge: pkce().challenge, state });
    expect(`${redirect.origin}${redirect.pathname}`).toBe(redirectUri);
    expect(redirect.searchParams.get('state')).toBe(state);
    expect(redirect.searchParams.get('iss')).toBe(issuer);
    expect(redirect.searchParams.get('code')).toMatch(/^sp_ac_/u);
  });

  it('sends no state back when the client sent none', async () => {
    const { client_id } = await stack.register();
    const redirect = await stack.login({ client_id, code_challenge: pkce().challenge });
    expect(redirect.searchParams.has('state')).toBe(false);
  });

  it('issues an RFC 9068 access token for exactly the resource', async () => {
    const { access_token, clientId, scope } = await stack.signIn();
    const jwks = createLocalJWKSet(
      (await (await stack.call('/.well-known/jwks.json')).json()) as Parameters<typeof createLocalJWKSet>[0],
    );
    const { payload } = await jwtVerify(access_token, jwks, { issuer, audience: resource, typ: 'at+jwt' });
    expect(payload.aud).toBe(resource);
    expect(payload['client_id']).toBe(clientId);
    expect(payload['scope']).toBe(scope);
    expect(payload.jti).toBeTypeOf('string');
    expect(payload['sid']).toMatch(/^[0-9a-f]{3}\.[\w-]{22}$/u);
    expect(decodeProtectedHeader(access_token).kid).toBeTypeOf('string');
  });

  it('knows the same person again, and another one apart', async () => {
    const subject = (token: string): unknown =>
      (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: unknown }).sub;
    const first = await stack.signIn({ account: 'alice' });
    const second = await stack.signIn({ account: 'alice' });
    const other = await stack.signIn({ account: 'bob' });
    expect(subject(second.access_token)).toBe(subject(first.access_token));
    expect(subject(other.access_token)).not.toBe(subject(first.access_token));
  });

  it('lets one person sign in for the first time in two browsers at once', async () => {
    const both = await Promise.all([stack.signIn({ account: 'carol' }), stack.signIn({ account: 'carol' })]);
    const subjects = both.map(
      ({ access_token }) =>
        (JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string })
          .sub,
    );
    expect(subjects[0]).toBe(subjects[1]);
    for (const { clientId, refresh_token } of both) {
      expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
    }
  });

  it('gives a refresh token to a client that never asked for offline_access', async () => {
    const { refresh_token } = await stack.signIn({ scope: 'openid' });
    expect(refresh_token).toMatch(/^sp_rt_/u);
  });

  it('gives none to a client that registered without the grant', async () => {
    const { client_id } = await stack.register({ grant_types: ['authorization_code'] });
    const tokens = await stack.signIn({ clientId: client_id });
    expect(tokens.refresh_token).toBeUndefined();
  });

  it('never lets a token, code or secret reach the log', async () => {
    const { access_token, refresh_token, clientId } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    await stack.refresh(clientId, `${refresh_token}x`);
    const text = JSON.stringify(stack.log);
    expect(text).not.toContain(access_token);
    expect(text).not.toContain(refresh_token);
    expect(text).not.toContain('sp_ac_');
    expect(text).not.toContain('upstream-secret');
    expect(stack.log.length).toBeGreaterThan(0);
  });
});
