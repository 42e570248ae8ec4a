/** One mistake each: the doctor says it when it is there, and does not when it is not. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Level } from '../../src/doctor/finding.ts';
import type { PresetName, ProviderSimulator, Quirks } from '../../src/testing/index.ts';
import type { Json } from '../run-config/fixture.ts';
import { configAt, examine, startProvider, worst } from './upstream-at.ts';

let provider: ProviderSimulator | undefined;
afterEach(async () => provider?.close());

const oidc = { profile: 'generic-oidc', issuer_url: 'https://idp.example.com' };
const plain = {
  profile: 'generic-oauth2',
  authorization_endpoint: 'https://idp.example.com/authorize',
  token_endpoint: 'https://idp.example.com/token',
  userinfo: { endpoint_url: 'https://idp.example.com/userinfo' },
};
const okta = { profile: 'okta', domain: 'example.okta.com' };
const tenants = { profile: 'entra', tenant: 'organizations' };

interface Mistake {
  readonly preset?: PresetName;
  readonly fields?: Json;
  /** In the configuration. */
  readonly changes?: Json;
  /** At the provider. */
  readonly quirks?: Partial<Quirks>;
  readonly redirectUris?: string[];
  readonly given?: string;
  readonly check: string;
  readonly level: Level;
  readonly message: RegExp;
  readonly fix: RegExp;
}

const mistakes: Readonly<Record<string, Mistake>> = {
  'an issuer that the provider prints with a slash': {
    quirks: { issuerTrailingSlash: true },
    changes: {},
    check: 'discovery',
    level: 'fail',
    message: /prints http:\/\/127\.0\.0\.1:\d+\/; only the slash/u,
    fix: /^write issuer_url: http:\/\/127\.0\.0\.1:\d+\/$/u,
  },
  'the issuer of somebody else': {
    quirks: { documentIssuer: 'https://other.example.com' },
    check: 'discovery',
    level: 'fail',
    message: /the provider prints https:\/\/other\.example\.com$/u,
    fix: /if that is your provider/u,
  },
  'an issuer for all tenants without a template': {
    quirks: { documentIssuer: '{origin}/{tenantid}/v2.0' },
    check: 'discovery',
    level: 'fail',
    message: /prints http:\S+\/\{tenantid\}\/v2\.0/u,
    fix: /issuer_template/u,
  },
  'PKCE that is not S256': {
    quirks: { metadataOmits: ['code_challenge_methods_supported'] },
    check: 'pkce',
    level: 'warn',
    message: /does not say that it knows PKCE/u,
    fix: /pkce: never/u,
  },
  'a method that it does not take': {
    quirks: { clientAuthentication: ['private_key_jwt'] },
    changes: { token_endpoint_auth_method: 'client_secret_basic' },
    check: 'auth-method',
    level: 'fail',
    message: /takes private_key_jwt, and we would use client_secret_basic/u,
    fix: /token_endpoint_auth_method/u,
  },
  'scopes that it does not list': {
    changes: { scopes: ['openid', 'profile', 'mail'] },
    check: 'scopes',
    level: 'warn',
    message: /does not list mail among/u,
    fix: /spelled/u,
  },
  'a scope that Google refuses': {
    preset: 'google',
    fields: { profile: 'google' },
    changes: { scopes: ['openid', 'email', 'offline_access'] },
    check: 'scopes',
    level: 'fail',
    message: /Google refuses offline_access/u,
    fix: /take offline_access out of scopes/u,
  },
  'a parameter that Google needs for refresh tokens': {
    preset: 'google',
    fields: { profile: 'google' },
    changes: { additional_authorization_params: { access_type: 'online' } },
    check: 'refresh',
    level: 'warn',
    message: /do not send access_type=offline/u,
    fix: /access_type: offline into additional_authorization_params/u,
  },
  'a scope that Okta needs for refresh tokens': {
    preset: 'okta-org',
    fields: okta,
    changes: { scopes: ['openid', 'profile', 'email'] },
    check: 'refresh',
    level: 'warn',
    message: /do not ask for offline_access.*grant type is off/u,
    fix: /add offline_access to its scopes/u,
  },
  'a redirect URI that is not registered': {
    redirectUris: ['https://mcp.example.com/callback'],
    check: 'authorization-request',
    level: 'fail',
    message: /error page \(400\)/u,
    fix: /https:\/\/mcp\.example\.com\/oauth\/callback is registered/u,
  },
  'a client id that is not known': {
    changes: { client_id: 'sallyprot' },
    check: 'authorization-request',
    level: 'fail',
    message: /error page \(400\)/u,
    fix: /client_id/u,
  },
  'a scope that the client may not have': {
    quirks: { refusedScopes: ['email'] },
    check: 'authorization-request',
    level: 'fail',
    message: /: invalid_scope$/u,
    fix: /openid profile email/u,
  },
  'a parameter that it refuses': {
    quirks: { resourceAtAuthorize: 'refused' },
    changes: { resource: 'https://api.example.com' },
    check: 'authorization-request',
    level: 'fail',
    message: /: invalid_target$/u,
    fix: /resource and audience/u,
  },
  'a wrong secret': {
    given: 'wrong',
    check: 'client-authentication',
    level: 'fail',
    message: /token endpoint: invalid_client/u,
    fix: /client_secret_env_var UPSTREAM_SECRET holds .* of sallyport at the provider; both ways/u,
  },
  'a wrong secret where there is no metadata': {
    preset: 'plain-oauth2',
    fields: plain,
    given: 'wrong',
    check: 'client-authentication',
    level: 'fail',
    message: /token endpoint: invalid_client/u,
    fix: /UPSTREAM_SECRET/u,
  },
  'a wrong address of the token endpoint': {
    preset: 'plain-oauth2',
    fields: plain,
    changes: { token_endpoint: 'http://127.0.0.1:1/token' },
    check: 'endpoint',
    level: 'fail',
    message: /token endpoint gives no answer/u,
    fix: /token_endpoint/u,
  },
  'nobody who tells who signed in': {
    preset: 'plain-oauth2',
    fields: { ...plain, userinfo: undefined },
    check: 'subject',
    level: 'warn',
    message: /nothing tells who signed in/u,
    fix: /userinfo/u,
  },
  'a subject that can change': {
    preset: 'okta-custom',
    fields: { ...okta, authorization_server: 'default' },
    changes: { subject_claim: 'sub' },
    check: 'subject',
    level: 'warn',
    message: /custom authorization servers/u,
    fix: /subject_claim/u,
  },
  'everybody’s tenants': {
    preset: 'entra-multi',
    fields: tenants,
    check: 'tenants',
    level: 'warn',
    message: /people of every tenant/u,
    fix: /tenants/u,
  },
  'no revocation endpoint': {
    quirks: { revocation: 'absent' },
    check: 'revocation',
    level: 'warn',
    message: /names a revocation endpoint/u,
    fix: /write revocation/u,
  },
  'no refresh tokens at all': {
    quirks: { metadataOmits: ['userinfo_endpoint'] },
    check: 'refresh',
    level: 'fail',
    message: /no login can be renewed/u,
    fix: /manual/u,
  },
};

/** What is right in place of the mistake, where it is in the configuration or cannot be left out. */
const right: Readonly<Record<string, Json>> = {
  'nobody who tells who signed in': {
    userinfo: { endpoint_url: 'http://127.0.0.1:1/userinfo' },
  },
  'a subject that can change': { subject_claim: 'uid' },
  'everybody’s tenants': { tenants: ['11111111-2222-4333-8444-555555555555'] },
};

async function look(mistake: Mistake, isMade: boolean, name: string) {
  const { preset = 'plain-oidc', fields = oidc, check } = mistake;
  const at: Partial<Mistake> = isMade ? mistake : {};
  provider = await startProvider(preset, {
    ...(at.quirks && { quirks: at.quirks }),
    ...(at.redirectUris && { redirectUris: at.redirectUris }),
  });
  const slash = isMade && at.quirks?.issuerTrailingSlash === true;
  const config = await configAt(provider, fields, {
    ...(at.given !== undefined && { given: at.given }),
    changes: {
      ...(isMade ? at.changes : right[name]),
      ...(slash && { issuer_url: provider.issuer.replace(/\/$/u, '') }),
    },
  });
  return worst(await examine(config, { access: 'unset' }), check);
}

describe.each(Object.entries(mistakes))('%s', (name, mistake) => {
  it('is found, with its fix', async () => {
    const found = await look(mistake, true, name);
    expect(found).toMatchObject({ level: mistake.level });
    expect(found?.message).toMatch(mistake.message);
    expect(found?.fix).toMatch(mistake.fix);
  });

  it('is not said where all is right', async () => {
    const found = await look(mistake, false, name);
    expect(found?.message ?? '').not.toMatch(mistake.message);
  });
});

describe('what is done right in another way', () => {
  it('is told where nobody said how the provider takes secrets: the way that works', async () => {
    provider = await startProvider('plain-oidc', {
      quirks: { clientAuthentication: ['client_secret_post'] },
    });
    const found = worst(await examine(await configAt(provider, oidc)), 'client-authentication');
    expect(found).toMatchObject({ level: 'ok' });
    expect(found?.message).toContain('token_endpoint_auth_method: client_secret_post spares a request');
  });

  it('is a client without a secret, where it is registered so', async () => {
    provider = await startProvider('plain-oidc');
    provider.addClient({ client_id: 'public', redirect_uris: ['https://mcp.example.com/oauth/callback'] });
    const config = await configAt(provider, oidc, { changes: { client_id: 'public' } });
    const found = await examine({ ...config, clientSecret: null, authMethod: 'none' });
    expect(worst(found, 'client-authentication')).toMatchObject({ level: 'ok' });
  });

  it('is a tenant for each rule', async () => {
    provider = await startProvider('entra-multi');
    const config = await configAt(provider, tenants);
    const levels = [];
    for (const rule of [{ entraTenants: ['a'], groups: ['admins'] }, { groups: ['admins'] }])
      levels.push(worst(await examine(config, { access: [rule] }), 'tenants')?.level);
    expect(levels).toEqual(['ok', 'warn']);
  });

  it('is a provider where nobody signs in, and accounts are connected', async () => {
    provider = await startProvider('snowflake');
    const fields = { profile: 'snowflake', account: 'example-analytics' };
    const config = await configAt(provider, fields);
    expect(worst(await examine(config), 'refresh')).toMatchObject({ level: 'warn' });
    expect(worst(await examine({ ...config, when: 'later' }), 'refresh')).toMatchObject({ level: 'ok' });
    await provider.close();
    provider = await startProvider('entra-multi');
    const everybody = { ...(await configAt(provider, tenants)), when: 'later' } as const;
    expect(worst(await examine(everybody, { access: 'unset' }), 'tenants')).toBeUndefined();
  });

  it('is a registration that is still to be made', async () => {
    provider = await startProvider('plain-oidc', { quirks: { registration: 'open' } });
    const dcr = { dcr_config: { discovery_url: `${provider.issuer}/.well-known/openid-configuration` } };
    const config = await configAt(provider, oidc, {
      changes: { ...dcr, client_id: undefined, client_secret_env_var: undefined },
    });
    const findings = await examine(config);
    expect(worst(findings, 'registration')).toMatchObject({ level: 'ok' });
    expect(worst(findings, 'redirect-uri')?.message).toContain('by ourselves');
    expect(provider.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
    provider.change({ clientAuthentication: ['private_key_jwt'] });
    expect(worst(await examine(config), 'auth-method')).toMatchObject({ level: 'fail' });
    provider.failNext('register', 503);
    expect(worst(await examine(config), 'registration')).toMatchObject({ level: 'fail' });
    provider.failNext('discovery', 500, { times: 5 });
    expect(worst(await examine(config), 'registration')).toMatchObject({ level: 'fail' });
  });
});
