import { describe, expect, it } from 'vitest';
import { runConfigCommand } from '../../src/cli/config.ts';
import { profiles } from '../../src/profiles/profiles.ts';

const rest = { issuer: 'https://mcp.example.com', allowed_audiences: ['https://mcp.example.com/mcp'] };

async function run(
  args: readonly string[],
  upstream: object = {},
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const files: Record<string, string> = {
    'a.json': JSON.stringify({ ...rest, access: 'anyone', upstreams: [{ client_id: 'mine', ...upstream }] }),
    '/run/secret': 'a secret of the upstream',
  };
  const code = await runConfigCommand(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: { SECRET: 'another secret of the upstream' },
    readFile: (path) => {
      const file = files[path];
      return file === undefined
        ? Promise.reject(Object.assign(new Error('no'), { code: 'ENOENT' }))
        : Promise.resolve(Buffer.from(file));
    },
  });
  return { code, out, err };
}

interface Told {
  readonly setting: string;
  readonly value: unknown;
  readonly from: string;
  readonly because: string | null;
}

async function settingsOf(upstream: object): Promise<ReadonlyMap<string, Told>> {
  const { code, out, err } = await run(['explain', 'a.json', '--json'], upstream);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  // What --json prints.
  const { upstreams } = JSON.parse(out) as { upstreams: { settings: Told[] }[] };
  return new Map((upstreams[0]?.settings ?? []).map((told) => [told.setting, told]));
}

describe('sallyport config explain', () => {
  it('tells of every setting whether the file, the profile or a default says so', async () => {
    const told = await settingsOf({
      profile: 'google',
      client_secret_file: '/run/secret',
      additional_authorization_params: { prompt: 'select_account' },
      pkce: 'never',
    });
    const from = (setting: string): unknown => [told.get(setting)?.value, told.get(setting)?.from];
    expect(from('issuer_url')).toEqual(['https://accounts.google.com', 'profile']);
    expect(from('client_id')).toEqual(['mine', 'file']);
    expect(from('pkce')).toEqual(['never', 'file']);
    expect(from('token_type')).toEqual(['bearer', 'default']);
    expect(from('additional_authorization_params.access_type')).toEqual(['offline', 'profile']);
    expect(from('additional_authorization_params.prompt')).toEqual(['(as the file has it)', 'file']);
    expect(from('client_secret')).toEqual(['from file /run/secret', 'file']);
    expect(from('token_endpoint_auth_method')).toEqual(['client_secret_post', 'profile']);
  });

  it('names the form of the profile that says something', async () => {
    const told = await settingsOf({
      profile: 'okta',
      domain: 'example.okta.com',
      authorization_server: 'a1',
    });
    expect(told.get('issuer_url')).toMatchObject({
      value: 'https://example.okta.com/oauth2/a1',
      from: 'profile',
      because: 'A custom authorization server',
    });
    expect(told.get('token_endpoint_auth_method')).toMatchObject({ value: 'none', from: 'default' });
  });

  it('explains ToolHive’s own form, too', async () => {
    const told = await settingsOf({
      client_id: undefined,
      type: 'oauth2',
      oauth2_config: {
        authorization_endpoint: 'https://idp.example.com/a',
        token_endpoint: 'https://idp.example.com/t',
        client_id: 'x',
        client_secret_env_var: 'SECRET',
        userinfo: { endpoint_url: 'https://idp.example.com/u', additional_headers: { 'X-Key': 'a key' } },
      },
    });
    expect(told.get('userinfo.endpoint_url')).toMatchObject({
      value: 'https://idp.example.com/u',
      from: 'file',
    });
    expect(told.get('userinfo.http_method')).toMatchObject({ value: 'GET', from: 'default' });
    expect(told.get('client_secret')?.value).toBe('from variable SECRET');
  });

  it('shows no secret, in neither form', async () => {
    for (const flags of [[], ['--json']]) {
      for (const secret of [{ client_secret_file: '/run/secret' }, { client_secret_env_var: 'SECRET' }]) {
        const upstream = {
          profile: 'github',
          ...secret,
          userinfo: {
            endpoint_url: 'https://api.github.com/user',
            additional_headers: { 'X-Key': 'a secret in the wrong place' },
          },
          additional_authorization_params: { key: 'a secret in the wrong place' },
        };
        const { code, out } = await run(['explain', 'a.json', ...flags], upstream);
        expect(code).toBe(0);
        expect(out).toContain('X-Key');
        expect(out).not.toContain('secret of the upstream');
        expect(out).not.toContain('wrong place');
      }
    }
  });

  it('is a table for people, and says what it cannot find', async () => {
    const upstream = { name: 'work', profile: 'entra', tenant: 'organizations' };
    const { out } = await run(['explain', 'a.json', '--upstream', 'work'], upstream);
    expect(out).toMatch(/^work\n/u);
    expect(out).toMatch(/subject_claims +tid, oid +profile entra\n/u);
    expect(out).toMatch(/issuer_template +\S+ +profile entra: People of any organisation\n/u);
    const other = await run(['explain', 'a.json', '--upstream', 'home'], upstream);
    expect(other).toMatchObject({ code: 2, out: '', err: expect.stringContaining('there is work') });
    expect(await run(['explain'])).toMatchObject({ code: 2 });
    expect(await run(['explain', 'b.json'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('b.json'),
    });
  });
});

describe('sallyport config profiles', () => {
  it('lists them all, and tells what to set up for one', async () => {
    const { code, out } = await run(['profiles']);
    expect(code).toBe(0);
    for (const name of profiles.keys()) expect(out).toContain(name);
    const { out: one } = await run(['profiles', 'entra']);
    expect(one).toContain('Microsoft Entra ID');
    expect(one).toContain('Certificates & secrets');
  });

  it('prints data for programs', async () => {
    const { out } = await run(['profiles', 'slack', '--json']);
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(profiles.get('slack'))));
  });

  it('suggests the one that was meant', async () => {
    const { code, err } = await run(['profiles', 'gogle']);
    expect(code).toBe(2);
    expect(err).toContain('did you mean "google"?');
  });
});
