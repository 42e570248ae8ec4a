import { describe, expect, it } from 'vitest';
import {
  complaints,
  oauth2Config,
  oidcConfig,
  problemsOf,
  resolve,
  runConfig,
  withOAuth2,
  withOidc,
} from './fixture.ts';
import type { Json, Surroundings } from './fixture.ts';

const oidc = 'upstreams[0].oidc_config';
const oauth2 = 'upstreams[0].oauth2_config';
const secret: Surroundings = {
  env: { SECRET: 's3cret', EMPTY: '' },
  files: { '/s': ' from-file\n', '/e': ' \n' },
};
const one = (change: Json): Json =>
  runConfig({ upstreams: [{ type: 'oidc', oidc_config: oidcConfig, ...change }] });

describe('an upstream', () => {
  it('is called default when it has no name, and shows its name when it has no other', async () => {
    expect((await resolve(one({}))).upstreams).toMatchObject([{ name: 'default', displayName: 'default' }]);
    const named = one({ name: 'okta', display_name: 'Example Corp' });
    expect((await resolve(named)).upstreams).toMatchObject([{ name: 'okta', displayName: 'Example Corp' }]);
  });

  it.each(['a', '0', 'okta', 'okta-2', 'a-b-c'])('may be called %s', async (name) => {
    expect(await complaints(one({ name }))).toEqual([]);
  });

  it.each(['Okta', '-a', 'a-', 'a_b', 'a.b', 'a b', 'ä', 'a/b', '-'])(
    'may not be called %s',
    async (name) => {
      expect(await complaints(one({ name }))).toHaveLength(1);
    },
  );

  it('has the section of its type and no other', async () => {
    expect(await complaints(one({ type: 'oauth2' }))).toHaveLength(2);
    expect(await complaints(one({ oauth2_config: oauth2Config }))).toHaveLength(1);
    expect(await complaints(one({ oidc_config: undefined }))).toEqual([expect.stringContaining(`${oidc}: `)]);
    expect(await complaints(one({ type: 'saml' }))).toEqual([expect.stringContaining('upstreams[0].type: ')]);
  });

  it('must be there', async () => {
    expect(await complaints(runConfig({ upstreams: [] }))).toEqual(['upstreams: is empty']);
    expect(await complaints(runConfig({ upstreams: undefined }))).toEqual(['upstreams: is missing']);
  });
});

describe('redirect_uri', () => {
  it('is below the issuer by default, for both types, with the issuer’s path', async () => {
    for (const config of [withOidc({}), withOAuth2({})]) {
      const { upstreams } = await resolve({ ...config, issuer: 'https://mcp.example.com/t1' });
      expect(upstreams[0]?.redirectUri).toBe('https://mcp.example.com/t1/oauth/callback');
    }
  });

  it.each([
    '/oauth/callback',
    'https://x.example.com/cb#f',
    'http://x.example.com/cb',
    'myapp:/cb',
    `https://x.example.com/${'a'.repeat(2048)}`,
  ])('may not be %s', async (uri) => {
    expect(await complaints(withOidc({ redirect_uri: uri }))).toEqual([
      expect.stringContaining(`${oidc}.redirect_uri: `),
    ]);
  });
});

describe('the client secret of an upstream', () => {
  it('comes from a file without the white space around it, or from the environment', async () => {
    const fromFile = await resolve(withOidc({ client_secret_file: '/s' }), secret);
    expect(fromFile.upstreams[0]?.clientSecret?.reveal()).toBe('from-file');
    const fromEnv = await resolve(withOidc({ client_secret_env_var: 'SECRET' }), secret);
    expect(fromEnv.upstreams[0]?.clientSecret?.reveal()).toBe('s3cret');
    expect(JSON.stringify(fromEnv)).not.toContain('s3cret');
  });

  it.each([
    [{ client_secret_file: '/none' }, 'client_secret_file', '/none'],
    [{ client_secret_file: '/e' }, 'client_secret_file', 'the file /e is empty'],
    [{ client_secret_env_var: 'UNSET' }, 'client_secret_env_var', 'UNSET is not set'],
    [{ client_secret_env_var: 'EMPTY' }, 'client_secret_env_var', 'EMPTY is empty'],
    [{ client_secret_file: '/s', client_secret_env_var: 'SECRET' }, 'client_secret_env_var', 'beside'],
  ])('is never silently missing: %j', async (change, field, words) => {
    for (const [config, path] of [
      [withOidc(change), oidc],
      [withOAuth2(change), oauth2],
    ] as const) {
      const problems = await problemsOf(config, secret);
      expect(problems).toMatchObject([{ path: `${path}.${field}`, problem: expect.stringContaining(words) }]);
    }
  });

  it('decides how we authenticate, unless the file says it', async () => {
    const method = async (config: Json): Promise<string | undefined> =>
      (await resolve(config, secret)).upstreams[0]?.authMethod;
    const client_secret_file = '/s';
    expect(await method(withOidc({}))).toBe('none');
    expect(await method(withOAuth2({}))).toBe('none');
    expect(await method(withOidc({ client_secret_file }))).toBe('client_secret_basic');
    expect(await method(withOAuth2({ client_secret_file }))).toBe('client_secret_post');
    const post = { client_secret_file, token_endpoint_auth_method: 'client_secret_post' };
    expect(await method(withOidc(post))).toBe('client_secret_post');
  });

  it('must go with the method', async () => {
    expect(await complaints(withOidc({ token_endpoint_auth_method: 'client_secret_basic' }))).toHaveLength(1);
    const none = { token_endpoint_auth_method: 'none', client_secret_file: '/s' };
    expect(await complaints(withOidc(none), secret)).toHaveLength(1);
  });
});

describe('scopes of an upstream', () => {
  it('must contain openid for OpenID Connect, and are left to the provider code when absent', async () => {
    expect(await complaints(withOidc({ scopes: ['email'] }))).toEqual([
      `${oidc}.scopes: does not contain openid`,
    ]);
    expect((await resolve(withOidc({}))).upstreams[0]?.scopes).toBeNull();
    expect((await resolve(withOidc({ scopes: ['openid'] }))).upstreams[0]?.scopes).toEqual(['openid']);
    expect((await resolve(withOAuth2({ scopes: ['repo'] }))).upstreams[0]?.scopes).toEqual(['repo']);
  });
});

describe('additional_authorization_params', () => {
  it.each(
    (
      'response_type client_id redirect_uri scope state code_challenge code_challenge_method nonce response_mode request ' +
      'request_uri claims resource'
    ).split(' '),
  )('may not set %s', async (name) => {
    const additional_authorization_params = { [name]: 'x' };
    const where = `.additional_authorization_params.${name}: is a parameter that we set ourselves`;
    expect(await complaints(withOidc({ additional_authorization_params }))).toEqual([`${oidc}${where}`]);
    expect(await complaints(withOAuth2({ additional_authorization_params }))).toEqual([`${oauth2}${where}`]);
  });

  it('may set everything else', async () => {
    const additional_authorization_params = { access_type: 'offline', prompt: 'consent', empty: '' };
    const { upstreams } = await resolve(withOidc({ additional_authorization_params }));
    expect(upstreams[0]?.additionalAuthorizationParams).toEqual(additional_authorization_params);
  });
});

describe('addresses of an upstream', () => {
  it.each(['issuer_url'])('%s is https, or http on a loopback host', async (field) => {
    expect(await complaints(withOidc({ [field]: 'http://127.0.0.1:9000' }))).toEqual([]);
    expect(await complaints(withOidc({ [field]: 'http://idp.internal' }))).toHaveLength(1);
    expect(await complaints(withOidc({ [field]: 'http://idp.internal', insecure_allow_http: true }))).toEqual(
      [],
    );
    expect(await complaints(withOidc({ [field]: 'nonsense', insecure_allow_http: true }))).toHaveLength(1);
  });

  it.each(['authorization_endpoint', 'token_endpoint'])(
    '%s is https, or http on a loopback host',
    async (field) => {
      expect(await complaints(withOAuth2({ [field]: 'http://[::1]:9000/x' }))).toEqual([]);
      expect(await complaints(withOAuth2({ [field]: 'http://idp.internal/x' }))).toHaveLength(1);
      expect(await complaints(withOAuth2({ [field]: undefined }))).toEqual([
        `${oauth2}.${field}: is missing`,
      ]);
    },
  );

  it('may be private or http, each by its own word: neither implies the other', async () => {
    const { upstreams } = await resolve({ ...withOidc({ insecure_allow_http: true }) });
    expect(upstreams[0]).toMatchObject({ insecureAllowHttp: true, allowPrivateIps: false });
    const { upstreams: others } = await resolve(withOidc({ allow_private_ips: true }));
    expect(others[0]).toMatchObject({ insecureAllowHttp: false, allowPrivateIps: true });
  });

  it('are held to https by nobody when the whole server may use http', async () => {
    const { upstreams } = await resolve({ ...withOidc({}), insecure_allow_http: true });
    expect(upstreams[0]).toMatchObject({ insecureAllowHttp: true, allowPrivateIps: false });
  });
});

describe('subject_claim', () => {
  it.each(['sub', 'oid', '_x1'])('may be %s', async (claim) => {
    expect((await resolve(withOidc({ subject_claim: claim }))).upstreams[0]).toMatchObject({
      subjectClaim: claim,
    });
  });
  it.each(['a.b', 'a-b', 'a:b', '1a', ' a', 'https://x'])('may not be %s', async (claim) => {
    expect(await complaints(withOidc({ subject_claim: claim }))).toHaveLength(1);
  });
});

describe('userinfo', () => {
  it('defaults to GET and the fields of OpenID Connect; a list replaces the default entirely', async () => {
    const { upstreams } = await resolve(withOAuth2({}));
    expect(upstreams[0]?.userinfo).toEqual({
      endpoint: 'https://idp.example.com/userinfo',
      method: 'GET',
      additionalHeaders: {},
      subjectFields: ['sub'],
      nameFields: ['name'],
      emailFields: ['email'],
    });
    const field_mapping = { subject_fields: ['id', 'uid'] };
    const userinfo = { endpoint_url: 'https://api.github.com/user', http_method: 'POST', field_mapping };
    const { upstreams: mapped } = await resolve(withOAuth2({ userinfo }));
    expect(mapped[0]?.userinfo).toMatchObject({
      method: 'POST',
      subjectFields: ['id', 'uid'],
      nameFields: ['name'],
    });
  });

  it('may be missing for OAuth 2.0, with a warning, and not together with access rules', async () => {
    const config = withOAuth2({ userinfo: undefined });
    expect((await resolve(config)).warnings.join()).toContain('made-up identity');
    expect(await complaints({ ...config, access: [{ subjects: ['1'] }] })).toHaveLength(1);
  });

  it('takes no headers that would break the request', async () => {
    const userinfo = {
      endpoint_url: 'https://idp.example.com/u',
      additional_headers: { 'a b': 'x', c: 'x\r\ny: z' },
    };
    expect(await complaints(withOAuth2({ userinfo }))).toHaveLength(2);
  });
});
