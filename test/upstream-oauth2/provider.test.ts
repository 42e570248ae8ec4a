import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OAuth2UpstreamConfig } from '../../src/config/config.ts';
import { silentLog } from '../../src/observe/log.ts';
import { Secret } from '../../src/types/secret.ts';
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

function exchange(changes: Record<string, string> = {}): ReturnType<typeof finish> {
  return finish(provider, login, callbackFor(login, changes));
}

async function authorize(changes: Parameters<typeof newLogin>[0] = {}): Promise<URLSearchParams> {
  return new URL(await provider.authorizationUrl(newLogin(changes).request)).searchParams;
}

function lastForm(path = '/token'): Record<string, string> {
  const seen = server.received.findLast(({ url }) => url === path);
  return Object.fromEntries(new URLSearchParams(seen?.body));
}

describe('the authorization request', () => {
  test('has everything of ours, and PKCE always', async () => {
    connect({ scopes: ['read:user', 'repo'] });
    const url = new URL(await provider.authorizationUrl(login.request));
    expect(`${url.origin}${url.pathname}`).toBe(`${server.origin}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'sallyport',
      redirect_uri: oauth2Config('').redirectUri,
      scope: 'read:user repo',
      state: login.request.state,
      code_challenge: login.request.codeChallenge,
      code_challenge_method: 'S256',
    });
  });

  test('names no scope when none is configured', async () => {
    expect((await authorize()).has('scope')).toBe(false);
    expect(provider.scopes).toEqual([]);
  });

  test('keeps the query of the endpoint', async () => {
    connect({ authorizationEndpoint: `${server.origin}/authorize?tenant=a%20b` });
    expect((await authorize()).get('tenant')).toBe('a b');
  });

  test('takes parameters from configuration, but none of ours', async () => {
    const reserved = {
      response_type: 'token',
      client_id: 'x',
      redirect_uri: 'https://attacker.example',
      scope: 'admin',
      state: 'x',
      nonce: 'x',
      code_challenge: 'x',
      code_challenge_method: 'plain',
    };
    connect({ additionalAuthorizationParams: { access_type: 'offline', audience: 'api', ...reserved } });
    const query = await authorize();
    expect(query.get('access_type')).toBe('offline');
    expect(query.get('audience')).toBe('api');
    for (const [name, value] of Object.entries(reserved)) expect(query.getAll(name)).not.toContain(value);
  });

  test('passes on prompt, max_age and login_hint', async () => {
    const query = await authorize({ prompt: 'login', maxAge: 0, loginHint: 'alice@example.com' });
    expect(query.get('prompt')).toBe('login');
    expect(query.get('max_age')).toBe('0');
    expect(query.get('login_hint')).toBe('alice@example.com');
  });

  test('unites the prompt of the client with the configured one', async () => {
    connect({ additionalAuthorizationParams: { prompt: 'consent' } });
    expect((await authorize()).get('prompt')).toBe('consent');
    expect((await authorize({ prompt: 'select_account' })).get('prompt')).toBe('select_account consent');
    connect({ additionalAuthorizationParams: { prompt: 'none' } });
    expect((await authorize({ prompt: 'login' })).get('prompt')).toBe('login');
  });
});

describe('the code exchange', () => {
  test('sends the code, the verifier and the same redirect URI', async () => {
    await exchange();
    expect(lastForm()).toEqual({
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: oauth2Config('').redirectUri,
      code_verifier: login.codeVerifier,
    });
    expect(server.received[0]?.headers).toMatchObject({
      accept: 'application/json',
      authorization: `Basic ${Buffer.from('sallyport:upstream-secret').toString('base64')}`,
    });
  });

  test('sends the secret in the body, or none, as configured', async () => {
    connect({ authMethod: 'client_secret_post', clientSecret: new Secret('s:e c+') });
    await exchange();
    expect(lastForm()).toMatchObject({ client_id: 'sallyport', client_secret: 's:e c+' });
    expect(server.received[0]?.headers.authorization).toBeUndefined();
    connect({ authMethod: 'none', clientSecret: null });
    await exchange();
    expect(lastForm()).toMatchObject({ client_id: 'sallyport' });
    expect(lastForm()).not.toHaveProperty('client_secret');
  });

  test('ignores an issuer that nobody configured', async () => {
    await expect(exchange({ iss: 'https://github.com/login/oauth' })).resolves.toBeDefined();
  });

  test.each([
    ['a state of another login', { state: 'other' }, 'invalid'],
    ['access_denied', { error: 'access_denied' }, 'denied'],
    ['temporarily_unavailable', { error: 'temporarily_unavailable' }, 'unavailable'],
    ['an unknown error', { error: 'application_suspended' }, 'invalid'],
  ])('does not happen after a callback with %s', async (_what, changes, failure) => {
    await expect(exchange(changes)).rejects.toMatchObject({ failure });
    expect(server.received).toEqual([]);
  });

  test('never follows a redirect with the secret', async () => {
    const other = await startHostileServer();
    server.on('/token', raw('', { location: `${other.origin}/token` }, 307));
    await expect(exchange()).rejects.toMatchObject({ failure: 'unavailable' });
    expect(other.received).toEqual([]);
    await other.close();
  });
});

describe('token answers', () => {
  test('may be form-encoded, as GitHub answers', async () => {
    server.on(
      '/token',
      raw('access_token=gho_x&scope=repo%2Cuser&token_type=bearer', {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      }),
    );
    const { tokens } = await exchange();
    expect(tokens).toEqual({
      accessToken: 'gho_x',
      refreshToken: null,
      idToken: null,
      expiresAt: 'unknown',
      scopes: ['repo', 'user'],
    });
  });

  test('may be JSON under any name', async () => {
    for (const type of ['text/plain', 'text/javascript; charset=UTF-8', '']) {
      server.on(
        '/token',
        raw('\n{"access_token":"a","token_type":"Bearer"}', type === '' ? {} : { 'content-type': type }),
      );
      expect((await exchange()).tokens.accessToken).toBe('a');
    }
  });

  test('may come with status 201', async () => {
    server.on('/token', json({ access_token: 'a', token_type: 'BEARER' }, 201));
    await expect(exchange()).resolves.toMatchObject({ tokens: { accessToken: 'a' } });
  });

  test.each<[unknown, number | 'unknown']>([
    [3600, now + 3_600_000],
    ['28800', now + 28_800_000],
    [59.9, now + 59_000],
    [undefined, 'unknown'],
    [0, 'unknown'],
    ['0', 'unknown'],
    [-1, 'unknown'],
    ['-5', 'unknown'],
    ['soon', 'unknown'],
    ['', 'unknown'],
    [null, 'unknown'],
    [1e300, 'unknown'],
    [{}, 'unknown'],
  ])('with expires_in %j end at %j', async (expires_in, expected) => {
    server.on('/token', json({ access_token: 'a', token_type: 'bearer', expires_in }));
    expect((await exchange()).tokens.expiresAt).toBe(expected);
  });

  test.each<[unknown, readonly string[]]>([
    ['repo user', ['repo', 'user']],
    ['repo,user', ['repo', 'user']],
    ['repo, user,repo', ['repo', 'user']],
    [undefined, ['asked']],
    ['', ['asked']],
    [['repo'], ['asked']],
  ])('with scope %j grant %j', async (scope, expected) => {
    connect({ scopes: ['asked'] });
    server.on('/token', json({ access_token: 'a', token_type: 'bearer', scope }));
    expect((await exchange()).tokens.scopes).toEqual(expected);
  });

  test('lose an ID token that nothing here could verify', async () => {
    server.on('/token', json({ access_token: 'a', token_type: 'bearer', id_token: 'e30.e30.x' }));
    expect((await exchange()).tokens.idToken).toBeNull();
  });

  test.each([
    ['an error under status 200', json({ error: 'bad_verification_code' }), 'rejected'],
    ['a Slack error', json({ ok: false, error: 'invalid_code' }), 'rejected'],
    ['a form-encoded error', raw('error=bad_verification_code&error_description=x'), 'rejected'],
    ['invalid_grant', json({ error: 'invalid_grant' }, 400), 'rejected'],
    ['invalid_grant with status 403 (Atlassian)', json({ error: 'invalid_grant' }, 403), 'rejected'],
    ['invalid_client', json({ error: 'invalid_client' }, 401), 'misconfigured'],
    ['temporarily_unavailable', json({ error: 'temporarily_unavailable' }, 400), 'unavailable'],
    ['invalid_grant from a dying server', json({ error: 'invalid_grant' }, 500), 'unavailable'],
    ['a rate limit', json({ error: 'rate_limited' }, 429), 'unavailable'],
    ['a firewall page', raw('<html>no</html>', { 'content-type': 'text/html' }, 403), 'unavailable'],
    ['a page under status 200', raw('<html>x=y</html>', { 'content-type': 'text/html' }), 'invalid'],
    ['plain words', raw('it works'), 'invalid'],
    ['nothing', raw(''), 'invalid'],
    ['a list', json([{ access_token: 'a' }]), 'invalid'],
    ['broken JSON', raw('{"access_token":'), 'invalid'],
    ['no access token', json({ token_type: 'bearer' }), 'invalid'],
    ['an empty access token', json({ access_token: '', token_type: 'bearer' }), 'invalid'],
    ['an access token that is no text', json({ access_token: 7, token_type: 'bearer' }), 'invalid'],
    ['no token type', json({ access_token: 'a' }), 'invalid'],
    ['another token type', json({ access_token: 'a', token_type: 'mac' }), 'invalid'],
    ['a token type that needs a proof', json({ access_token: 'a', token_type: 'DPoP' }), 'invalid'],
  ])('that are %s fail', async (_what, route, failure) => {
    server.on('/token', route);
    await expect(exchange()).rejects.toMatchObject({ name: 'UpstreamError', upstream: 'corp', failure });
  });

  test('that are too large, or never come, are an outage', async () => {
    server.on('/token', raw(`{"access_token":"${'a'.repeat(2 << 20)}"}`));
    await expect(exchange()).rejects.toMatchObject({ failure: 'unavailable' });
    server.on('/token', (_request, response) => void response.destroy());
    await expect(exchange()).rejects.toMatchObject({ failure: 'unavailable' });
  });
});

describe('refreshing', () => {
  const refresh = (): ReturnType<UpstreamProvider['refresh']> =>
    provider.refresh({ refreshToken: 'rt', subject: 'alice' });

  test('repeats the scopes and sends nothing of a code exchange', async () => {
    connect({ scopes: ['api://x/read', 'offline_access'] });
    const { tokens, identity, subjectMismatch } = await refresh();
    expect(lastForm()).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'rt',
      scope: 'api://x/read offline_access',
    });
    expect(tokens).toMatchObject({ accessToken: 'at', refreshToken: null });
    expect({ identity, subjectMismatch }).toEqual({ identity: null, subjectMismatch: false });
  });

  test.each(['invalid_scope', 'invalid_request'])('is repeated without scopes after %s', async (error) => {
    connect({ scopes: ['api'] });
    server.on('/token', ({ body }, response) => {
      const refused = new URLSearchParams(body).has('scope');
      const answer = refused ? { error } : { access_token: 'at2', token_type: 'bearer' };
      response.writeHead(refused ? 400 : 200).end(JSON.stringify(answer));
    });
    expect((await refresh()).tokens.accessToken).toBe('at2');
    expect(server.received).toHaveLength(2);
  });

  test('is not repeated when the refresh token itself is refused', async () => {
    connect({ scopes: ['api'] });
    server.on('/token', json({ error: 'invalid_grant' }, 400));
    await expect(refresh()).rejects.toMatchObject({ failure: 'rejected' });
    expect(server.received).toHaveLength(1);
  });

  test('is not repeated without scopes when there were none', async () => {
    server.on('/token', json({ error: 'invalid_scope' }, 400));
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    expect(server.received).toHaveLength(1);
  });
});

test('a provider of plain OAuth 2.0 is always ready: it has nothing to discover', () => {
  connect({ tokenEndpoint: 'https://idp.invalid/token' });
  expect(provider.notReady()).toBeNull();
});
