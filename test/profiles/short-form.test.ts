import { describe, expect, it } from 'vitest';
import { complaints, problemsOf, runConfig, withOAuth2, withOidc } from '../run-config/fixture.ts';
import { resolve } from '../run-config/fixture.ts';
import { oauth2Of, oidcOf, upstreamOf, withUpstream } from './fixture.ts';

const secret = { client_secret_env_var: 'SECRET' };
const surroundings = { env: { SECRET: 'a secret' } };

describe('an upstream with a profile', () => {
  it('is a name, a client id and a secret', async () => {
    const google = await oidcOf({ profile: 'google', ...secret }, surroundings);
    expect(google).toMatchObject({
      name: 'default',
      issuer: 'https://accounts.google.com',
      clientId: 'sallyport',
      authMethod: 'client_secret_post',
      authMethodGiven: true,
      redirectUri: 'https://mcp.example.com/oauth/callback',
      scopes: ['openid', 'profile', 'email'],
      additionalAuthorizationParams: { access_type: 'offline', prompt: 'consent' },
    });
    expect(google.settings).toMatchObject({
      profile: 'google',
      refreshScope: 'omit',
      issuerRule: { kind: 'also', issuers: ['accounts.google.com'] },
      revocation: { style: 'token_only', endpoint: null },
    });
    expect(google.clientSecret?.reveal()).toBe('a secret');
  });

  it('is called what its operator calls it, and otherwise what everybody does', async () => {
    const called = async (fields: object): Promise<string> =>
      (await upstreamOf({ profile: 'google', ...fields })).displayName;
    expect(await called({})).toBe('Google');
    expect(await called({ name: 'work' })).toBe('work');
    expect(await called({ name: 'work', display_name: 'Example Corp' })).toBe('Example Corp');
    expect(await called({ profile: 'generic-oidc', issuer_url: 'https://idp.example.com' })).toBe('default');
  });

  it('fills its variables in, and leaves out what needs one that nobody gave', async () => {
    const plain = await oidcOf({ profile: 'auth0', domain: 'x.eu.auth0.com' });
    expect(plain.issuer).toBe('https://x.eu.auth0.com/');
    expect(plain.additionalAuthorizationParams).toEqual({});
    const api = await oidcOf({ profile: 'auth0', domain: 'x.eu.auth0.com', audience: 'https://api' });
    expect(api.additionalAuthorizationParams).toEqual({ audience: 'https://api' });
  });

  it('takes the form that its variables say', async () => {
    const domain = 'example.okta.com';
    expect((await oidcOf({ profile: 'okta', domain })).issuer).toBe('https://example.okta.com');
    const custom = await oidcOf({ profile: 'okta', domain, authorization_server: 'aus1' });
    expect(custom.issuer).toBe('https://example.okta.com/oauth2/aus1');
    const app = await oauth2Of({ profile: 'github', app: 'github_app' });
    expect(app.scopes).toBeNull();
    expect((await oauth2Of({ profile: 'github' })).scopes).toEqual(['read:user', 'user:email']);
  });

  it('goes over a form with a later one', async () => {
    const tenant = '11111111-2222-4333-8444-555555555555';
    const rule = async (fields: object): Promise<unknown> =>
      (await oidcOf({ profile: 'entra', ...fields })).settings.issuerRule;
    expect(await rule({ tenant })).toEqual({ kind: 'exact' });
    expect(await rule({ tenant, version: 'v1' })).toEqual({
      kind: 'also',
      issuers: [`https://sts.windows.net/${tenant}/`],
    });
    const many = { tenant: 'organizations', tenants: [tenant] };
    expect(await rule(many)).toEqual({
      kind: 'tenant',
      template: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      tenants: [tenant],
    });
    expect(await rule({ ...many, version: 'v1' })).toMatchObject({
      template: 'https://sts.windows.net/{tenantid}/',
    });
  });

  it('names our client in addresses that are made of it', async () => {
    const { settings } = await upstreamOf({ profile: 'github', client_id: 'Iv1.abc' });
    expect(settings.revocation?.endpoint).toBe('https://api.github.com/applications/Iv1.abc/grant');
  });

  it('reads our own variables only in what the profile says', async () => {
    const google = await oidcOf({
      profile: 'google',
      additional_authorization_params: { note: '{client_id}' },
    });
    expect(google.additionalAuthorizationParams).toMatchObject({ note: '{client_id}' });
  });
});

describe('everything that a profile says', () => {
  it('can be said otherwise: values and lists are replaced, maps are united', async () => {
    const google = await oidcOf({
      profile: 'google',
      issuer_url: 'https://idp.example.com',
      scopes: ['openid', 'https://www.googleapis.com/auth/drive'],
      additional_authorization_params: { prompt: '', login_hint: 'x' },
      refresh_scope: 'send',
      revocation: { style: 'rfc7009', endpoint: 'https://idp.example.com/revoke' },
    });
    expect(google).toMatchObject({
      issuer: 'https://idp.example.com',
      scopes: ['openid', 'https://www.googleapis.com/auth/drive'],
      settings: {
        refreshScope: 'send',
        revocation: { style: 'rfc7009', endpoint: 'https://idp.example.com/revoke' },
      },
    });
    expect(google.additionalAuthorizationParams).toEqual({ access_type: 'offline', login_hint: 'x' });
  });

  it('gives way to another setting for the same thing', async () => {
    const tenant = 'organizations';
    const entra = await oidcOf({ profile: 'entra', tenant, subject_claim: 'sub' });
    expect(entra).toMatchObject({ subjectClaim: 'sub', settings: { subjectClaims: null } });
    const aliased = await oidcOf({ profile: 'entra', tenant, issuer_aliases: ['https://sts.example.com/'] });
    expect(aliased.settings.issuerRule).toEqual({ kind: 'also', issuers: ['https://sts.example.com/'] });
  });

  it('needs no variable for what the file says itself', async () => {
    const keycloak = await oidcOf({ profile: 'keycloak', issuer_url: 'https://kc.example.com/realms/a' });
    expect(keycloak.issuer).toBe('https://kc.example.com/realms/a');
  });

  it('reaches every setting', async () => {
    const upstream = await oauth2Of({
      profile: 'generic-oauth2',
      authorization_endpoint: 'https://idp.example.com/authorize',
      token_endpoint: 'https://idp.example.com/token',
      scopes: ['a', 'b'],
      scope_parameter: 'user_scope',
      scope_separator: 'comma',
      token_params: { audience: 'one' },
      refresh_params: { audience: 'two' },
      resource: 'https://api.example.com',
      refresh_scope: 'omit',
      pkce: 'never',
      missing_expires_in: '1h30m',
      token_type: 'any',
      token_response_mapping: { access_token_path: 'user.token' },
      identity_from_token: { subject_path: 'user.id', email_path: 'user.mail' },
      email_verified_when_absent: true,
      email_verified_as_text: true,
      revocation: { style: 'none' },
    });
    expect(upstream.additionalAuthorizationParams).toEqual({ resource: 'https://api.example.com' });
    expect(upstream.settings).toEqual({
      profile: 'generic-oauth2',
      scopeParameter: 'user_scope',
      scopeSeparator: ',',
      pkce: 'never',
      tokenParams: { resource: 'https://api.example.com', audience: 'one' },
      refreshParams: { resource: 'https://api.example.com', audience: 'two' },
      refreshScope: 'omit',
      expiryUntold: 'unknown',
      assumedLifetime: 5400,
      tokenType: 'any',
      tokenMapping: {
        accessToken: 'user.token',
        refreshToken: 'refresh_token',
        expiresIn: 'expires_in',
        scope: 'scope',
      },
      identityFromToken: { subject: 'user.id', name: null, email: 'user.mail' },
      issuerRule: { kind: 'exact' },
      subjectClaims: null,
      emailVerifiedUntold: true,
      emailVerifiedText: true,
      revocation: null,
      clientKey: null,
      transport: { ca: null, clientCertificate: null, proxy: null },
    });
  });

  it('can register us by itself, in place of a client id', async () => {
    const upstream = await upstreamOf({
      client_id: undefined,
      profile: 'generic-oauth2',
      dcr_config: { discovery_url: 'https://mcp.example.com/.well-known/oauth-authorization-server' },
      identity_from_token: { subject_path: 'account.id' },
    });
    expect(upstream).toMatchObject({
      clientId: '',
      registration: { discoveryUrl: 'https://mcp.example.com/.well-known/oauth-authorization-server' },
    });
  });

  it('never sends a resource, unless the file names one', async () => {
    for (const fields of [{ profile: 'google' }, { profile: 'entra', tenant: 'organizations' }]) {
      const { additionalAuthorizationParams, settings } = await upstreamOf(fields);
      const sent = { ...additionalAuthorizationParams, ...settings.tokenParams, ...settings.refreshParams };
      expect(Object.keys(sent)).not.toContain('resource');
    }
  });
});

describe('mistakes beside a profile', () => {
  const one = (fields: object): Promise<readonly string[]> => complaints(withUpstream({ ...fields }));

  it('are told all at once, each with its place and a way out', async () => {
    const problems = await problemsOf(
      withUpstream({
        profile: 'keycloak',
        url: 'keycloak.example.com',
        region: 'eu',
        oidc_config: { issuer_url: 'https://idp.example.com', client_id: 'x' },
        token_params: { grant_type: 'x', resource: 'y' },
        client_secret_env_var: 'NOT_SET',
      }),
    );
    expect(problems.map(({ path }) => path).toSorted()).toEqual([
      'upstreams[0].client_secret_env_var',
      'upstreams[0].issuer_url',
      'upstreams[0].oidc_config',
      'upstreams[0].realm',
      'upstreams[0].region',
      'upstreams[0].token_params.grant_type',
      'upstreams[0].token_params.resource',
      'upstreams[0].url',
    ]);
    for (const { fix } of problems) expect(fix.length).toBeGreaterThan(5);
    expect(problems.find(({ path }) => path.endsWith('realm'))?.fix).toContain('"staff"');
  });

  it.each([
    ['a provider that we do not know', { profile: 'oktta' }, 'profile'],
    ['another form of a variable', { profile: 'entra', tenant: 'contoso.com' }, 'tenant'],
    ['no client id', { profile: 'google', client_id: undefined }, 'client_id'],
    [
      'endpoints of another type',
      { profile: 'google', token_endpoint: 'https://x.example.com' },
      'token_endpoint',
    ],
    ['an issuer of another type', { profile: 'github', issuer_url: 'https://x.example.com' }, 'issuer_url'],
    ['scopes without openid', { profile: 'google', scopes: ['email'] }, 'scopes'],
    ['no tenant, which would be all', { profile: 'entra', tenant: 'organizations', tenants: [] }, 'tenants'],
    ['a tenant by its name', { profile: 'entra', tenant: 'common', tenants: ['contoso.com'] }, 'tenants'],
    ['tenants of one tenant', { profile: 'google', tenants: ['a'] }, 'tenants'],
    [
      'two ways to make a subject',
      { profile: 'google', subject_claim: 'a', subject_claims: ['b'] },
      'subject_claim',
    ],
    ['no address', { profile: 'generic-oidc' }, 'issuer_url'],
    ['a parameter of ours', { profile: 'google', additional_authorization_params: { state: 'x' } }, 'state'],
    [
      'a path that is none',
      { profile: 'snowflake', account: 'a', identity_from_token: { subject_path: 'a..b' } },
      'subject_path',
    ],
    [
      'a question that is not sent',
      { profile: 'linear', userinfo: { endpoint_url: 'https://x.example.com', http_method: 'GET' } },
      'userinfo.body',
    ],
    ['a lifetime that is none', { profile: 'salesforce', missing_expires_in: 'soon' }, 'missing_expires_in'],
  ])('such as %s', async (_name, fields, place) => {
    const found = await one(fields);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(place);
  });

  it('suggests the profile that was meant', async () => {
    const [problem] = await problemsOf(withUpstream({ profile: 'oktta' }));
    expect(problem?.fix).toContain('okta');
  });

  it('are also its fields without it', async () => {
    const stray = runConfig({
      upstreams: [
        {
          type: 'oidc',
          oidc_config: { issuer_url: 'https://idp.example.com', client_id: 'x' },
          refresh_scope: 'omit',
        },
      ],
    });
    expect(await complaints(stray)).toEqual([
      'upstreams[0].refresh_scope: goes with a profile, and there is none',
    ]);
    expect(await complaints(runConfig({ upstreams: [{ client_id: 'x' }] }))).toEqual(
      expect.arrayContaining(['upstreams[0].type: is missing']),
    );
  });
});

describe('a file without profiles', () => {
  it('hears of the profile of a provider that we know, and stays what it is', async () => {
    const known = await resolve(withOidc({ issuer_url: 'https://example.okta.com/oauth2/default' }));
    expect(known.upstreams[0]?.settings).toMatchObject({ profile: 'generic-oidc', refreshScope: 'auto' });
    expect(known.warnings.filter((one) => one.includes('profile'))).toEqual([
      expect.stringContaining('upstreams[0].oidc_config.issuer_url: is Okta: "profile: okta"'),
    ]);
    const plain = await resolve(withOidc({ issuer_url: 'https://idp.example.com' }));
    expect(plain.warnings.filter((one) => one.includes('profile'))).toEqual([]);
    const lookalike = await resolve(withOidc({ issuer_url: 'https://login.okta.com.example.com' }));
    expect(lookalike.warnings.filter((one) => one.includes('profile'))).toEqual([]);
  });

  it('has ToolHive’s mapping and identity from the token answer', async () => {
    const { upstreams } = await resolve(
      withOAuth2({
        userinfo: undefined,
        token_response_mapping: {
          access_token_path: 'authed_user.access_token',
          scope_path: 'authed_user.scope',
        },
        identity_from_token: { subject_path: 'authed_user.id', name_path: 'authed_user.name' },
      }),
    );
    expect(upstreams[0]?.settings).toMatchObject({
      tokenType: 'any',
      tokenMapping: { accessToken: 'authed_user.access_token', refreshToken: 'refresh_token' },
      identityFromToken: { subject: 'authed_user.id', name: 'authed_user.name', email: null },
    });
  });

  it('is ours, and no longer ToolHive’s, with a profile', async () => {
    const { access: _access, ...config } = withUpstream({ profile: 'google' });
    expect((await resolve(config)).toolhiveFile).toBe(false);
  });
});
