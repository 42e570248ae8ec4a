/** Which issuers and subjects are admitted: Entra ID's tenants, Google's second spelling, subjects of several claims. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OidcUpstreamConfig } from '../../src/config/config.ts';
import type { IssuerRule, UpstreamSettings } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../src/upstream/provider.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oidcConfig } from '../fixtures/upstream.ts';

const ours = '11111111-2222-4333-8444-555555555555';
const theirs = '99999999-8888-4777-8666-555555555555';
let idp: HostileOidc;
let provider: UpstreamProvider | null = null;

beforeEach(async () => {
  idp = await startHostileOidc();
});
afterEach(async () => {
  provider?.close();
  await idp.close();
});

function connect(
  settings: Partial<UpstreamSettings>,
  changes: Partial<OidcUpstreamConfig> = {},
): UpstreamProvider {
  provider?.close();
  provider = createProvider(
    oidcConfig(idp.origin, {
      settings: { ...standardSettings, profile: 'generic', ...settings },
      ...changes,
    }),
    { clock: Date.now, log: silentLog },
  );
  return provider;
}

/** Signs in with an ID token of these claims. */
async function signIn(
  by: UpstreamProvider,
  claims: Record<string, unknown>,
  callback: Record<string, string> = {},
): Promise<UpstreamLogin> {
  const login = newLogin();
  await idp.answerTokens({ nonce: login.request.nonce, ...claims });
  return finish(by, login, callbackFor(login, callback));
}

const tenantRule = (tenants: readonly string[] | null): IssuerRule => ({
  kind: 'tenant',
  template: `${idp.origin}/{tenantid}/v2.0`,
  tenants,
});
const issuerOf = (tenant: string): string => `${idp.origin}/${tenant}/v2.0`;

describe('a provider of many tenants', () => {
  beforeEach(() => idp.discover({ issuer: `${idp.origin}/{tenantid}/v2.0` }));

  it('signs in people of every tenant, when all are admitted', async () => {
    const by = connect({ issuerRule: tenantRule(null) });
    for (const tid of [ours, theirs])
      await expect(signIn(by, { iss: issuerOf(tid), tid })).resolves.toMatchObject({
        identity: { subject: 'alice' },
      });
  });

  it('signs in people of the admitted tenants only, however they are spelt', async () => {
    const by = connect({ issuerRule: tenantRule([ours.toUpperCase()]) });
    await expect(signIn(by, { iss: issuerOf(ours), tid: ours })).resolves.toBeDefined();
    await expect(signIn(by, { iss: issuerOf(theirs), tid: theirs })).rejects.toMatchObject({
      failure: 'invalid',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['no tenant', { tid: undefined }],
    ['an issuer of another tenant', { tid: ours, iss: `/${theirs}/v2.0` }],
    ['the template itself', { tid: '{tenantid}', iss: '/{tenantid}/v2.0' }],
    ['a path for a tenant', { tid: `${ours}/x`, iss: `/${ours}/x/v2.0` }],
    ['a name for a tenant', { tid: 'contoso.com', iss: '/contoso.com/v2.0' }],
    ['a list of tenants', { tid: [ours], iss: `/${ours}/v2.0` }],
    ['the issuer of the first version', { tid: ours, iss: `/${ours}/` }],
  ])('signs in nobody whose token has %s', async (_what, claims) => {
    const by = connect({ issuerRule: tenantRule(null) });
    const iss = typeof claims['iss'] === 'string' ? `${idp.origin}${claims['iss']}` : issuerOf(ours);
    await expect(signIn(by, { ...claims, iss })).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('may have issuers of the first version, where the template says so', async () => {
    const template = 'https://sts.windows.net/{tenantid}/';
    idp.discover({ issuer: template });
    const by = connect({ issuerRule: { kind: 'tenant', template, tenants: [ours] } });
    const iss = `https://sts.windows.net/${ours}/`;
    await expect(signIn(by, { iss, tid: ours })).resolves.toBeDefined();
    await expect(signIn(by, { iss, tid: theirs })).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('whose document is of one tenant speaks for that one', async () => {
    idp.discover({ issuer: issuerOf(ours) });
    const by = connect({ issuerRule: tenantRule(null) });
    await expect(signIn(by, { iss: issuerOf(ours), tid: ours })).resolves.toBeDefined();
    await expect(signIn(by, { iss: issuerOf(theirs), tid: theirs })).rejects.toMatchObject({
      failure: 'invalid',
    });
  });

  it('is not used when its document is of a tenant that is not admitted, or of nobody', async () => {
    for (const issuer of [
      issuerOf(theirs),
      `${idp.origin}/v2.0`,
      'https://attacker.example/{tenantid}/v2.0',
    ]) {
      idp.discover({ issuer });
      const by = connect({ issuerRule: tenantRule([ours]) });
      await expect(by.authorizationUrl(newLogin().request)).rejects.toMatchObject({ name: 'UpstreamError' });
    }
  });

  it('may name the tenant in the callback, and nobody else', async () => {
    const by = connect({ issuerRule: tenantRule([ours]) });
    const claims = { iss: issuerOf(ours), tid: ours };
    await expect(signIn(by, claims, { iss: issuerOf(ours) })).resolves.toBeDefined();
    for (const iss of [issuerOf(theirs), 'https://attacker.example'])
      await expect(signIn(by, claims, { iss })).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('signs each token with a key that is meant for its tenant', async () => {
    const keyed = (issuer: string): void => idp.on('/jwks', json({ keys: [{ ...idp.publicJwk, issuer }] }));
    keyed(issuerOf(theirs));
    const claims = { iss: issuerOf(ours), tid: ours };
    await expect(signIn(connect({ issuerRule: tenantRule(null) }), claims)).rejects.toMatchObject({
      failure: 'invalid',
    });
    for (const issuer of [issuerOf(ours), `${idp.origin}/{tenantid}/v2.0`]) {
      keyed(issuer);
      await expect(signIn(connect({ issuerRule: tenantRule(null) }), claims)).resolves.toBeDefined();
    }
  });
});

describe('a provider with two spellings of its issuer', () => {
  const issuers = ['idp.example.com'];

  it('may use the other one in a token and in a callback, and no third', async () => {
    const by = connect({ issuerRule: { kind: 'also', issuers } });
    await expect(signIn(by, { iss: idp.origin })).resolves.toBeDefined();
    await expect(signIn(by, { iss: 'idp.example.com' }, { iss: 'idp.example.com' })).resolves.toBeDefined();
    await expect(signIn(by, { iss: 'https://idp.example.com' })).rejects.toMatchObject({
      failure: 'invalid',
    });
    await expect(signIn(by, {}, { iss: 'https://attacker.example' })).rejects.toMatchObject({
      failure: 'invalid',
    });
  });

  it('may use the other one in its document', async () => {
    const other = `${idp.origin}/`;
    idp.discover({ issuer: other });
    await expect(
      signIn(connect({ issuerRule: { kind: 'also', issuers: [other] } }), { iss: other }),
    ).resolves.toBeDefined();
    await expect(connect({}).authorizationUrl(newLogin().request)).rejects.toThrow(/slash/u);
  });
});

describe('a subject of several claims', () => {
  const settings = { subjectClaims: ['tid', 'oid'] };

  it('is readable, and no two lists of values make the same', async () => {
    const by = connect(settings);
    expect((await signIn(by, { tid: ours, oid: theirs })).identity.subject).toBe(`${ours}:${theirs}`);
    const seen = new Set<string>();
    const pairs = [
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a%3Ab', 'c'],
      ['a', 'b%3Ac'],
      ['a:', 'b:c'],
      ['a::b', 'c'],
    ];
    for (const [tid, oid] of pairs) seen.add((await signIn(by, { tid, oid })).identity.subject);
    expect(seen.size).toBe(pairs.length);
  });

  it.each([
    ['a part is missing', { tid: ours }],
    ['a part is empty', { tid: ours, oid: '' }],
    ['a part is a number', { tid: ours, oid: 7 }],
    ['only sub is there', {}],
  ])('is none when %s', async (_what, claims) => {
    await expect(signIn(connect(settings), claims)).rejects.toThrow(/no usable claim "(?:tid|oid)"/u);
  });

  it('is invalid when a part has half a character, which no encoding has', async () => {
    const claims = { tid: ours, oid: 'x\ud800' };
    await expect(signIn(connect(settings), claims)).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('is compared whole at a refresh', async () => {
    const by = connect(settings);
    const refreshed = async (claims: Record<string, unknown>): Promise<boolean> => {
      await idp.answerTokens(claims, { refresh_token: 'rt2' });
      return (await by.refresh({ refreshToken: 'rt', subject: `${ours}:alice` })).subjectMismatch;
    };
    expect(await refreshed({ tid: ours, oid: 'alice' })).toBe(false);
    expect(await refreshed({ tid: theirs, oid: 'alice' })).toBe(true);
    expect(await refreshed({ tid: ours, oid: 'bob' })).toBe(true);
  });

  it('is told by userinfo only when it has every part', async () => {
    idp.discover({ userinfo_endpoint: `${idp.origin}/userinfo` });
    const by = connect(settings);
    const ask = (body: unknown): ReturnType<UpstreamProvider['userinfo']> => {
      idp.on('/userinfo', json(body));
      return by.userinfo({ accessToken: 'at', subject: `${ours}:alice` });
    };
    expect(await ask({ sub: 'x', tid: ours, oid: 'alice' })).toMatchObject({ subject: `${ours}:alice` });
    expect(await ask({ sub: 'x', tid: theirs, oid: 'alice' })).toBe('other');
    expect(await ask({ sub: `${ours}:alice`, oid: 'alice' })).toBeNull();
  });
});

describe('an e-mail', () => {
  it.each([
    [{}, true, true],
    [{}, 'true', false],
    [{}, undefined, false],
    [{ emailVerifiedText: true }, 'true', true],
    [{ emailVerifiedText: true }, 'TRUE', false],
    [{ emailVerifiedText: true }, 'false', false],
    [{ emailVerifiedText: true }, undefined, false],
    [{ emailVerifiedUntold: true }, undefined, true],
    [{ emailVerifiedUntold: true }, false, false],
    [{ emailVerifiedUntold: true }, null, false],
    [{ emailVerifiedUntold: true }, 'true', false],
  ] as const)(
    'with the settings %j and email_verified %j is verified: %j',
    async (settings, email_verified, expected) => {
      expect((await signIn(connect(settings), { email_verified })).identity.emailVerified).toBe(expected);
    },
  );
});
