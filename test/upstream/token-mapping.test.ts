/** Tokens and identities at odd places of a token answer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OAuth2UpstreamConfig } from '../../src/config/config.ts';
import type { UpstreamSettings } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { parseTokenPath } from '../../src/oauth/token-path.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import { isSyntheticSubject, syntheticSubjectOf } from '../../src/upstream/identity.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../src/upstream/provider.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oauth2Config } from '../fixtures/upstream.ts';

const now = 1_800_000_000_000;
let server: HostileServer;
let provider: UpstreamProvider;

beforeEach(async () => {
  server = await startHostileServer();
});
afterEach(async () => {
  provider.close();
  await server.close();
});

function connect(settings: Partial<UpstreamSettings>, changes: Partial<OAuth2UpstreamConfig> = {}): void {
  provider?.close();
  const config = oauth2Config(server.origin, {
    userinfo: null,
    settings: { ...standardSettings, profile: 'generic', ...settings },
    ...changes,
  });
  provider = createProvider(config, { clock: () => now, log: silentLog });
}

function signIn(): Promise<UpstreamLogin> {
  const login = newLogin();
  return finish(provider, login, callbackFor(login));
}

const slack = {
  tokenMapping: {
    accessToken: 'authed_user.access_token',
    refreshToken: 'authed_user.refresh_token',
    expiresIn: 'authed_user.expires_in',
    scope: 'authed_user.scope',
  },
  identityFromToken: { subject: 'authed_user.id', name: null, email: null },
  tokenType: 'any',
} as const;

describe('a token mapping', () => {
  it('finds nested tokens at the first exchange, and standard ones at a refresh (Slack)', async () => {
    connect(slack);
    const authed_user = {
      id: 'U1',
      access_token: 'xoxp-1',
      refresh_token: 'xoxe-1',
      expires_in: 43_200,
      scope: 'chat:write,users:read',
      token_type: 'user',
    };
    server.on('/token', json({ ok: true, app_id: 'A1', code: 'x', token_type: 'bot', authed_user }));
    const first = await signIn();
    expect(first.identity).toMatchObject({ subject: 'U1', synthetic: false, emailVerified: false });
    expect(first.tokens).toMatchObject({
      accessToken: 'xoxp-1',
      refreshToken: 'xoxe-1',
      expiresAt: now + 43_200_000,
      scopes: ['chat:write', 'users:read'],
    });
    server.on(
      '/token',
      json({ ok: true, access_token: 'xoxp-2', refresh_token: 'xoxe-2', expires_in: 43_200 }),
    );
    const refreshed = await provider.refresh({ refreshToken: 'xoxe-1', subject: 'U1' });
    expect(refreshed).toMatchObject({
      tokens: { accessToken: 'xoxp-2', refreshToken: 'xoxe-2' },
      identity: null,
    });
  });

  it('leaves the standard members alone where it leads nowhere, to nothing, or to something else', async () => {
    connect({ tokenMapping: { accessToken: 'a.b', refreshToken: 'list.7', expiresIn: 'a', scope: 'empty' } });
    const body = {
      access_token: 'at',
      refresh_token: 'rt',
      expires_in: 60,
      scope: 's',
      a: {},
      list: [],
      empty: '',
    };
    server.on('/token', json(body));
    await expect(provider.refresh({ refreshToken: 'rt', subject: 'x' })).resolves.toMatchObject({
      tokens: { accessToken: 'at', refreshToken: 'rt', expiresAt: now + 60_000, scopes: ['s'] },
    });
  });

  it('takes no lifetime of nothing for an end', async () => {
    connect({ ...slack, identityFromToken: null });
    server.on('/token', json({ authed_user: { access_token: 'a', expires_in: 0 } }));
    expect((await signIn()).tokens.expiresAt).toBe('unknown');
  });
});

describe('a path', () => {
  it.each([
    ['user.id', { user: { id: 'x' } }],
    ['users.1.id', { users: [{}, { id: 'x' }] }],
    ['https://example\\.com/id', { 'https://example.com/id': 'x' }],
    ['a\\|b.c\\\\d', { 'a|b': { 'c\\d': 'x' } }],
    ['\\@id', { '@id': 'x' }],
  ])('%s leads to its place', async (subject, body) => {
    connect({ identityFromToken: { subject, name: null, email: null } });
    server.on('/token', json({ access_token: 'a', token_type: 'bearer', ...body }));
    expect((await signIn()).identity.subject).toBe('x');
  });

  it('reads the claims of a token that is a JWT', async () => {
    const claims = Buffer.from('{"sub":"j.doe","n":{"id":12345678901234567890}}').toString('base64url');
    server.on('/token', json({ access_token: `e30.${claims}.sig`, token_type: 'bearer' }));
    for (const [subject, expected] of [
      ['access_token|@upstreamjwt|sub', 'j.doe'],
      ['access_token.@upstreamjwt.n.id', '12345678901234567890'],
    ] as const) {
      connect({ identityFromToken: { subject, name: null, email: null } });
      expect((await signIn()).identity.subject).toBe(expected);
    }
  });

  it.each(['', '.', 'a.', '.a', 'a..b', 'a|', 'a|@reverse', '#', 'a.#', 'a.*', 'users.#(x==1)', 'a\\'])(
    'such as %j is none',
    (text) => expect(parseTokenPath(text)).toBeNull(),
  );
});

describe('an identity from the token answer', () => {
  const by = (subject: string): Partial<UpstreamSettings> => ({
    identityFromToken: { subject, name: 'user.name', email: 'user.email' },
  });
  const answer = (user: string): void =>
    server.on('/token', raw(`{"access_token":"at-secret","token_type":"bearer","user":${user}}`));

  it('keeps two numbers apart that a double would make one (Shopify)', async () => {
    connect(by('user.id'));
    answer('{"id":9007199254740993,"name":"Ann","email":"ann@example.com"}');
    expect((await signIn()).identity).toMatchObject({
      subject: '9007199254740993',
      name: 'Ann',
      email: 'ann@example.com',
      emailVerified: false,
    });
    answer('{"id":9007199254740992}');
    expect((await signIn()).identity.subject).toBe('9007199254740992');
  });

  it('has a verified e-mail only where the provider verifies every one', async () => {
    connect({ ...by('user.id'), emailVerifiedUntold: true });
    answer('{"id":1,"email":"ann@example.com"}');
    expect((await signIn()).identity).toMatchObject({ subject: '1', emailVerified: true });
    answer('{"id":1}');
    expect((await signIn()).identity.emailVerified).toBe(false);
  });

  it.each([
    ['leads nowhere', '{}'],
    ['leads nowhere', 'null'],
    ['is empty', '{"id":""}'],
    ['is null', '{"id":null}'],
    ['is neither', '{"id":true}'],
    ['is not an integer', '{"id":1.5}'],
    ['is neither', '{"id":{"body":"secret"}}'],
    ['is neither', '{"id":["secret"]}'],
  ])('that %s is an error that names the path and nothing of the answer', async (problem, user) => {
    connect(by('user.id'));
    answer(user);
    const error = await signIn().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ failure: 'invalid' });
    expect(String(error)).toContain(`user.id ${problem}`);
    expect(String(error)).not.toContain('secret');
  });

  it('never falls back to userinfo', async () => {
    connect(by('user.id'), { userinfo: oauth2Config(server.origin).userinfo });
    server.on('/user', json({ sub: 'somebody-else' }));
    answer('{}');
    await expect(signIn()).rejects.toMatchObject({ failure: 'invalid' });
    expect(await provider.userinfo({ accessToken: 'at', subject: 'x' })).toBeNull();
    expect(server.received.map(({ url }) => url)).toEqual(['/token']);
  });

  it('may not have the form of a synthetic one', async () => {
    connect(by('user.id'));
    const forged = syntheticSubjectOf('x');
    expect(isSyntheticSubject(forged)).toBe(true);
    answer(`{"id":"${forged}"}`);
    await expect(signIn()).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('is not asked for at a refresh (Snowflake)', async () => {
    connect(by('user.id'));
    answer('{}');
    await expect(provider.refresh({ refreshToken: 'rt', subject: '1' })).resolves.toMatchObject({
      identity: null,
    });
  });
});

describe('a token answer', () => {
  it.each([
    [{ expiryUntold: 'never' }, undefined, 'never'],
    [{ expiryUntold: 'unknown' }, undefined, 'unknown'],
    [{ expiryUntold: 'never' }, 0, 'never'],
    [{ expiryUntold: 'never', assumedLifetime: 3600 }, undefined, now + 3_600_000],
    [{ expiryUntold: 'never', assumedLifetime: 3600 }, 60, now + 60_000],
  ] as const)('with the settings %j and expires_in %j ends at %j', async (settings, expires_in, expected) => {
    connect(settings);
    server.on('/token', json({ access_token: 'a', token_type: 'bearer', expires_in, refresh_expires_in: 0 }));
    expect((await signIn()).tokens.expiresAt).toBe(expected);
  });

  it('may name any type or none where the provider is known for it, but none that needs a proof', async () => {
    connect({ tokenType: 'any' });
    for (const token_type of ['user', 'bot', undefined, '']) {
      server.on('/token', json({ access_token: 'a', token_type }));
      await expect(signIn()).resolves.toBeDefined();
    }
    for (const token_type of ['DPoP', 'mac', 'N_A']) {
      server.on('/token', json({ access_token: 'a', token_type }));
      await expect(signIn()).rejects.toMatchObject({ failure: 'invalid' });
    }
  });
});
