/** A provider that is not what it should be: where our secret goes, and what of its words is shown. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OidcUpstreamConfig } from '../../src/config/config.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer, Received } from '../fixtures/hostile-server.ts';
import { oauth2Config, oidcConfig } from '../fixtures/upstream.ts';
import { examine, worst } from './upstream-at.ts';

let idp: HostileOidc;
let stranger: HostileServer;
beforeEach(async () => {
  idp = await startHostileOidc();
  idp.on('/authorize', raw('<title>Sign in</title>'));
  idp.on('/token', json({ error: 'invalid_grant' }, 400));
  stranger = await startHostileServer();
});
afterEach(async () => {
  await idp.close();
  await stranger.close();
});

const secret = 'upstream-secret';
const config = (changes: Partial<OidcUpstreamConfig> = {}): OidcUpstreamConfig =>
  oidcConfig(idp.origin, changes);
const isSecret = ({ headers, body }: Received): boolean =>
  headers.authorization !== undefined || body.includes(secret);
const placesOf = (received: readonly Received[]): readonly string[] =>
  received.filter(isSecret).map(({ method, url }) => `${method} ${url}`);

describe('our secret', () => {
  it('goes to the token endpoint, and nowhere else', async () => {
    const findings = await examine(config());
    expect(placesOf(idp.received)).toEqual(['POST /token']);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%i)', async (status) => {
    idp.on('/token', raw('', { location: '/elsewhere' }, status));
    const found = worst(await examine(config()), 'endpoint');
    expect(found).toMatchObject({ level: 'fail' });
    idp.on('/token', raw('', { location: `${stranger.origin}/token` }, status));
    await examine(config());
    expect(placesOf(idp.received)).toEqual(['POST /token', 'POST /token']);
    expect(stranger.received).toEqual([]);
  });

  it('stays here when the metadata are those of another issuer', async () => {
    idp.discover({ issuer: `${idp.origin}/` });
    expect(worst(await examine(config()), 'discovery')).toMatchObject({ level: 'fail' });
    expect(placesOf(idp.received)).toEqual([]);
  });

  it('stays here when the token endpoint of the metadata is no place for it', async () => {
    for (const endpoint of [
      'http://idp.example.com/token',
      'https://idp.example.com/token',
      'ftp://127.0.0.1/',
    ]) {
      idp.discover({ token_endpoint: endpoint });
      expect(worst(await examine(config()), 'discovery')).toMatchObject({ level: 'fail' });
    }
    expect(placesOf(idp.received)).toEqual([]);
  });

  it('is not taken for accepted because tokens come for nothing', async () => {
    await idp.answerTokens({});
    const found = worst(await examine(config()), 'client-authentication');
    expect(found).toMatchObject({ level: 'fail' });
    expect(found?.message).toContain('a code that nobody issued');
  });
});

describe('the first request of a sign-in', () => {
  it('ends with its answer: no redirect is followed', async () => {
    for (const to of ['/login', `${stranger.origin}/login`]) {
      idp.on('/authorize', raw('', { location: to }, 302));
      expect(worst(await examine(config()), 'authorization-request')).toMatchObject({ level: 'ok' });
    }
    expect(idp.received.map(({ url }) => url)).not.toContain('/login');
    expect(stranger.received).toEqual([]);
  });

  it.each([
    [
      'our redirect URI',
      'http://127.0.0.1:1/oauth/callback?error=invalid_scope&state=s',
      'fail',
      'invalid_scope',
    ],
    [
      'a fragment',
      'http://127.0.0.1:1/oauth/callback#error=unauthorized_client',
      'fail',
      'unauthorized_client',
    ],
    ['a page of its own', '/error?error=redirect_mismatch&client_id=c', 'fail', 'redirect_mismatch'],
    ['a page about errors', '/signin/oauth/error?authError=Cg5p', 'warn', 'a page about an error'],
    [
      'a provider that is busy',
      'http://127.0.0.1:1/oauth/callback?error=server_error',
      'warn',
      'server_error',
    ],
    [
      'a sign-in',
      'http://127.0.0.1:1/oauth/callback?error=login_required',
      'ok',
      'wants somebody to sign in',
    ],
    ['us, with a code', 'http://127.0.0.1:1/oauth/callback?code=c&state=s', 'ok', 'takes our request'],
    ['nowhere', 'http://[', 'fail', 'redirects to nowhere'],
  ])('may be refused by a redirect to %s', async (_name, location, level, message) => {
    idp.on('/authorize', raw('', { location }, 302));
    const found = worst(await examine(config()), 'authorization-request');
    expect(found).toMatchObject({ level, message: expect.stringContaining(message) as string });
  });

  it.each([
    [400, {}, 'authorization-request', 'fail'],
    [403, {}, 'authorization-request', 'fail'],
    [403, { 'cf-mitigated': 'challenge' }, 'authorization-request', 'warn'],
    [404, {}, 'endpoint', 'fail'],
    [429, {}, 'endpoint', 'fail'],
    [500, {}, 'endpoint', 'fail'],
  ])('may be answered with %i', async (status, headers, check, level) => {
    idp.on('/authorize', raw('', headers, status));
    expect(worst(await examine(config()), check)).toMatchObject({ level });
  });
});

describe('an answer to a code that is none', () => {
  it.each([
    [json({ error: 'bad_verification_code' }), 'client-authentication', 'ok'],
    [json({ ok: false, error: 'invalid_code' }), 'client-authentication', 'ok'],
    [json({ error: 'invalid_grant' }, 403), 'client-authentication', 'ok'],
    [json({ error: 'invalid_client' }, 401), 'client-authentication', 'fail'],
    [json({ error: 'incorrect_client_credentials' }), 'client-authentication', 'fail'],
    [json({ error: 'redirect_uri_mismatch' }, 400), 'client-authentication', 'fail'],
    [json({ error: 'unsupported_grant_type' }, 400), 'client-authentication', 'fail'],
    [json({ error: 'invalid_request' }, 400), 'client-authentication', 'warn'],
    [json({ error: 'server_error' }, 400), 'client-authentication', 'warn'],
    [raw('<h1>Not found</h1>', {}, 404), 'endpoint', 'fail'],
    [raw('', {}, 503), 'endpoint', 'fail'],
    [raw('<h1>Welcome</h1>'), 'client-authentication', 'warn'],
  ])('%#', async (route, check, level) => {
    idp.on('/token', route);
    expect(worst(await examine(config()), check)).toMatchObject({ level });
  });
});

describe('what a provider writes', () => {
  const words = 'call 555-0100\u001b[2J now';

  it('is not shown, wherever it writes it', async () => {
    const path = `/${encodeURIComponent('call-555-0100')}`;
    const said = { error: 'invalid_client', error_description: words, error_uri: words, message: words };
    idp.discover({
      jwks_uri: `${idp.origin}${path}`,
      scopes_supported: [words],
      token_endpoint_auth_methods_supported: [words],
      code_challenge_methods_supported: [words],
      grant_types_supported: [words],
      userinfo_endpoint: `${idp.origin}/u`,
    });
    idp.on('/token', json(said, 401));
    const location = `http://127.0.0.1:1/oauth/callback?error=${encodeURIComponent(words)}&error_description=x`;
    idp.on('/authorize', raw('', { location }, 302));
    idp.on(path, (_request, response) => void response.destroy());
    const text = JSON.stringify(await examine(config()));
    // Without blanks and control characters, a word of a list is a code like any other.
    expect(text).not.toMatch(/call 555|\\u001b|\[2J/u);
    expect(text).not.toContain(path);
  });

  it('is no issuer unless it looks like one', async () => {
    for (const issuer of [
      words,
      'javascript:alert(1)',
      `https://idp.example.com/${words}`,
      5,
      ['https://a'],
    ]) {
      idp.discover({ issuer });
      const found = worst(await examine(config()), 'discovery');
      expect(found).toMatchObject({ level: 'fail' });
      expect(found?.message).not.toMatch(/555|javascript|prints/u);
    }
  });

  it('may be of any type', async () => {
    for (const value of [5, 'offline_access', { a: 1 }, [5, null], null]) {
      idp.discover({
        scopes_supported: value,
        token_endpoint_auth_methods_supported: value,
        code_challenge_methods_supported: value,
        grant_types_supported: value,
        subject_types_supported: value,
      });
      expect((await examine(config())).map(({ check }) => check)).toContain('client-authentication');
    }
  });
});

it('a clock that is wrong there is told about', async () => {
  const keys = JSON.stringify({ keys: [idp.publicJwk] });
  const levels = [];
  for (const behind of [0, 60, 3600]) {
    const date = new Date(Date.now() - behind * 1000).toUTCString();
    idp.on('/jwks', raw(keys, { date }));
    levels.push(worst(await examine(config()), 'clock')?.level);
  }
  expect(levels).toEqual(['ok', 'warn', 'fail']);
});

it('plain OAuth 2.0 over plain http on a network is told about', async () => {
  const insecure = oauth2Config('http://10.1.2.3', { insecureAllowHttp: true });
  expect(worst(await examine(insecure), 'plain-http')).toMatchObject({ level: 'warn' });
  expect(worst(await examine(oauth2Config(idp.origin)), 'plain-http')).toBeUndefined();
});
