import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OAuth2UpstreamConfig, UserinfoConfig } from '../../src/config/config.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oauth2Config } from '../fixtures/upstream.ts';
import type { Login } from '../fixtures/upstream.ts';

const now = 1_800_000_000_000;
let server: HostileServer;
let provider: UpstreamProvider;
let login: Login;

beforeEach(async () => {
  server = await startHostileServer();
  server.on('/token', json({ access_token: 'at', token_type: 'bearer' }));
  server.on('/user', json({ sub: 'alice' }));
  login = newLogin();
  connect();
});
afterEach(async () => {
  provider.close();
  await server.close();
});

function connect(changes: Partial<OAuth2UpstreamConfig> = {}): void {
  provider?.close();
  provider = createProvider(oauth2Config(server.origin, changes), { clock: () => now, log: silentLog });
}

function userinfo(changes: Partial<UserinfoConfig>): UserinfoConfig {
  return {
    endpoint: `${server.origin}/user`,
    method: 'GET',
    additionalHeaders: {},
    subjectFields: ['sub'],
    nameFields: ['name'],
    emailFields: ['email'],
    ...changes,
  };
}

function exchange(): ReturnType<typeof finish> {
  return finish(provider, login, callbackFor(login));
}

describe('userinfo', () => {
  test('gives the first candidate that holds something', async () => {
    connect({
      userinfo: userinfo({
        subjectFields: ['missing', 'empty', 'list', 'id'],
        nameFields: ['name', 'login'],
        emailFields: ['mail', 'email'],
      }),
    });
    server.on(
      '/user',
      json({ empty: '', list: [1], id: 583_231, name: null, login: 'octocat', email: 'o@example.com' }),
    );
    const { identity } = await exchange();
    expect(identity).toMatchObject({ subject: '583231', name: 'octocat', email: 'o@example.com' });
  });

  test.each(['9007199254740993', '9007199254740992', '123456789012345678901234567890', '-9007199254740993'])(
    'keeps every digit of the id %s',
    async (id) => {
      connect({ userinfo: userinfo({ subjectFields: ['id'] }) });
      server.on('/user', raw(`{"id": ${id}, "nested": {"id": ${id}}}`));
      const { identity } = await exchange();
      expect(identity.subject).toBe(id);
      expect(identity.claims['nested']).toEqual({ id });
    },
  );

  test('takes no fraction, boolean, object or inherited property for an id', async () => {
    connect({
      userinfo: userinfo({ subjectFields: ['a', 'b', 'c', 'constructor', 'toString', '__proto__'] }),
    });
    server.on('/user', json({ a: 1.5, b: true, c: { id: 1 } }));
    await expect(exchange()).rejects.toMatchObject({
      failure: 'invalid',
      message: expect.stringContaining('toString'),
    });
  });

  test('is asked as configured', async () => {
    const additionalHeaders = { Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' };
    connect({ userinfo: userinfo({ method: 'POST', additionalHeaders }) });
    await exchange();
    expect(server.received.at(-1)).toMatchObject({
      method: 'POST',
      headers: {
        authorization: 'Bearer at',
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      },
    });
  });

  test('may be asked in words of its own, and answer below other names', async () => {
    const body = '{"query":"{ viewer { id } }"}';
    const fields = { subjectFields: ['data.viewer.id'], emailFields: ['data.viewer.email'] };
    connect({ userinfo: userinfo({ method: 'POST', body, ...fields }) });
    server.on(
      '/user',
      json({ data: { viewer: { id: 'u1', email: 'u@example.com', email_verified: true } } }),
    );
    const { identity } = await exchange();
    expect(server.received.at(-1)).toMatchObject({ body, headers: { 'content-type': 'application/json' } });
    expect(identity).toMatchObject({ subject: 'u1', email: 'u@example.com', emailVerified: false });
  });

  test('prefers a field whose name has dots to a way through objects', async () => {
    connect({ userinfo: userinfo({ subjectFields: ['https://example.com/id', 'a.b'] }) });
    server.on('/user', json({ 'a.b': 'flat', a: { b: 'nested' } }));
    expect((await exchange()).identity.subject).toBe('flat');
    server.on('/user', json({ 'https://example.com/id': 'claim', 'a.b': 'flat' }));
    expect((await exchange()).identity.subject).toBe('claim');
  });

  test.each<[object, boolean]>([
    [{ verified: true }, true],
    [{ verified: false, email_verified: true }, false],
    [{ email_verified: true }, false],
    [{ verified: 1 }, false],
    [{}, false],
  ])('takes %o from the field that tells whether the e-mail is verified: %s', async (told, emailVerified) => {
    connect({ userinfo: userinfo({ emailVerifiedFields: ['verified'] }) });
    server.on('/user', json({ sub: 'alice', email: 'alice@example.com', ...told }));
    expect((await exchange()).identity).toMatchObject({ email: 'alice@example.com', emailVerified });
  });

  test('may be asked with another authorization scheme', async () => {
    connect({ userinfo: userinfo({ additionalHeaders: { Authorization: 'token x' } }) });
    await exchange();
    expect(server.received.at(-1)?.headers.authorization).toBe('token x');
  });

  test.each<[unknown, boolean]>([
    [true, true],
    ['true', false],
    [1, false],
    [undefined, false],
  ])('with email_verified %j gives %j', async (email_verified, expected) => {
    server.on('/user', json({ sub: 'alice', email: 'a@example.com', email_verified }));
    expect((await exchange()).identity.emailVerified).toBe(expected);
  });

  test('verifies the field "email" and no other', async () => {
    connect({ userinfo: userinfo({ emailFields: ['contact', 'email'] }) });
    server.on(
      '/user',
      json({ sub: 'a', contact: 'ceo@example.com', email: 'a@example.com', email_verified: true }),
    );
    expect((await exchange()).identity).toMatchObject({ email: 'ceo@example.com', emailVerified: false });
  });

  test.each([
    ['in the form of synthetic ones', `tk-${'ab'.repeat(16)}`],
    ['with half a character', 'alice\udc00'],
    ['that is longer than any', 'a'.repeat(2049)],
  ])('may not give a subject %s', async (_what, sub) => {
    server.on('/user', json({ sub }));
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test.each([
    ['is down', raw('', {}, 502), 'unavailable'],
    ['limits us', raw('', {}, 429), 'unavailable'],
    ['refuses the token', raw('', {}, 401), 'rejected'],
    ['refuses the token under status 200 (Slack)', json({ ok: false, error: 'token_revoked' }), 'rejected'],
    ['limits us under status 200', json({ ok: false, error: 'ratelimited' }), 'unavailable'],
    ['is not there', raw('', {}, 404), 'invalid'],
    ['answers no JSON', raw('sub=alice'), 'invalid'],
    ['names nobody', json({ name: 'Alice' }), 'invalid'],
  ])('that %s ends the login', async (_what, route, failure) => {
    server.on('/user', route);
    await expect(exchange()).rejects.toMatchObject({ failure });
  });

  test('renews what is known about the same subject only', async () => {
    const ask = (subject: string): ReturnType<UpstreamProvider['userinfo']> =>
      provider.userinfo({ accessToken: 'at', subject });
    await expect(ask('alice')).resolves.toMatchObject({ subject: 'alice' });
    await expect(ask('bob')).resolves.toBe('other');
    expect(provider.renewable).toBe(true);
  });
});

describe('a provider that tells no identity', () => {
  test('gives one that lasts as long as the access token and is marked', async () => {
    connect({ userinfo: null });
    const { identity } = await exchange();
    // The first 32 hexadecimal digits of SHA-256("at").
    expect(identity).toEqual({
      upstream: 'corp',
      subject: 'tk-b1d6b91b67c2afa5e322988d9462638d',
      name: null,
      email: null,
      emailVerified: false,
      synthetic: true,
      claims: {},
    });
    expect((await exchange()).identity.subject).toBe(identity.subject);
    server.on('/token', json({ access_token: 'at-other', token_type: 'bearer' }));
    expect((await exchange()).identity.subject).not.toBe(identity.subject);
  });

  test('cannot renew it', async () => {
    connect({ userinfo: null });
    expect(provider.renewable).toBe(false);
    await expect(provider.userinfo({ accessToken: 'at', subject: 'x' })).resolves.toBeNull();
  });
});
