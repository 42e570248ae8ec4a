import { describe, expect, it } from 'vitest';
import { complaints, resolve, runConfig } from './fixture.ts';
import type { Json, Surroundings } from './fixture.ts';

const mcp = 'https://mcp.example.com/mcp';
const target = 'http://127.0.0.1:9000/mcp';

describe('resources', () => {
  it('are canonical, and each is there once', async () => {
    const audiences = ['HTTPS://MCP.example.com/mcp/', mcp, 'https://mcp.example.com/A/?q=1'];
    const { resources } = await resolve(runConfig({ allowed_audiences: audiences }));
    expect(resources).toEqual([mcp, 'https://mcp.example.com/A?q=1']);
  });

  it.each(['mcp', '/mcp', 'urn:mcp', 'https://x.example.com/#f', '', 'https://'])(
    'are no %j',
    async (audience) => {
      expect(await complaints(runConfig({ allowed_audiences: [mcp, audience] }))).toHaveLength(1);
    },
  );

  it('default to what is proxied, and without that must be there', async () => {
    const proxied = runConfig({ allowed_audiences: undefined, proxy: [{ path: '/mcp', target }] });
    expect((await resolve(proxied)).resources).toEqual([mcp]);
    expect(await complaints(runConfig({ allowed_audiences: [] }))).toEqual(['allowed_audiences: is missing']);
  });

  it('must hold what is proxied', async () => {
    const config = runConfig({
      allowed_audiences: ['https://other.example.com'],
      proxy: [{ path: '/mcp', target }],
    });
    expect(await complaints(config)).toEqual([expect.stringContaining(`proxy[0]: has the resource ${mcp}`)]);
  });

  it('may have a default, which is one of them; several without one are fine', async () => {
    const several = runConfig({ allowed_audiences: [mcp, 'https://b.example.com'] });
    expect((await resolve(several)).defaultResource).toBeNull();
    expect((await resolve({ ...several, default_resource: `${mcp}/` })).defaultResource).toBe(mcp);
    expect(await complaints({ ...several, default_resource: 'https://c.example.com' })).toHaveLength(1);
  });
});

describe('proxy', () => {
  const proxy = (change: Json): Json =>
    runConfig({ allowed_audiences: [], proxy: [{ path: '/mcp', target, ...change }] });

  it('gets the token of the only upstream, or none when it says so', async () => {
    const { proxies } = await resolve({ ...proxy({}), issuer: 'https://mcp.example.com/t1' });
    const expected = {
      path: '/mcp',
      resource: mcp,
      target,
      upstream: 'default',
      scopes: [],
      scopesSupported: null,
      tools: null,
      maxBody: 16_777_216,
    };
    expect(proxies).toEqual([expected]);
    expect((await resolve(proxy({ upstream: 'none' }))).proxies[0]?.upstream).toBeNull();
    expect(await complaints(proxy({ upstream: 'okta' }))).toHaveLength(1);
  });

  it('cannot ask for a token that is kept back', async () => {
    const kept = { ...proxy({ upstream: 'default' }), disable_upstream_token_injection: true };
    expect(await complaints(kept)).toEqual([
      'proxy[0].upstream: asks for a token that disable_upstream_token_injection keeps back',
    ]);
    const silent = { ...proxy({}), disable_upstream_token_injection: true };
    expect(await complaints(silent)).toEqual([]);
  });

  it.each(['mcp', '//x', '/mcp/', '/a/../b', '/a?b', '/a#b', '/a b', '/oauth', '/oauth/x', '/.well-known/x'])(
    'is not at %s',
    async (path) => {
      expect(await complaints(proxy({ path }))).toEqual([expect.stringContaining('proxy[0].path: ')]);
    },
  );

  it.each(['/', '/mcp', '/a/b', '/oauth2', '/well-known'])('may be at %s', async (path) => {
    expect(await complaints(proxy({ path }))).toEqual([]);
  });

  it('has its path to itself, a target, and scopes that exist', async () => {
    const twice = runConfig({
      proxy: [
        { path: '/mcp', target },
        { path: '/mcp', target },
      ],
    });
    expect(await complaints(twice)).toEqual(['proxy[1].path: comes twice']);
    expect(await complaints(proxy({ target: undefined }))).toEqual(['proxy[0].target: is missing']);
    expect(await complaints(proxy({ target: 'file:///etc/passwd' }))).toHaveLength(1);
    expect(await complaints(proxy({ scopes: ['nope'] }))).toEqual([
      'proxy[0].scopes[0]: is not in scopes_supported',
    ]);
  });
});

describe('access', () => {
  it('takes rules of every kind', async () => {
    const rule = { emails: ['bob@example.com'], email_domains: ['example.com'], subjects: ['1'] };
    const { access } = await resolve(
      runConfig({ access: [{ ...rule, claim: { name: 'a.b', contains: 'c' } }] }),
    );
    const { email_domains: emailDomains, ...rest } = rule;
    expect(access).toEqual([{ ...rest, emailDomains, claim: { name: 'a.b', contains: 'c' } }]);
  });

  it.each([
    {},
    { emails: [] },
    { emails: ['bob'] },
    { email_domains: ['*.example.com'] },
    { claim: { name: 'x' } },
  ])('takes no rule that is empty or can never hold: %j', async (rule) => {
    expect(await complaints(runConfig({ access: [rule] }))).not.toEqual([]);
  });
});

describe('clients', () => {
  const surroundings: Surroundings = { env: { GOOD: 'x'.repeat(32), SHORT: 'x'.repeat(31) } };
  const dashboard = { client_id: 'dashboard', redirect_uris: ['https://dashboard.example.com/cb'] };
  const client = (change: Json): Json => runConfig({ clients: [{ ...dashboard, ...change }] });

  it('are public without a secret, and may use codes and refresh tokens', async () => {
    expect((await resolve(client({}))).clients).toEqual([
      {
        clientId: 'dashboard',
        clientName: null,
        secret: null,
        authMethod: 'none',
        redirectUris: dashboard.redirect_uris,
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: null,
        introspects: [],
        consent: 'ask',
        keys: null,
        allowPrivateIps: false,
        resources: null,
        refreshTokenLifespan: null,
        sessionLifespan: null,
        refreshGrace: null,
      },
    ]);
  });

  it('may exist for introspection only', async () => {
    const server = { client_id: 'rs', client_secret_env_var: 'GOOD', introspects: [`${mcp}/`] };
    const { clients } = await resolve(runConfig({ clients: [server] }), surroundings);
    expect(clients).toMatchObject([
      { grantTypes: [], introspects: [mcp], authMethod: 'client_secret_basic' },
    ]);
  });

  it.each([
    [{ client_secret_env_var: 'SHORT' }, 'clients[0]: has a secret of fewer than 32 characters'],
    [{ redirect_uris: [] }, 'clients[0].redirect_uris: is missing'],
    [{ redirect_uris: ['http://x.example.com/cb'] }, 'clients[0].redirect_uris[0]: uses http'],
    [{ scopes: ['nope'] }, 'clients[0].scopes[0]: is not in scopes_supported'],
    [
      { introspects: [mcp] },
      'clients[0].introspects: is there, and the client has neither a secret nor keys',
    ],
    [{ grant_types: ['refresh_token'] }, 'clients[0].grant_types: holds refresh_token'],
    [
      { token_endpoint_auth_method: 'client_secret_post' },
      'clients[0].token_endpoint_auth_method: is client_secret',
    ],
  ])('are checked: %j', async (change, complaint) => {
    expect(await complaints(client(change), surroundings)).toEqual([expect.stringContaining(complaint)]);
  });

  const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
  const jwks = { keys: [jwk] };

  it('prove themselves by their keys, written here, in a file, or published', async () => {
    const files = { '/keys.json': JSON.stringify(jwks) };
    for (const [change, keys] of [
      [{ jwks }, { jwks }],
      [{ jwks_file: '/keys.json' }, { jwks }],
      [{ jwks_uri: 'https://app.example.com/keys' }, { jwksUri: 'https://app.example.com/keys' }],
    ] as const) {
      const { clients } = await resolve(client(change), { files });
      expect(clients).toMatchObject([{ authMethod: 'private_key_jwt', keys, secret: null }]);
    }
  });

  it.each<readonly [Json, string]>([
    [{ jwks, jwks_uri: 'https://app.example.com/keys' }, 'clients[0].jwks_uri: is there beside'],
    [{ jwks, client_secret_env_var: 'GOOD' }, 'clients[0].client_secret_env_var: is there beside keys'],
    [{ jwks, token_endpoint_auth_method: 'none' }, 'clients[0].token_endpoint_auth_method: is none'],
    [
      { token_endpoint_auth_method: 'private_key_jwt' },
      'clients[0].token_endpoint_auth_method: is private_key_jwt, and there is neither a client secret nor a key',
    ],
    [{ jwks: { keys: [] } }, 'clients[0].jwks: is not a set of keys'],
    [{ jwks: { keys: [{ ...jwk, d: 'secret' }] } }, 'clients[0].jwks: holds a private or shared key'],
    [{ jwks: { keys: [{ kty: 'oct', k: 'secret' }] } }, 'clients[0].jwks: holds a private or shared key'],
    [{ jwks_file: '/page' }, 'clients[0].jwks_file: the file /page is not JSON'],
    [{ jwks_file: '/none' }, 'clients[0].jwks_file: the file /none does not exist'],
    [{ jwks_uri: 'http://app.example.com/keys' }, 'clients[0].jwks_uri: '],
    [{ allow_private_ips: true }, 'clients[0].allow_private_ips: is about jwks_uri'],
    [
      { resources: ['https://other.example.com/mcp'] },
      'clients[0].resources[0]: is not in allowed_audiences',
    ],
    [{ refresh_grace: '11m' }, 'clients[0].refresh_grace: must be between'],
    [{ session_lifespan: 0 }, 'clients[0].session_lifespan: must be between'],
    [{ refresh_token_lifespan: '721h' }, 'clients[0].refresh_token_lifespan: must be between'],
  ])('with keys and terms are checked: %j', async (change, complaint) => {
    const found = await complaints(client(change), { ...surroundings, files: { '/page': '<html>' } });
    expect(found).toEqual([expect.stringContaining(complaint)]);
    expect(found.join(' ')).not.toContain('secret"');
  });

  it('have ids of their own', async () => {
    expect(await complaints(runConfig({ clients: [dashboard, dashboard] }))).toHaveLength(1);
  });
});

describe('registration', () => {
  const on = { allow_confidential_client_registration: true };
  it('hands out secrets over https, or on loopback by the operator’s word', async () => {
    expect(await complaints(runConfig(on))).toEqual([]);
    expect(await complaints(runConfig({ ...on, insecure_allow_http: true }))).toHaveLength(1);
    const loopback = runConfig({ ...on, issuer: 'http://localhost:8080' });
    expect(await complaints(loopback)).toHaveLength(1);
    expect(await complaints({ ...loopback, insecure_allow_confidential_over_loopback_http: true })).toEqual(
      [],
    );
    expect(await complaints({ ...loopback, issuer: 'https://localhost:8080' })).toEqual([]);
  });

  it('forces secrets only where it may hand them out, and only for https elsewhere', async () => {
    const forced = (...force_confidential_redirect_uris: string[]): Json => ({
      force_confidential_redirect_uris,
    });
    expect(await complaints(runConfig(forced('https://x.example.com/cb')))).toHaveLength(1);
    expect(await complaints(runConfig({ ...on, ...forced('https://x.example.com/cb') }))).toEqual([]);
    for (const uri of ['http://127.0.0.1/cb', 'https://localhost/cb', 'app:/cb', 'https://x.example.com/#a'])
      expect(await complaints(runConfig({ ...on, ...forced(uri) }))).toHaveLength(1);
  });
});

describe('the rest', () => {
  it.each([
    [{ baseline_client_scopes: ['nope'] }, 'baseline_client_scopes[0]'],
    [{ scopes_supported: ['openid', 'a b'] }, 'scopes_supported[1]'],
    [{ scope_descriptions: { nope: 'x' } }, 'scope_descriptions.nope'],
    [{ storage: { type: 'sqlite' } }, 'storage.sqlite'],
    [{ storage: { type: 'sqlite', sqlite: {} } }, 'storage.sqlite.path'],
    [{ storage: { type: 'postgres' } }, 'storage.type'],
    [{ consent: { color: 'red' } }, 'consent.color'],
    [{ consent: { logo_url: 'javascript:alert(1)' } }, 'consent.logo_url'],
    [{ consent: { logo_url: 'data:text/html,x' } }, 'consent.logo_url'],
    [{ cors: { allowed_origins: ['*'] } }, 'cors.allowed_origins[0]'],
    [{ listen: { port: 65_536 } }, 'listen.port'],
    [{ listen: { tls: { cert_file: '/c', key_file: '/none' } } }, 'listen.tls.key_file'],
    [{ observe: { log_level: 'verbose' } }, 'observe.log_level'],
  ])('is checked: %j', async (change, path) => {
    const found = await complaints(runConfig(change), { files: { '/c': '-----BEGIN CERTIFICATE-----' } });
    expect(found).toEqual([expect.stringContaining(`${path}: `)]);
  });

  it('is handed on', async () => {
    const config = runConfig({
      storage: { type: 'sqlite', sqlite: { path: '/var/lib/s.db' } },
      disable_upstream_token_injection: true,
      cors: { allowed_origins: ['https://Inspector.example.com:443'] },
      consent: { name: 'Acme', color: '#ABCDEF', logo_url: 'https://acme.example.com/l.svg' },
    });
    expect(await resolve(config)).toMatchObject({
      storage: { type: 'sqlite', path: '/var/lib/s.db' },
      injectUpstreamToken: false,
      allowedOrigins: ['https://inspector.example.com'],
      brand: { name: 'Acme', color: '#abcdef', logoUrl: 'https://acme.example.com/l.svg' },
    });
  });
});
