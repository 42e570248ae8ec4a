import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../src/upstream/provider.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderFixture, OidcProviderOptions } from '../fixtures/oidc-provider.ts';
import { finish, newLogin, oidcConfig } from '../fixtures/upstream.ts';

let idp: OidcProviderFixture;
let provider: UpstreamProvider;

beforeEach(() => start());
afterEach(async () => {
  provider.close();
  await idp.close();
});

async function start(options: OidcProviderOptions = {}): Promise<void> {
  idp = await startOidcProvider(options);
  provider = createProvider(oidcConfig(idp.issuer), { clock: Date.now, log: silentLog });
}

async function restart(options: OidcProviderOptions): Promise<void> {
  provider.close();
  await idp.close();
  await start(options);
}

async function signIn(account: string): Promise<UpstreamLogin & { readonly refreshToken: string }> {
  const login = newLogin();
  const callback = await idp.signIn(await provider.authorizationUrl(login.request), account);
  const done = await finish(provider, login, callback);
  return { ...done, refreshToken: done.tokens.refreshToken ?? '' };
}

describe('refreshing at a certified provider', () => {
  test('gives new tokens and says again who they are for', async () => {
    const { refreshToken, tokens } = await signIn('alice');
    const refreshed = await provider.refresh({ refreshToken, subject: 'alice' });
    expect(refreshed.subjectMismatch).toBe(false);
    expect(refreshed.tokens.accessToken).not.toBe(tokens.accessToken);
    expect(refreshed.tokens.refreshToken).not.toBe(refreshToken);
    expect(refreshed.identity).toMatchObject({ subject: 'alice', email: 'alice@example.com' });
  });

  test('asks for what was granted when the provider finds the configured scopes too wide', async () => {
    // Without prompt=consent this provider drops offline_access from the grant, as OpenID Connect Core §11 allows.
    const { refreshToken, tokens } = await signIn('alice');
    expect(tokens.scopes).not.toContain('offline_access');
    await provider.refresh({ refreshToken, subject: 'alice' });
    expect(idp.requests.filter((line) => line === 'POST /token')).toHaveLength(3);
  });

  test('tells when the answer is about another subject', async () => {
    const { refreshToken } = await signIn('mallory');
    const refreshed = await provider.refresh({ refreshToken, subject: 'alice' });
    expect(refreshed.subjectMismatch).toBe(true);
    expect(refreshed.identity).toBeNull();
  });

  test('fills in what a thin ID token leaves out, so that the evidence is as whole as at sign-in', async () => {
    await restart({ thinIdTokens: true });
    const { refreshToken } = await signIn('alice');
    const refreshed = await provider.refresh({ refreshToken, subject: 'alice' });
    expect(refreshed.identity).toMatchObject({ email: 'alice@example.com', emailVerified: true });
  });

  test('gives no evidence rather than half of it when userinfo is down', async () => {
    await restart({ thinIdTokens: true });
    const { refreshToken } = await signIn('alice');
    idp.intercept((request, response) => {
      if (!request.url?.startsWith('/me')) return false;
      response.writeHead(503).end();
      return true;
    });
    const refreshed = await provider.refresh({ refreshToken, subject: 'alice' });
    expect(refreshed.tokens.accessToken).not.toBe('');
    expect(refreshed.identity).toBeNull();
  });

  test('a used refresh token is rejected', async () => {
    const { refreshToken } = await signIn('alice');
    await provider.refresh({ refreshToken, subject: 'alice' });
    await expect(provider.refresh({ refreshToken, subject: 'alice' })).rejects.toMatchObject({
      name: 'UpstreamError',
      failure: 'rejected',
      upstream: 'corp',
    });
  });

  test.each([500, 502, 503, 429, 403])('status %i without an OAuth error loses nothing', async (status) => {
    const { refreshToken } = await signIn('alice');
    idp.intercept((request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>no</h1>');
      return true;
    });
    await expect(provider.refresh({ refreshToken, subject: 'alice' })).rejects.toMatchObject({
      failure: 'unavailable',
    });
    idp.intercept(null);
    await expect(provider.refresh({ refreshToken, subject: 'alice' })).resolves.toMatchObject({
      identity: { subject: 'alice' },
    });
  });

  test('an outage loses nothing', async () => {
    const { refreshToken } = await signIn('alice');
    await idp.pause();
    await expect(provider.refresh({ refreshToken, subject: 'alice' })).rejects.toMatchObject({
      failure: 'unavailable',
    });
    await idp.resume();
    await expect(provider.refresh({ refreshToken, subject: 'alice' })).resolves.toMatchObject({
      identity: { subject: 'alice' },
    });
  });

  test('keeps rotated tokens when the keys that verify their ID token cannot be had', async () => {
    const { refreshToken } = await signIn('alice');
    idp.rotateKeys();
    idp.intercept((request, response) => {
      if (request.url === '/token') return false;
      response.writeHead(503).end();
      return true;
    });
    const refreshed = await provider.refresh({ refreshToken, subject: 'alice' });
    expect(refreshed.subjectMismatch).toBe(false);
    expect(refreshed.identity).toBeNull();
    expect(refreshed.tokens.refreshToken).not.toBeNull();
    // Nobody looked at its signature: whoever got it later would take it for verified.
    expect(refreshed.tokens.idToken).toBeNull();
    idp.intercept(null);
    const again = refreshed.tokens.refreshToken ?? '';
    await expect(provider.refresh({ refreshToken: again, subject: 'alice' })).resolves.toMatchObject({
      identity: { subject: 'alice' },
    });
  });
});

describe('keys that the provider rotates', () => {
  test('are fetched again when none at hand verifies an ID token', async () => {
    await signIn('alice');
    idp.rotateKeys();
    await expect(signIn('bob')).resolves.toMatchObject({ identity: { subject: 'bob' } });
    expect(idp.requests.filter((line) => line === 'GET /jwks')).toHaveLength(2);
  });

  test('are fetched once for many logins', async () => {
    await signIn('alice');
    await signIn('bob');
    expect(idp.requests.filter((line) => line === 'GET /jwks')).toHaveLength(1);
  });
});
