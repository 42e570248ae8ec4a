import { describe, expect, it } from 'vitest';
import { runConfigCommand } from '../../src/cli/config.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  args: readonly string[],
  files: Record<string, string | Uint8Array> = {},
): Promise<Outcome> {
  let [out, err] = ['', ''];
  const code = await runConfigCommand(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: { SECRET: 'upstream-secret' },
    readFile: (path) => {
      const file = Object.hasOwn(files, path) ? files[path] : undefined;
      if (file === undefined) return Promise.reject(Object.assign(new Error('no'), { code: 'ENOENT' }));
      return Promise.resolve(Buffer.from(file));
    },
  });
  return { code, out, err };
}

const good = `
issuer: https://mcp.example.com
allowed_audiences: [https://mcp.example.com/mcp]
access: anyone
upstreams:
  - type: oidc
    oidc_config:
      issuer_url: https://idp.example.com
      client_id: sallyport
      client_secret_env_var: SECRET
`;

describe('sallyport config check FILE', () => {
  it('says that a good file is fine, and what is in force', async () => {
    const { code, out, err } = await run(['check', 'a.yaml'], { 'a.yaml': good });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('a.yaml is fine\n');
    expect(out).toMatch(/issuer +https:/u);
    expect(out).toMatch(/access +anyone/u);
    expect(out).toMatch(/redirect URI https:\/\/\S+\/oauth\/callback/u);
  });

  it.each([
    ['', 'documents of any host'],
    ['cimd: { deny_hosts: ["*.example.net"] }', 'documents of any host, never of *.example.net'],
    ['cimd: { trust: known }', 'documents of known clients'],
    ['cimd: { trust: known, allow_hosts: [a.example.com] }', 'documents of known clients and a.example.com'],
    [
      'cimd: { trust: listed, allow_hosts: [A.example.com, b.example.com] }',
      'documents of a.example.com b.example.com',
    ],
    ['cimd: { enabled: false }', 'documents of nobody'],
    ['', 'registration  policy open'],
    [
      'registration: { policy: software_statement, id_key: 3, revoked_id_keys: [1], software_statements: ' +
        '[{ issuer: "https://vouch.example.com", jwks_uri: "https://vouch.example.com/jwks.json" }] }\n' +
        'cimd: { trust: attested, allow_hosts: [a.example.com] }',
      'documents that are vouched for, and of a.example.com\n' +
        '  registration  policy software_statement, statements of https://vouch.example.com, ids by key 3, never by 1',
    ],
  ])('says whose documents describe clients, and who may register: %s', async (cimd, expected) => {
    const { out } = await run(['check', 'a.yaml'], { 'a.yaml': `${good}${cimd}\n` });
    expect(out).toContain(`${expected}\n`);
  });

  it('refuses a list of nobody, which clients would be sent to in vain', async () => {
    const { code, err } = await run(['check', 'a.yaml'], { 'a.yaml': `${good}cimd: { trust: listed }\n` });
    expect(code).toBe(1);
    expect(err).toContain('cimd.trust: is listed, and no host is listed');
    expect(err).toContain('add allow_hosts, or write enabled: false');
  });

  it.each([
    ['registration: { policy: known_clients }', true],
    ['registration: { policy: "off" }', true],
    ['registration: { policy: known_clients }\ncimd: { trust: any }', false],
    ['registration: { policy: known_clients }\ncimd: { trust: known }', false],
    ['registration: { policy: "off" }\ncimd: { enabled: false }', false],
    ['registration: { policy: open }', false],
  ])('warns who narrows one way in and leaves the other open: %s', async (more, warned) => {
    const { err } = await run(['check', 'a.yaml'], { 'a.yaml': `${good}${more}\n` });
    expect(err.includes('says nothing about clients that are described by a document')).toBe(warned);
  });

  it('refuses what serve would refuse: an upstream of everybody, and nothing said about access', async () => {
    const open = good
      .replace('https://idp.example.com', 'https://accounts.google.com')
      .replace(/access:.*\n/u, '');
    const ours = `${open}refresh_grace: 30s\n`;
    const { code, err } = await run(['check', 'a.yaml'], { 'a.yaml': ours });
    expect(code).toBe(1);
    expect(err).toContain('access: is missing');
    expect(err).toContain('Google');
  });

  it('reads JSON as well', async () => {
    const json = JSON.stringify({
      issuer: 'https://mcp.example.com',
      proxy: [{ path: '/mcp', target: 'http://127.0.0.1:9000/mcp' }],
      access: 'anyone',
      upstreams: [{ type: 'oidc', oidc_config: { issuer_url: 'https://idp.example.com', client_id: 'x' } }],
    });
    expect(await run(['check', 'a.json'], { 'a.json': json })).toMatchObject({ code: 0, err: '' });
  });

  it('passes warnings on and still says fine', async () => {
    const { code, err } = await run(['check', 'a.yaml'], { 'a.yaml': good.replace('access: anyone', '') });
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: access: /);
  });

  it('lists every mistake with its place and what to write, and fails', async () => {
    const bad = good.replace('client_id', 'clientId').replace('access: anyone', 'acces: anyone');
    const { code, out, err } = await run(['check', 'a.yaml'], { 'a.yaml': bad });
    expect(code).toBe(1);
    expect(out).toBe('');
    for (const words of [
      'acces: is not a known field',
      'did you mean "access"?',
      'oidc_config.clientId',
      'client_id',
    ])
      expect(err).toContain(words);
  });

  it.each([
    ['a: [1', '1:'],
    ['a: 1\na: 2', '2:1'],
    ['a: !secret x', '1:'],
    ['a: 1\n---\nb: 2', ''],
    ['a: *nowhere', '1:4'],
    ['{"a": 1', '1:'],
  ])('names the place of what is no YAML: %j', async (text, place) => {
    const { code, err } = await run(['check', 'a.yaml'], { 'a.yaml': text });
    expect(code).toBe(1);
    expect(err).toContain(`a.yaml:${place}`);
  });

  it('never prints the text of a broken file: it may hold a secret', async () => {
    const { code, err } = await run(['check', 'a.yaml'], {
      'a.yaml': 'issuer: hunter2: hunter2\n\thunter2: [',
    });
    expect(code).toBe(1);
    expect(err).not.toContain('hunter2');
  });

  it('survives aliases that multiply', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let index = 1; index < 9; index += 1)
      lines.push(`a${index}: &a${index} [${Array.from({ length: 9 }, () => `*a${index - 1}`).join(', ')}]`);
    const { code, err } = await run(['check', 'a.yaml'], { 'a.yaml': lines.join('\n') });
    expect(code).toBe(1);
    expect(err).toContain('too many aliases');
  });

  it('fails for files that are missing or no text', async () => {
    expect(await run(['check', 'none.yaml'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('none.yaml: does not exist\n  fix: '),
    });
    const binary = await run(['check', 'a.yaml'], { 'a.yaml': Uint8Array.of(0xff, 0xfe, 0x00) });
    expect(binary).toMatchObject({ code: 1, err: expect.stringContaining('UTF-8') });
  });
});

describe('sallyport config check, with several upstreams', () => {
  it('shows how people sign in, and what to register where', async () => {
    const upstream = (name: string, more: object = {}): object => ({
      name,
      type: 'oidc',
      oidc_config: { issuer_url: `https://${name}.example.com`, client_id: 'x' },
      ...more,
    });
    const upstreams = [upstream('a'), upstream('b'), upstream('c', { when: 'later' })];
    const config = {
      issuer: 'https://mcp.example.com',
      access: 'anyone',
      upstreams,
      allowed_audiences: ['https://mcp.example.com/mcp'],
    };
    const check = async (more: object): Promise<string> =>
      (await run(['check', 'a.json'], { 'a.json': JSON.stringify({ ...config, ...more }) })).out;
    expect(await check({})).toMatch(/sign-in +a, then b; later c\n/u);
    expect(await check({})).toContain('b (oidc), redirect URI https://mcp.example.com/oauth/callback/b');
    expect(await check({ sign_in: 'choose' })).toMatch(/sign-in +a or b; later c\n/u);
  });
});

describe('sallyport config schema', () => {
  it('prints a JSON Schema that knows every section', async () => {
    const { code, out } = await run(['schema']);
    const schema = JSON.parse(out) as { $schema: string; properties: Record<string, unknown> };
    expect(code).toBe(0);
    expect(schema.$schema).toContain('2020-12');
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['issuer', 'upstreams', 'proxy', 'access']),
    );
  });
});

describe('sallyport config', () => {
  it.each([[[]], [['check']], [['check', 'a', 'b']], [['schema', 'x']], [['chek', 'a']]])(
    'explains itself when it is called with %j',
    async (args) => {
      expect(await run(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('usage:') });
    },
  );

  it.each([[['--help']], [['-h']], [['check', '--help']], [['schema', '-h']]])(
    'explains itself when asked: %j',
    async (args) => {
      expect(await run(args)).toMatchObject({ code: 0, out: expect.stringContaining('usage:'), err: '' });
    },
  );

  it.each([
    [[], 'say what to do'],
    [['check'], 'say which file to check'],
    [['check', 'a', 'b'], 'say one file only'],
    [['chek'], 'there is no "chek" here'],
  ])('says first what was wrong with %j', async (args, problem) => {
    expect((await run(args)).err).toMatch(new RegExp(`^sallyport: ${problem}\n\nusage:`, 'u'));
  });
});
