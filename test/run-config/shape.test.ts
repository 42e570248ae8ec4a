import { describe, expect, it } from 'vitest';
import { usualRegistrationPolicy } from '../../src/config/registration-policy.ts';
import { ConfigError } from '../../src/index.ts';
import { complaints, oidcConfig, problemsOf, resolve, runConfig, withOidc } from './fixture.ts';

describe('a RunConfig', () => {
  it.each([[undefined], [null], ['x'], [42], [[]], [true], [new Map()]])('is not %j', async (junk) => {
    expect(await complaints(junk)).toEqual(['(the whole file): is not a set of fields']);
  });

  it('is refused with everything that is wrong at once: shape, rules and files', async () => {
    const error: unknown = await resolve({
      issuer: 'ftp://x.example.com',
      upstreams: [
        { type: 'oidc', oidc_config: { issuer_url: 'https://idp.example.com', client_secret_file: '/none' } },
      ],
      token_lifespans: { access_token_lifespan: '25h' },
      hmac_secret_files: ['/nowhere'],
      listen: { port: 'x' },
      acess: 'anyone',
    }).catch((caught: unknown) => caught);
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe('config_invalid');
    expect(error.problems.map(({ path }) => path).toSorted()).toEqual([
      'acess',
      'allowed_audiences',
      'hmac_secret_files[0]',
      'issuer',
      'listen.port',
      'token_lifespans.access_token_lifespan',
      'upstreams[0].oidc_config.client_id',
      'upstreams[0].oidc_config.client_secret_file',
    ]);
    for (const { path, problem, fix } of error.problems) {
      expect(error.message).toContain(`${path}: ${problem}`);
      expect(fix).not.toBe('');
    }
  });

  it.each([
    [runConfig({ acces: 'anyone' }), 'acces', 'did you mean "access"?'],
    [runConfig({ Issuer: 'x' }), 'Issuer', 'did you mean "issuer"?'],
    [runConfig({ allowedAudiences: [] }), 'allowedAudiences', 'did you mean "allowed_audiences"?'],
    [withOidc({ cleint_id: 'x' }), 'upstreams[0].oidc_config.cleint_id', 'did you mean "client_id"?'],
    [runConfig({ listen: { prot: 1 } }), 'listen.prot', 'did you mean "port"?'],
    [runConfig({ storage: { typ: 'x' } }), 'storage.typ', 'did you mean "type"?'],
  ])('has no unknown fields: case %#', async (config, path, fix) => {
    expect(await problemsOf(config)).toContainEqual({ path, problem: 'is not a known field', fix });
  });

  it('says how a number is written', async () => {
    const [problem] = await problemsOf(runConfig({ listen: { port: '80' } }));
    expect(problem).toMatchObject({
      problem: 'is a text, not a number',
      fix: 'write a number, without quotes',
    });
  });

  it('lists the known fields when no word is near', async () => {
    const [problem] = await problemsOf(runConfig({ listen: { zzzzzzzz: 1 } }));
    expect(problem?.fix).toContain('host, port');
  });

  it('may not smuggle in a prototype', async () => {
    const config: unknown = JSON.parse(JSON.stringify(runConfig()).replace('{', '{"__proto__":{"x":1},'));
    expect(await complaints(config)).toEqual(['__proto__: is not a known field']);
  });

  it('quotes odd names, so that none can pretend to be a line of the report', async () => {
    const [problem] = await problemsOf(runConfig({ 'a\nissuer: fine': 1 }));
    expect(problem?.path).toBe(String.raw`["a\nissuer: fine"]`);
  });

  it('never repeats a value: it may be a secret in the wrong place', async () => {
    const secret = 'hunter2-hunter2';
    const error: unknown = await resolve({
      issuer: secret,
      schema_version: secret,
      upstreams: [{ type: secret, oidc_config: { client_id: [secret], issuer_url: secret } }],
      access: [{ emails: [secret] }],
      listen: { port: secret },
    }).catch((caught: unknown) => caught);
    expect(String(error)).not.toContain(secret);
    expect(error).toBeInstanceOf(ConfigError);
  });

  it('refuses what refers to itself', async () => {
    const circular: Record<string, unknown> = runConfig();
    circular['consent'] = circular;
    expect(await complaints(circular)).toEqual(['(the whole file): is nested too deeply']);
  });

  it('is not changed by being resolved', async () => {
    const config = withOidc({ scopes: ['openid'], redirect_uri: '' });
    const before = structuredClone(config);
    await resolve(config);
    expect(config).toEqual(before);
  });

  it('reads empty texts and nulls of ToolHive fields as absent, as Go does', async () => {
    const config = runConfig({ schema_version: '', authorization_endpoint_base_url: null, storage: null });
    expect(await resolve(config)).toMatchObject({ storage: null });
  });

  it('never reads an empty access section as "no rules"', async () => {
    for (const access of [null, '', [], {}, [{}], 'everyone', [null]]) {
      expect(await complaints(runConfig({ access }))).not.toEqual([]);
    }
  });

  it('knows the schema version v0.1.0 and no other', async () => {
    expect(await complaints(runConfig({ schema_version: 'v0.1.0' }))).toEqual([]);
    expect(await complaints(runConfig({ schema_version: 'v0.2.0' }))).toHaveLength(1);
  });

  it('is called a ToolHive file while it has none of our own fields', async () => {
    const plain = { ...runConfig() };
    delete plain['access'];
    expect(await resolve(plain)).toMatchObject({ toolhiveFile: true, access: 'unset' });
    expect(await resolve(runConfig())).toMatchObject({ toolhiveFile: false });
    expect(await resolve({ ...plain, listen: {} })).toMatchObject({ toolhiveFile: false });
    const named = [{ type: 'oidc', display_name: 'Okta', oidc_config: oidcConfig }];
    expect(await resolve({ ...plain, upstreams: named })).toMatchObject({ toolhiveFile: false });
  });

  it('defaults to what ToolHive does, and otherwise to the safe side', async () => {
    expect(await resolve(runConfig())).toMatchObject({
      signingKeys: null,
      hmacSecrets: [],
      refreshTokenPolicy: 'always',
      scopesSupported: ['openid', 'profile', 'email', 'offline_access'],
      baselineClientScopes: [],
      scopeDescriptions: {},
      defaultResource: null,
      clients: [],
      registration: {
        ...usualRegistrationPolicy,
        allowConfidential: false,
        forceConfidentialRedirectUris: [],
      },
      brand: { name: 'mcp.example.com', logoUrl: null, color: '#2f5bd7' },
      allowedOrigins: [],
      injectUpstreamToken: true,
      insecureAllowHttp: false,
      storage: null,
      listen: { host: '127.0.0.1', port: 8080, tls: null, pathStripped: false },
      proxies: [],
      observe: { logLevel: 'info', audit: null, traces: false },
      warnings: [],
    });
  });
});
