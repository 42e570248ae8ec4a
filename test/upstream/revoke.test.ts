/** Ending tokens at their provider, in each way that providers have for it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamSettings } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import { finish, newLogin, oauth2Config, oidcConfig } from '../fixtures/upstream.ts';

const both = { accessToken: 'at', refreshToken: 'rt' };
const basic = `Basic ${Buffer.from('sallyport:upstream-secret').toString('base64')}`;
const closing: (() => unknown)[] = [];
let server: HostileServer;

beforeEach(async () => {
  server = await startHostileServer();
  closing.push(() => server.close());
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function connect(revocation: UpstreamSettings['revocation']): UpstreamProvider {
  const settings = { ...standardSettings, profile: 'generic', revocation };
  const config = oauth2Config(server.origin, { settings });
  const provider = createProvider(config, { clock: Date.now, log: silentLog });
  closing.push(() => provider.close());
  return provider;
}

const at = (style: NonNullable<UpstreamSettings['revocation']>['style']): UpstreamProvider =>
  connect({ endpoint: `${server.origin}/revoke`, style });

const forms = (): readonly Record<string, string>[] =>
  server.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));

describe('tokens are ended', () => {
  it('with RFC 7009: the refresh token, then the access token, by our own authentication', async () => {
    server.on('/revoke', raw(''));
    expect(await at('rfc7009').revoke(both)).toBe('revoked');
    expect(forms()).toEqual([
      { token: 'rt', token_type_hint: 'refresh_token' },
      { token: 'at', token_type_hint: 'access_token' },
    ]);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
  });

  it('with RFC 7009, the other way of sending the secret being the one that it knows', async () => {
    server.on('/revoke', ({ headers }, response) => {
      const known = headers.authorization === undefined;
      response.writeHead(known ? 200 : 401).end(known ? '' : '{"error":"invalid_client"}');
    });
    const settings = {
      ...standardSettings,
      profile: 'generic',
      revocation: { endpoint: `${server.origin}/revoke`, style: 'rfc7009' },
    } as const;
    const config = oauth2Config(server.origin, { settings, authMethodGiven: false });
    const provider = createProvider(config, { clock: Date.now, log: silentLog });
    closing.push(() => provider.close());
    expect(await provider.revoke(both)).toBe('revoked');
    expect(forms().map((form) => form['client_secret'])).toEqual([
      undefined,
      'upstream-secret',
      'upstream-secret',
    ]);
  });

  it('with RFC 7009 at a provider that ends refresh tokens only', async () => {
    server.on('/revoke', ({ body }, response) => {
      const refused = body.includes('access_token');
      response.writeHead(refused ? 400 : 200).end(refused ? '{"error":"unsupported_token_type"}' : '');
    });
    expect(await at('rfc7009').revoke(both)).toBe('revoked');
  });

  it('with nothing but a token (Google): one of them ends both, and nobody hears our secret', async () => {
    server.on('/revoke', raw('{}'));
    expect(await at('token_only').revoke(both)).toBe('revoked');
    expect(forms()).toEqual([{ token: 'rt' }]);
    expect(server.received[0]?.headers.authorization).toBeUndefined();
    await at('token_only').revoke({ accessToken: 'at', refreshToken: null });
    expect(forms()[1]).toEqual({ token: 'at' });
  });

  it('with the grant (GitHub)', async () => {
    server.on('/revoke', raw('', {}, 204));
    expect(await at('github_grant').revoke(both)).toBe('revoked');
    const [seen] = server.received;
    expect(seen).toMatchObject({ method: 'DELETE', body: '{"access_token":"at"}' });
    expect(seen?.headers).toMatchObject({ authorization: basic, accept: 'application/vnd.github+json' });
  });

  it('with the token itself (Slack)', async () => {
    server.on('/revoke', json({ ok: true, revoked: true }));
    expect(await at('bearer').revoke(both)).toBe('revoked');
    expect(server.received).toMatchObject([{ method: 'POST', headers: { authorization: 'Bearer at' } }]);
  });

  it.each([
    ['bearer', json({ ok: false, error: 'token_revoked' })],
    ['bearer', json({ ok: false, error: 'invalid_auth' })],
    ['token_only', json({ error: 'invalid_token' }, 400)],
    ['github_grant', json({ message: 'Not Found' }, 404)],
  ] as const)('%s: one that is gone already is no failure', async (style, route) => {
    server.on('/revoke', route);
    expect(await at(style).revoke(both)).toBe('revoked');
  });
});

describe('a revocation that fails', () => {
  it.each([
    ['unavailable', 'a dying server', raw('', {}, 503)],
    ['unavailable', 'a rate limit', json({ ok: false, error: 'ratelimited' })],
    ['misconfigured', 'a client that is not known', json({ error: 'invalid_client' }, 401)],
    ['misconfigured', 'our secret', json({ message: 'Bad credentials' }, 401)],
    ['invalid', 'an odd refusal', json({ error: 'no' }, 400)],
    ['invalid', 'nothing to speak of', raw('<html>', {}, 403)],
  ] as const)('is %s for %s', async (failure, _what, route) => {
    server.on('/revoke', route);
    await expect(at('github_grant').revoke(both)).rejects.toMatchObject({ name: 'UpstreamError', failure });
    await expect(at('rfc7009').revoke(both)).rejects.toMatchObject({ failure });
  });

  it('is worth another try when nobody answers, and tells no token', async () => {
    server.on('/revoke', (_request, response) => void response.destroy());
    const error = await at('token_only')
      .revoke(both)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ failure: 'unavailable' });
    expect(String(error)).not.toMatch(/\brt\b|\bat=/u);
  });

  it('never follows a redirect with the token', async () => {
    const other = await startHostileServer();
    closing.push(() => other.close());
    server.on('/revoke', raw('', { location: `${other.origin}/revoke` }, 307));
    await expect(at('token_only').revoke(both)).rejects.toMatchObject({ failure: 'unavailable' });
    expect(other.received).toEqual([]);
  });
});

describe('where', () => {
  it('is nowhere when nobody knows an endpoint, or the provider has no way', async () => {
    expect(await connect({ endpoint: null, style: 'rfc7009' }).revoke(both)).toBe('impossible');
    expect(await connect(null).revoke(both)).toBe('impossible');
    expect(server.received).toEqual([]);
  });

  it('is what a certified provider\u2019s metadata says; its tokens are worth nothing afterwards', async () => {
    const idp = await startOidcProvider({ configuration: { features: { revocation: { enabled: true } } } });
    closing.push(() => idp.close());
    const provider = createProvider(oidcConfig(idp.issuer), { clock: Date.now, log: silentLog });
    closing.push(() => provider.close());
    const login = newLogin();
    const callback = await idp.signIn(await provider.authorizationUrl(login.request), 'alice');
    const { tokens } = await finish(provider, login, callback);
    expect(await provider.revoke(tokens)).toBe('revoked');
    const refreshToken = tokens.refreshToken ?? '';
    await expect(provider.refresh({ refreshToken, subject: 'alice' })).rejects.toMatchObject({
      failure: 'rejected',
    });
    await expect(
      provider.userinfo({ accessToken: tokens.accessToken, subject: 'alice' }),
    ).rejects.toMatchObject({ failure: 'rejected' });
  });

  it('is not where a document must not lead', async () => {
    const idp = await startHostileOidc();
    closing.push(() => idp.close());
    idp.discover({ revocation_endpoint: 'https://elsewhere.example/revoke' });
    const provider = createProvider(oidcConfig(idp.origin), { clock: Date.now, log: silentLog });
    closing.push(() => provider.close());
    expect(await provider.revoke(both)).toBe('impossible');
  });
});
