import { createHmac } from 'node:crypto';
import { generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OidcUpstreamConfig } from '../../src/config/config.ts';
import { silentLog } from '../../src/observe/log.ts';
import type { Log } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oidcConfig } from '../fixtures/upstream.ts';
import type { Login } from '../fixtures/upstream.ts';

let idp: HostileOidc;
let provider: UpstreamProvider;
let login: Login;
let skew = 0;

beforeEach(async () => {
  skew = 0;
  idp = await startHostileOidc();
  login = newLogin();
  connect();
});
afterEach(async () => {
  provider.close();
  await idp.close();
});

function connect(changes: Partial<OidcUpstreamConfig> = {}, log: Log = silentLog): void {
  provider?.close();
  provider = createProvider(oidcConfig(idp.origin, changes), { clock: () => Date.now() + skew, log });
}

function exchange(changes: Record<string, string> = {}): ReturnType<typeof finish> {
  return finish(provider, login, callbackFor(login, changes));
}

describe('ID tokens', () => {
  test('that are fine are taken', async () => {
    await idp.answerTokens({ nonce: login.request.nonce, auth_time: 1_700_000_000 });
    await expect(exchange()).resolves.toMatchObject({
      identity: { subject: 'alice' },
      authTime: 1_700_000_000,
    });
  });

  const now = Math.floor(Date.now() / 1000);
  test.each([
    ['another nonce', { nonce: 'other' }],
    ['no nonce', { nonce: undefined }],
    ['another issuer', { iss: 'https://attacker.example' }],
    ['an issuer with a slash more', { iss: 'slash' }],
    ['another audience', { aud: 'other' }],
    ['several audiences and no authorized party', { aud: ['sallyport', 'other'] }],
    ['several audiences and another authorized party', { aud: ['sallyport', 'other'], azp: 'other' }],
    ['no audience', { aud: undefined }],
    ['an end in the past', { exp: now - 3600 }],
    ['no end', { exp: undefined }],
    ['a start in the future', { nbf: now + 3600 }],
    ['no issue time', { iat: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['half a character in its subject', { sub: 'alice\ud800' }],
    ['a NUL in its subject', { sub: 'alice\0' }],
    ['an auth_time that is no number', { auth_time: 'yesterday' }],
  ])('with %s are invalid', async (_what, claims) => {
    const iss = 'iss' in claims && claims.iss === 'slash' ? { iss: `${idp.origin}/` } : {};
    // jose's type leaves no room for a broken claim, and broken claims are the point here.
    const broken = { nonce: login.request.nonce, ...claims, ...iss } as Record<string, unknown>;
    await idp.answerTokens(broken);
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('without a signature are invalid, though the document lists "none"', async () => {
    const [, payload] = (await idp.idToken({ nonce: login.request.nonce })).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    idp.on('/token', json({ access_token: 'at', token_type: 'Bearer', id_token: `${header}.${payload}.` }));
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test.each(['upstream-secret', 'the public key'])('signed with HS256 and %s are invalid', async (key) => {
    const [, payload] = (await idp.idToken({ nonce: login.request.nonce })).split('.');
    const header = Buffer.from('{"alg":"HS256","kid":"k1"}').toString('base64url');
    const secret = key === 'the public key' ? JSON.stringify(idp.publicJwk) : key;
    const tag = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
    const id_token = `${header}.${payload}.${tag}`;
    idp.on('/token', json({ access_token: 'at', token_type: 'Bearer', id_token }));
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('signed by somebody else under a known key id are invalid', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT({ nonce: login.request.nonce })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(idp.origin)
      .setAudience('sallyport')
      .setSubject('alice')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
    idp.on('/token', json({ access_token: 'at', token_type: 'Bearer', id_token: forged }));
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('that name a key of their own in the header are checked with the published one', async () => {
    const jku = await startHostileServer();
    const { privateKey } = await generateKeyPair('ES256');
    const [, payload] = (await idp.idToken({ nonce: login.request.nonce })).split('.');
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'theirs', jku: `${jku.origin}/jwks` })
      .sign(privateKey);
    idp.on('/token', json({ access_token: 'at', token_type: 'Bearer', id_token: forged }));
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
    expect(jku.received).toEqual([]);
    await jku.close();
  });

  test('with critical extensions are invalid', async () => {
    const token = await idp.idToken({ nonce: login.request.nonce });
    const [, payload, signature] = token.split('.');
    const header = Buffer.from('{"alg":"ES256","kid":"k1","crit":["exp"]}').toString('base64url');
    const id_token = `${header}.${payload}.${signature}`;
    idp.on('/token', json({ access_token: 'at', token_type: 'Bearer', id_token }));
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test.each(['', 'x', 'a.b', 'a.b.c', 'a.b.c.d.e', '..', 42, null])(
    'that are not even tokens (%j) are invalid',
    async (id_token) => {
      idp.on('/token', json({ access_token: 'at', token_type: 'Bearer', id_token }));
      await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
    },
  );

  test('are judged by the clock that was given', async () => {
    skew = 7_200_000;
    await idp.answerTokens({ nonce: login.request.nonce });
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('are verified with RS256 only when the document names no algorithm', async () => {
    idp.discover({ id_token_signing_alg_values_supported: undefined });
    await idp.answerTokens({ nonce: login.request.nonce });
    await expect(exchange()).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('cannot be verified while the keys are down: nothing is wrong with anybody', async () => {
    await idp.answerTokens({ nonce: login.request.nonce });
    idp.on('/jwks', raw('', {}, 502));
    await expect(exchange()).rejects.toMatchObject({ failure: 'unavailable' });
  });
});

describe('the ID token of a refresh', () => {
  const refresh = (): ReturnType<UpstreamProvider['refresh']> =>
    provider.refresh({ refreshToken: 'rt', subject: 'alice' });

  test('is optional', async () => {
    idp.on('/token', json({ access_token: 'at2', token_type: 'bearer', expires_in: 60 }));
    const refreshed = await refresh();
    expect(refreshed).toMatchObject({ identity: null, subjectMismatch: false });
    expect(refreshed.tokens).toMatchObject({ accessToken: 'at2', refreshToken: null, idToken: null });
  });

  test('needs no nonce', async () => {
    await idp.answerTokens({});
    await expect(refresh()).resolves.toMatchObject({ identity: { subject: 'alice' } });
  });

  test.each([
    ['another issuer', { iss: 'https://attacker.example' }],
    ['another audience', { aud: 'other' }],
    ['an end in the past', { exp: 1 }],
  ])('with %s costs the evidence, never the rotated tokens', async (_what, claims) => {
    await idp.answerTokens(claims, { refresh_token: 'rt2' });
    const refreshed = await refresh();
    expect(refreshed).toMatchObject({ identity: null, subjectMismatch: false });
    expect(refreshed.tokens.refreshToken).toBe('rt2');
  });

  test('about somebody else is told even when userinfo is down', async () => {
    connect({
      userinfo: {
        endpoint: `${idp.origin}/me`,
        method: 'GET',
        additionalHeaders: {},
        subjectFields: ['sub'],
        nameFields: ['name'],
        emailFields: ['email'],
      },
    });
    idp.on('/me', raw('', {}, 503));
    await idp.answerTokens({ sub: 'mallory' });
    await expect(refresh()).resolves.toMatchObject({ identity: null, subjectMismatch: true });
  });

  test('is compared by the configured claim', async () => {
    connect({ subjectClaim: 'oid' });
    await idp.answerTokens({ sub: 'pairwise', oid: 'alice' });
    await expect(refresh()).resolves.toMatchObject({
      subjectMismatch: false,
      identity: { subject: 'alice' },
    });
    await idp.answerTokens({ sub: 'alice', oid: 'mallory' });
    await expect(refresh()).resolves.toMatchObject({ subjectMismatch: true, identity: null });
  });
});

describe('a configured userinfo endpoint', () => {
  const userinfo = (): OidcUpstreamConfig['userinfo'] => ({
    endpoint: `${idp.origin}/me`,
    method: 'POST',
    additionalHeaders: { accept: 'application/vnd.corp+json', 'x-api-version': '2' },
    subjectFields: ['id', 'sub'],
    nameFields: ['display'],
    emailFields: ['email'],
  });

  test('adds claims, and replaces none that are signed', async () => {
    connect({ userinfo: userinfo() });
    await idp.answerTokens({ nonce: login.request.nonce, groups: ['signed'] });
    idp.on(
      '/me',
      json({ id: 'alice', display: 'A.', department: 'ops', groups: ['unsigned'], email_verified: true }),
    );
    const { identity } = await exchange();
    expect(identity).toMatchObject({ subject: 'alice', name: 'Alice', email: 'alice@example.com' });
    expect(identity.claims).toMatchObject({ department: 'ops', groups: ['signed'] });
    const seen = idp.received.find(({ url }) => url === '/me');
    expect(seen).toMatchObject({
      method: 'POST',
      headers: {
        authorization: 'Bearer at',
        accept: 'application/vnd.corp+json',
        'x-api-version': '2',
      },
    });
  });

  test('never lends its verification to an address of the ID token', async () => {
    connect({ userinfo: userinfo() });
    await idp.answerTokens({ nonce: login.request.nonce, email: 'ceo@example.com' });
    idp.on('/me', json({ id: 'alice', email: 'alice@example.com', email_verified: true }));
    const { identity } = await exchange();
    expect(identity).toMatchObject({ email: 'ceo@example.com', emailVerified: false });
  });

  test.each([
    ['about somebody else', json({ id: 'mallory' }), 'invalid'],
    ['about nobody', json({ display: 'A.' }), 'invalid'],
    ['that is no object', json(['alice']), 'invalid'],
    ['that is no JSON', raw('<html>'), 'invalid'],
    ['that is missing', raw('', {}, 404), 'invalid'],
    ['that refuses the token', raw('', {}, 401), 'rejected'],
    ['that is down', raw('', {}, 503), 'unavailable'],
  ])('with an answer %s ends the login', async (_what, route, failure) => {
    connect({ userinfo: userinfo() });
    await idp.answerTokens({ nonce: login.request.nonce });
    idp.on('/me', route);
    await expect(exchange()).rejects.toMatchObject({ failure });
  });
});

describe('callbacks', () => {
  test.each([
    ['access_denied', 'denied'],
    ['login_required', 'denied'],
    ['interaction_required', 'denied'],
    ['consent_required', 'denied'],
    ['temporarily_unavailable', 'unavailable'],
    ['server_error', 'unavailable'],
    ['invalid_scope', 'invalid'],
    ['unauthorized_client', 'invalid'],
  ])('with the error %s mean %s', async (error, failure) => {
    await expect(exchange({ error, error_description: 'secret-in-words' })).rejects.toMatchObject({
      failure,
      message: expect.not.stringContaining('secret-in-words'),
    });
    expect(idp.received.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('with an error still have to prove that they belong to this login', async () => {
    await expect(exchange({ error: 'access_denied', state: 'other' })).rejects.toMatchObject({
      failure: 'invalid',
    });
  });

  test.each(['code', 'state', 'iss', 'error'])('with two %s parameters are invalid', async (name) => {
    const url = new URL(callbackFor(login, { iss: idp.origin }));
    url.searchParams.append(name, 'twice');
    url.searchParams.append(name, 'twice');
    await expect(finish(provider, login, url.href)).rejects.toMatchObject({ failure: 'invalid' });
  });

  test('without a code are invalid', async () => {
    const url = new URL(callbackFor(login));
    url.searchParams.delete('code');
    await expect(finish(provider, login, url.href)).rejects.toMatchObject({ failure: 'invalid' });
  });
});

describe('what is told about a failure', () => {
  test('holds no code, verifier, token, secret or body, however deep one looks', async () => {
    const logged: unknown[] = [];
    const record = (...line: unknown[]): void => void logged.push(line);
    connect({}, { debug: record, info: record, warn: record, error: record });
    const secrets = ['the-code', login.codeVerifier, 'upstream-secret', 'leaked-token', 'body-text'];
    const answers = [
      json({ error: 'invalid_grant', error_description: 'body-text the-code' }, 400),
      json({ access_token: 'leaked-token', token_type: 'mac' }),
      json({ access_token: 'leaked-token', token_type: 'bearer', id_token: 'body-text.body-text.x' }),
      raw('body-text', {}, 500),
      raw('body-text leaked-token'),
      raw('', { location: '/elsewhere?body-text' }, 307),
      json({
        access_token: 'leaked-token',
        token_type: 'bearer',
        id_token: await idp.idToken({ nonce: 'x' }),
      }),
    ];
    const { inspect } = await import('node:util');
    for (const answer of answers) {
      idp.on('/token', answer);
      const error: unknown = await exchange().catch((failure: unknown) => failure);
      const everything = inspect([error, logged], { depth: 20, showHidden: true });
      expect(everything).toContain('UpstreamError');
      for (const secret of secrets) expect(everything).not.toContain(secret);
    }
  });
});
