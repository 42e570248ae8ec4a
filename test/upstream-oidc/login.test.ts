import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import type { OidcUpstreamConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/types/secret.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderFixture } from '../fixtures/oidc-provider.ts';
import { finish, newLogin, oidcConfig } from '../fixtures/upstream.ts';

let idp: OidcProviderFixture;
let provider: UpstreamProvider;

beforeAll(async () => {
  idp = await startOidcProvider({
    users: {
      mallory: { name: 'Mallory', email: 'alice@example.com', email_verified: 'true' },
      nameless: {},
    },
  });
});
afterEach(() => provider.close());
afterAll(() => idp.close());

function connect(changes: Partial<OidcUpstreamConfig> = {}): UpstreamProvider {
  provider = createProvider(oidcConfig(idp.issuer, changes), { clock: Date.now, log: silentLog });
  return provider;
}

async function signIn(account: string, login = newLogin()): ReturnType<typeof finish> {
  const url = await provider.authorizationUrl(login.request);
  return await finish(provider, login, await idp.signIn(url, account));
}

describe('signing in at a certified provider', () => {
  test('tells who signed in, and since when', async () => {
    connect();
    const { identity, authTime } = await signIn('alice');
    expect(identity).toMatchObject({
      upstream: 'corp',
      subject: 'alice',
      name: 'User alice',
      email: 'alice@example.com',
      emailVerified: true,
      synthetic: false,
    });
    expect(identity.claims['iss']).toBe(idp.issuer);
    expect(authTime === null || Number.isInteger(authTime)).toBe(true);
  });

  test('gives tokens with their expiry and scopes', async () => {
    connect();
    const before = Date.now();
    const { tokens } = await signIn('alice');
    expect(tokens.accessToken).not.toBe('');
    expect(tokens.refreshToken).not.toBeNull();
    expect(tokens.idToken).not.toBeNull();
    expect(tokens.expiresAt).toBeGreaterThan(before + 3_500_000);
    expect(tokens.scopes).toContain('openid');
  });

  test('calls an e-mail verified only when the provider says so with a boolean', async () => {
    connect();
    const { identity } = await signIn('mallory');
    expect(identity.email).toBe('alice@example.com');
    expect(identity.emailVerified).toBe(false);
  });

  test('asks for the standard scopes, and for offline access because the provider lists it', async () => {
    connect();
    const url = new URL(await provider.authorizationUrl(newLogin().request));
    expect(url.searchParams.get('scope')).toBe('openid profile email offline_access');
    expect(provider.scopes).toEqual(['openid', 'profile', 'email', 'offline_access']);
  });

  test('asks for configured scopes and nothing else', async () => {
    connect({ scopes: ['openid', 'email'] });
    const url = new URL(await provider.authorizationUrl(newLogin().request));
    expect(url.searchParams.get('scope')).toBe('openid email');
  });

  test('authenticates with client_secret_post when told so', async () => {
    const post = await startOidcProvider({
      clients: [
        {
          client_id: 'sallyport',
          client_secret: 's p:cial+%secret/!',
          redirect_uris: [oidcConfig('').redirectUri],
          grant_types: ['authorization_code', 'refresh_token'],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
    });
    try {
      const config = oidcConfig(post.issuer, {
        authMethod: 'client_secret_post',
        clientSecret: new Secret('s p:cial+%secret/!'),
      });
      provider = createProvider(config, { clock: Date.now, log: silentLog });
      const login = newLogin();
      const callback = await post.signIn(await provider.authorizationUrl(login.request), 'alice');
      await expect(finish(provider, login, callback)).resolves.toMatchObject({
        identity: { subject: 'alice' },
      });
    } finally {
      await post.close();
    }
  });

  test('encodes odd characters in Basic credentials so that the provider reads them back', async () => {
    const odd = await startOidcProvider({
      clients: [
        {
          client_id: 'odd:id +1',
          client_secret: 's p:cial+%secret/-._~*',
          redirect_uris: [oidcConfig('').redirectUri],
          grant_types: ['authorization_code'],
        },
      ],
    });
    try {
      const config = oidcConfig(odd.issuer, {
        clientId: 'odd:id +1',
        clientSecret: new Secret('s p:cial+%secret/-._~*'),
      });
      provider = createProvider(config, { clock: Date.now, log: silentLog });
      const login = newLogin();
      const callback = await odd.signIn(await provider.authorizationUrl(login.request), 'alice');
      await expect(finish(provider, login, callback)).resolves.toMatchObject({
        identity: { subject: 'alice' },
      });
    } finally {
      await odd.close();
    }
  });

  test('works as a public client', async () => {
    const open = await startOidcProvider({
      clients: [
        {
          client_id: 'sallyport',
          redirect_uris: [oidcConfig('').redirectUri],
          grant_types: ['authorization_code', 'refresh_token'],
          token_endpoint_auth_method: 'none',
        },
      ],
    });
    try {
      const config = oidcConfig(open.issuer, { authMethod: 'none', clientSecret: null });
      provider = createProvider(config, { clock: Date.now, log: silentLog });
      const login = newLogin();
      const callback = await open.signIn(await provider.authorizationUrl(login.request), 'alice');
      const { tokens } = await finish(provider, login, callback);
      expect(tokens.refreshToken).not.toBeNull();
    } finally {
      await open.close();
    }
  });

  test('a wrong client secret is our fault, not the end of the credential', async () => {
    connect({ clientSecret: new Secret('wrong') });
    await expect(signIn('alice')).rejects.toMatchObject({ failure: 'misconfigured' });
  });

  test('a secret method without a secret is refused when the provider is made', () => {
    expect(() => connect({ clientSecret: null })).toThrow(/needs a client secret/);
  });

  test('an oidc upstream without the scope openid is refused when the provider is made', () => {
    expect(() => connect({ scopes: ['profile'] })).toThrow(/openid/);
  });
});

describe('the subject', () => {
  test('comes from the configured claim', async () => {
    connect({ subjectClaim: 'email' });
    const { identity } = await signIn('alice');
    expect(identity.subject).toBe('alice@example.com');
  });

  test('is never replaced by sub when the configured claim is missing', async () => {
    connect({ subjectClaim: 'oid' });
    await expect(signIn('alice')).rejects.toMatchObject({
      failure: 'invalid',
      message: expect.stringContaining('oid'),
    });
  });

  test('must be a string', async () => {
    connect({ subjectClaim: 'email_verified' });
    await expect(signIn('alice')).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('may not take the form of subjects that are made from tokens', async () => {
    connect();
    await expect(signIn(`tk-${'0'.repeat(32)}`)).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('needs neither name nor e-mail', async () => {
    connect();
    const { identity } = await signIn('nameless');
    expect(identity).toMatchObject({ subject: 'nameless', name: null, email: null, emailVerified: false });
  });
});

describe('what does not belong to this login', () => {
  test('an ID token with another nonce is invalid', async () => {
    connect();
    const login = newLogin();
    const callback = await idp.signIn(await provider.authorizationUrl(login.request), 'alice');
    const other = { ...login, request: { ...login.request, nonce: 'of-another-login' } };
    await expect(finish(provider, other, callback)).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('a callback with another state is invalid and redeems nothing', async () => {
    connect();
    const login = newLogin();
    const callback = await idp.signIn(await provider.authorizationUrl(login.request), 'alice');
    const other = { ...login, request: { ...login.request, state: 'of-another-login' } };
    await expect(finish(provider, other, callback)).rejects.toMatchObject({ failure: 'invalid' });
    await expect(finish(provider, login, callback)).resolves.toMatchObject({
      identity: { subject: 'alice' },
    });
  });

  test('a callback of another issuer is invalid (RFC 9207) and redeems nothing', async () => {
    connect();
    const login = newLogin();
    const callback = await idp.signIn(await provider.authorizationUrl(login.request), 'alice');
    const mixedUp = new URL(callback);
    mixedUp.searchParams.set('iss', 'https://attacker.example');
    await expect(finish(provider, login, mixedUp.href)).rejects.toMatchObject({ failure: 'invalid' });
    const none = new URL(callback);
    none.searchParams.delete('iss');
    await expect(finish(provider, login, none.href)).rejects.toMatchObject({ failure: 'invalid' });
    await expect(finish(provider, login, callback)).resolves.toBeDefined();
  });

  test('a code with another verifier is rejected', async () => {
    connect();
    const login = newLogin();
    const callback = await idp.signIn(await provider.authorizationUrl(login.request), 'alice');
    const other = { ...login, codeVerifier: newLogin().codeVerifier };
    await expect(finish(provider, other, callback)).rejects.toMatchObject({ failure: 'rejected' });
  });

  test('a code that was redeemed is rejected', async () => {
    connect();
    const login = newLogin();
    const callback = await idp.signIn(await provider.authorizationUrl(login.request), 'alice');
    await finish(provider, login, callback);
    await expect(finish(provider, login, callback)).rejects.toMatchObject({ failure: 'rejected' });
  });
});

describe('userinfo', () => {
  test('fills in what a thin ID token leaves out', async () => {
    const thin = await startOidcProvider({ thinIdTokens: true });
    try {
      provider = createProvider(oidcConfig(thin.issuer), { clock: Date.now, log: silentLog });
      const login = newLogin();
      const callback = await thin.signIn(await provider.authorizationUrl(login.request), 'alice');
      const { identity } = await finish(provider, login, callback);
      expect(identity).toMatchObject({
        name: 'User alice',
        email: 'alice@example.com',
        emailVerified: true,
      });
      expect(thin.requests).toContain('GET /me');
    } finally {
      await thin.close();
    }
  });

  test('is not asked when the ID token says it all', async () => {
    connect();
    const before = idp.requests.length;
    await signIn('alice');
    expect(idp.requests.slice(before)).not.toContain('GET /me');
  });

  test('tells who a token belongs to, for the same subject only', async () => {
    connect();
    const { tokens } = await signIn('alice');
    const { accessToken } = tokens;
    await expect(provider.userinfo({ accessToken, subject: 'alice' })).resolves.toMatchObject({
      subject: 'alice',
      email: 'alice@example.com',
      emailVerified: true,
    });
    await expect(provider.userinfo({ accessToken, subject: 'bob' })).resolves.toBe('other');
    await expect(provider.userinfo({ accessToken: 'nonsense', subject: 'alice' })).rejects.toMatchObject({
      failure: 'rejected',
    });
  });

  test('tells nothing when it lacks the claim that subjects are made from', async () => {
    connect();
    const { tokens } = await signIn('alice');
    provider.close();
    connect({ subjectClaim: 'oid' });
    const { accessToken } = tokens;
    await expect(provider.userinfo({ accessToken, subject: 'alice' })).resolves.toBeNull();
  });
});
