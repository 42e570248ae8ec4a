/** A provider, or whoever sits in its place, that wants our secrets elsewhere or people to be somebody else. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAccessPolicy } from '../../src/upstream/access/policy.ts';
import type { OAuth2UpstreamConfig, OidcUpstreamConfig } from '../../src/config/config.ts';
import type { RevocationStyle, UpstreamSettings } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import { isSyntheticSubject, subjectOf } from '../../src/upstream/identity.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../src/upstream/provider.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oauth2Config, oidcConfig } from '../fixtures/upstream.ts';

let idp: HostileOidc;
let elsewhere: HostileServer;
const providers: UpstreamProvider[] = [];

beforeEach(async () => {
  idp = await startHostileOidc();
  elsewhere = await startHostileServer();
  for (const path of ['/token', '/user', '/revoke'])
    elsewhere.on(path, json({ access_token: 'theirs', token_type: 'bearer', sub: 'admin' }));
});
afterEach(async () => {
  for (const one of providers.splice(0)) one.close();
  await Promise.all([idp.close(), elsewhere.close()]);
});

function keep(provider: UpstreamProvider): UpstreamProvider {
  providers.push(provider);
  return provider;
}

const settingsOf = (changes: Partial<UpstreamSettings>): UpstreamSettings => ({
  ...standardSettings,
  profile: 'generic',
  ...changes,
});

function oidc(
  settings: Partial<UpstreamSettings> = {},
  changes: Partial<OidcUpstreamConfig> = {},
): UpstreamProvider {
  const config = oidcConfig(idp.origin, { settings: settingsOf(settings), ...changes });
  return keep(createProvider(config, { clock: Date.now, log: silentLog }));
}

function oauth2(
  settings: Partial<UpstreamSettings> = {},
  changes: Partial<OAuth2UpstreamConfig> = {},
): UpstreamProvider {
  const config = oauth2Config(idp.origin, { settings: settingsOf(settings), ...changes });
  return keep(createProvider(config, { clock: Date.now, log: silentLog }));
}

function signIn(provider: UpstreamProvider): Promise<UpstreamLogin> {
  const login = newLogin();
  return finish(provider, login, callbackFor(login));
}

describe('a redirect to another host carries no code, verifier, token or secret there', () => {
  const statuses = [301, 302, 303, 307, 308] as const;
  const styles: readonly RevocationStyle[] = ['rfc7009', 'token_only', 'github_grant', 'bearer'];

  it.each(statuses)('%i from the token endpoint', async (status) => {
    idp.on('/token', raw('', { location: `${elsewhere.origin}/token` }, status));
    for (const by of [oauth2(), oidc()]) {
      await expect(signIn(by)).rejects.toMatchObject({ failure: 'unavailable' });
      await expect(by.refresh({ refreshToken: 'rt', subject: 'alice' })).rejects.toMatchObject({
        failure: 'unavailable',
      });
    }
    expect(elsewhere.received).toEqual([]);
  });

  it.each(statuses)('%i from userinfo and from the revocation endpoint', async (status) => {
    for (const path of ['/user', '/revoke'])
      idp.on(path, raw('', { location: `${elsewhere.origin}${path}` }, status));
    await expect(oauth2().userinfo({ accessToken: 'at', subject: 'alice' })).rejects.toMatchObject({
      failure: 'unavailable',
    });
    for (const style of styles) {
      const by = oauth2({ revocation: { endpoint: `${idp.origin}/revoke`, style } });
      await expect(by.revoke({ accessToken: 'at', refreshToken: 'rt' })).rejects.toMatchObject({
        failure: 'unavailable',
      });
    }
    expect(elsewhere.received).toEqual([]);
  });

  it.each([
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:a00:1]',
    'http://[64:ff9b::7f00:1]',
    'http://[fe80::1]',
    'http://0x7f000001',
    'http://2130706433',
    'http://0.0.0.0',
    'http://localhost',
  ])('%s, which is this machine or near it', async (host) => {
    idp.on('/user', raw('', { location: `${host}:${elsewhere.port}/user` }, 302));
    await expect(oauth2().userinfo({ accessToken: 'at', subject: 'alice' })).rejects.toMatchObject({
      failure: 'unavailable',
    });
    expect(elsewhere.received).toEqual([]);
  });
});

describe('nobody becomes somebody else', () => {
  it('by an ID token for another client, or of another tenant', async () => {
    const ours = '11111111-2222-4333-8444-555555555555';
    const theirs = '99999999-8888-4777-8666-555555555555';
    const template = `${idp.origin}/{tenantid}/v2.0`;
    idp.discover({ issuer: template });
    const by = oidc({
      issuerRule: { kind: 'tenant', template, tenants: [ours] },
      subjectClaims: ['tid', 'oid'],
    });
    const token = async (claims: Record<string, unknown>): Promise<string> => {
      const login = newLogin();
      await idp.answerTokens({ nonce: login.request.nonce, oid: 'admin', ...claims });
      return (await finish(by, login, callbackFor(login))).identity.subject;
    };
    const iss = `${idp.origin}/${ours}/v2.0`;
    await expect(token({ iss, tid: ours })).resolves.toBe(`${ours}:admin`);
    await expect(token({ iss, tid: ours, aud: 'another-client' })).rejects.toMatchObject({
      failure: 'invalid',
    });
    await expect(token({ iss, tid: theirs })).rejects.toMatchObject({ failure: 'invalid' });
    await expect(token({ iss: `${idp.origin}/${theirs}/v2.0`, tid: theirs })).rejects.toMatchObject({
      failure: 'invalid',
    });
    await expect(token({ iss: `${idp.origin}/${theirs}/v2.0`, tid: ours })).rejects.toMatchObject({
      failure: 'invalid',
    });
  });

  it('by a userinfo that is about another subject', async () => {
    const userinfo = oauth2Config(idp.origin).userinfo;
    idp.on('/user', json({ sub: 'admin', email: 'admin@example.com', email_verified: true }));
    const by = oidc({}, { userinfo });
    const login = newLogin();
    await idp.answerTokens({ nonce: login.request.nonce });
    await expect(finish(by, login, callbackFor(login))).rejects.toMatchObject({ failure: 'invalid' });
    expect(await by.userinfo({ accessToken: 'at', subject: 'alice' })).toBe('other');
    expect(await oauth2().userinfo({ accessToken: 'at', subject: 'alice' })).toBe('other');
  });

  it('by a token answer whose members are inherited, or nested where none should be', async () => {
    const by = oauth2({ identityFromToken: { subject: 'user.id', name: null, email: null } });
    for (const user of [
      '{"__proto__":{"id":"admin"}}',
      '{"constructor":{"prototype":{"id":"admin"}}}',
      '["admin"]',
      '"admin"',
    ]) {
      idp.on('/token', raw(`{"access_token":"at","token_type":"bearer","user":${user}}`));
      await expect(signIn(by)).rejects.toMatchObject({ failure: 'invalid' });
    }
    expect(({} as { id?: string }).id).toBeUndefined();
    // A name that nothing else in the process uses: everything inherits it for a moment.
    const inherited = 'inherited_member';
    const careless = oauth2({ identityFromToken: { subject: `user.${inherited}`, name: null, email: null } });
    // oxlint-disable-next-line no-extend-native -- what other code may have done to every object is the attack
    Object.defineProperty(Object.prototype, inherited, { value: 'admin', configurable: true });
    try {
      idp.on('/token', raw('{"access_token":"at","token_type":"bearer","user":{}}'));
      await expect(signIn(careless)).rejects.toMatchObject({ failure: 'invalid' });
    } finally {
      Reflect.deleteProperty(Object.prototype, inherited);
    }
  });

  it('by a subject made from a token: it matches no rule, and is no account of anybody', async () => {
    idp.on('/token', json({ access_token: 'at', token_type: 'bearer' }));
    const { identity } = await signIn(oauth2({}, { userinfo: null }));
    expect(identity).toMatchObject({ synthetic: true, email: null, emailVerified: false, claims: {} });
    expect(isSyntheticSubject(identity.subject)).toBe(true);
    expect(subjectOf('corp', identity.subject)).toBe(identity.subject);
    const rules = [{ subjects: [identity.subject] }];
    const policy = await createAccessPolicy({ access: rules, upstreams: [] });
    const question = { identity, client: { id: 'app', name: null }, resource: 'https://mcp.example.com/mcp' };
    expect(policy.decide(question)).toMatchObject({ allowed: false });
    // Nobody else can take its form, wherever a subject comes from.
    const { subject } = identity;
    idp.on('/token', json({ access_token: 'at', token_type: 'bearer', id: subject }));
    idp.on('/user', json({ sub: subject }));
    const paths = { subject: 'id', name: null, email: null };
    for (const by of [oauth2(), oauth2({ identityFromToken: paths })])
      await expect(signIn(by)).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('by an e-mail that another field, another source or a text calls verified', async () => {
    idp.on('/token', json({ access_token: 'at', token_type: 'bearer' }));
    const userinfo = { ...oauth2Config(idp.origin).userinfo, emailFields: ['mail', 'email'] };
    const verified = async (body: unknown): Promise<boolean> => {
      idp.on('/user', json(body));
      const full = {
        endpoint: `${idp.origin}/user`,
        method: 'GET',
        additionalHeaders: {},
        nameFields: [],
      } as const;
      const by = oauth2(
        {},
        { userinfo: { ...full, subjectFields: ['sub'], emailFields: userinfo.emailFields } },
      );
      return (await signIn(by)).identity.emailVerified;
    };
    expect(await verified({ sub: 'a', email: 'a@example.com', email_verified: true })).toBe(true);
    expect(await verified({ sub: 'a', mail: 'admin@example.com', email_verified: true })).toBe(false);
    expect(await verified({ sub: 'a', email: 'a@example.com', email_verified: 'true' })).toBe(false);
    expect(await verified({ sub: 'a', email: 'a@example.com', email_verified: 1 })).toBe(false);
  });
});

describe('what a provider writes in a refusal', () => {
  it('goes nowhere but into the table, however long it is', async () => {
    const many = Array.from({ length: 50_000 }, (_none, index) => `AADSTS${10_000 + index}`);
    const error_description = `AADSTS700082 rt-secret ${many.join(' ')}`;
    const error_codes = [700082, ...Array.from({ length: 50_000 }, (_none, index) => index)];
    idp.on('/token', json({ error: 'invalid_grant', error_description, error_codes }, 400));
    const by = oauth2();
    const failure = await by
      .refresh({ refreshToken: 'rt-secret', subject: 'a' })
      .catch((error: unknown) => error);
    expect(String(failure)).toBe('UpstreamError: token endpoint: invalid_grant AADSTS700082 AADSTS0 AADSTS1');
  });

  it('cannot make a user\u2019s dead connection look like ours, and so keep them from signing in again', async () => {
    // Only what is known to be about us is; a code that a provider made up ends the connection.
    idp.on(
      '/token',
      json({ error: 'client_is_fine_token_is_not', error_description: 'invalid_client' }, 401),
    );
    await expect(oauth2().refresh({ refreshToken: 'rt', subject: 'a' })).rejects.toMatchObject({
      failure: 'rejected',
    });
  });
});
