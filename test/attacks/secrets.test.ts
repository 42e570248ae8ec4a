/**
 * Secrets where nobody should read them: logs, audit lines, the process list, errors, the database, other parties' requests.
 * CWE-532, CWE-209, CWE-214, CWE-312; RFC 6819 §5.1.5, RFC 9700 §4.2 (referrers); mcp-remote (header values in logs),
 * cloudflare/mcp PR41 (a request in `state`), toolhive's provider text in warnings. One gateway process at log level `trace`
 * lives through logins, refreshes, revocations and failures of every kind, with a provider that repeats every secret in its
 * errors; then everything that it ever wrote is searched for everything that it ever knew.
 */
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import { createAuthServer } from '../../src/server/auth-server.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { live } from './leak-life.ts';
import { LeakScene, random } from './leak-scene.ts';
import { SecretList } from './secret-list.ts';

let scene: LeakScene;
/** The files of the database, while it runs and when it has ended. */
let running: ReadonlyMap<string, string>;
let ended: ReadonlyMap<string, string>;
let proc: { readonly cmdline: string; readonly environ: string };

beforeAll(async () => {
  scene = await LeakScene.start();
  await live(scene);
  scene.learnFromProvider();
  running = await scene.stored();
  const { pid } = scene.program.process;
  const [cmdline, environ] = await Promise.all(
    ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1')),
  );
  proc = { cmdline: cmdline ?? '', environ: environ ?? '' };
  scene.program.process.kill('SIGTERM');
  await scene.program.exit();
  ended = await scene.stored();
});
afterAll(() => scene.close());

/** Sinks that any reader of the machine may see; an engineer who adds one adds a line. */
const sinks: Readonly<Record<string, () => string>> = {
  'standard output, where audit events go': () => scene.program.stdout(),
  'standard error, where the log goes': () => scene.program.output(),
  'the command line': () => proc.cmdline,
};

describe('the run', () => {
  it('knew every kind of secret, and failed in every kind of way', () => {
    expect(scene.secrets.names().toSorted()).toEqual(
      [
        'ID token',
        'access token',
        'browser cookie',
        'client nonce',
        'client state',
        'client verifier',
        'code',
        'HMAC secret',
        'refresh token',
        'registered client secret',
        'sealed request',
        'signing key',
        'static client secret',
        'upstream ID token',
        'upstream access token',
        'upstream client secret',
        'upstream code',
        'upstream nonce',
        'upstream refresh token',
        'upstream state',
        'upstream verifier',
      ].toSorted(),
    );
    const statuses = new Set(scene.said.map(({ status }) => status));
    expect(
      [200, 201, 303, 400, 401, 403, 404, 405, 502, 503].filter((status) => !statuses.has(status)),
    ).toEqual([]);
    expect(scene.program.output()).toContain('"level":20');
  });

  it('would have been noticed: every spelling of a secret is found', () => {
    const list = new SecretList();
    const secret = 'k9~/+secret value=äöü-0123456789-0123456789';
    list.add('it', secret);
    for (const text of [
      secret,
      Buffer.from(secret).toString('hex'),
      Buffer.from(`x:${secret}`).toString('base64'),
      Buffer.from(`xy:${secret}:z`).toString('base64url'),
      encodeURIComponent(secret),
      JSON.stringify({ a: secret }),
      secret.slice(8),
    ])
      expect(list.leaks(`before ${text} after`)).not.toEqual([]);
    expect(list.leaks('before and after')).toEqual([]);
  });
});

describe('no secret is in', () => {
  it.each(Object.keys(sinks))('%s', (name) => {
    const text = sinks[name]?.() ?? '';
    expect(text).not.toBe('');
    expect(scene.secrets.leaks(text)).toEqual([]);
  });

  it('the environment, but the one that the operator put there', () => {
    expect(proc.environ).toContain('UPSTREAM_SECRET=');
    expect(scene.secrets.leaks(proc.environ, ['upstream client secret'])).toEqual([]);
  });

  it('the database, while it runs and afterwards', () => {
    expect([...running.keys()].toSorted()).toEqual(['store.db', 'store.db-shm', 'store.db-wal']);
    for (const [name, bytes] of [...running, ...ended]) {
      expect(bytes, name).not.toBe('');
      // The client's nonce is in the grant's data until it is in an ID token; it opens nothing.
      expect({ name, leaks: scene.secrets.leaks(bytes, ['client nonce']) }).toEqual({ name, leaks: [] });
    }
  });
});

describe('what is said to clients', () => {
  /** By protocol: the code, state and iss in the redirect, tokens in the token answer, and so on. */
  const fine: Readonly<Record<string, (said: LeakScene['said'][number]) => boolean>> = {
    'a redirect to the app has its code and state': ({ headers }) =>
      headers.get('location')?.startsWith('http://127.0.0.1:33418/') ?? false,
    'a redirect to the provider has our state and nonce': ({ headers }) =>
      headers.get('location')?.startsWith(scene.idp.origin) ?? false,
    'the consent page has the cookie and the sealed request': ({ status, contentType }) =>
      status === 200 && contentType.startsWith('text/html'),
    'the token answer has tokens': ({ status, text }) => status === 200 && text.includes('"access_token"'),
    'the registration has the secret': ({ status }) => status === 201,
  };
  const allowed: readonly (readonly [string, readonly string[]])[] = [
    ['a redirect to the app has its code and state', ['code', 'client state']],
    ['a redirect to the provider has our state and nonce', ['upstream state', 'upstream nonce']],
    ['the consent page has the cookie and the sealed request', ['browser cookie', 'sealed request']],
    ['the token answer has tokens', ['access token', 'refresh token', 'ID token', 'client nonce']],
    ['the registration has the secret', ['registered client secret']],
  ];

  it('holds nothing but what the protocol says must be there', () => {
    for (const said of scene.said) {
      const [, but] = allowed.find(([name]) => fine[name]?.(said)) ?? [];
      // A nonce in an ID token is inside its base64.
      expect({ text: said.text.slice(0, 200), leaks: scene.secrets.leaks(said.text, but) }).toMatchObject({
        leaks: [],
      });
    }
  });

  it('is never an error that holds any secret at all', () => {
    const refusals = scene.said.filter(({ status }) => status >= 400);
    expect(refusals.length).toBeGreaterThan(30);
    for (const { text } of refusals)
      expect({ text: text.slice(0, 200), leaks: scene.secrets.leaks(text) }).toMatchObject({ leaks: [] });
  });

  it('lets no page pass its address on', () => {
    const pages = scene.said.filter(
      ({ contentType, status }) => contentType.startsWith('text/html') || status === 303,
    );
    expect(pages.length).toBeGreaterThan(10);
    for (const { headers } of pages) {
      expect(['no-referrer', 'same-origin']).toContain(headers.get('referrer-policy'));
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('what others are told', () => {
  const ours = [
    'access token',
    'refresh token',
    'ID token',
    'code',
    'client state',
    'client nonce',
    'client verifier',
  ];
  const keys = [
    'signing key',
    'HMAC secret',
    'static client secret',
    'registered client secret',
    'browser cookie',
    'sealed request',
  ];
  const text = (received: readonly object[]): string => JSON.stringify(received);
  const others = (names: readonly string[]): readonly string[] =>
    scene.secrets.names().filter((name) => !names.includes(name));

  it('the MCP server learns the user’s token at the provider and nothing else', () => {
    expect(scene.mcp.received.length).toBeGreaterThan(1);
    expect(scene.secrets.leaks(text(scene.mcp.received), ['upstream access token'])).toEqual([]);
  });

  it('the provider learns nothing of ours', () => {
    expect(scene.secrets.leaks(text(scene.idp.received), others([...ours, ...keys]))).toEqual([]);
  });
});

describe('a debugger, a crash report or a careless console.log', () => {
  it('prints no secret of a configuration or a server', async () => {
    const list = new SecretList();
    const values = {
      pem: generateSigningKeyPem(),
      hmac: random('hmac-'),
      upstream: random('up-'),
      client: random('cl-'),
    };
    list.add('signing key', values.pem.split('\n')[1]);
    list.add('signing key', parseSigningKey(values.pem, 'x').privateKey.export({ format: 'jwk' }).d);
    for (const name of ['hmac', 'upstream', 'client'] as const) list.add(name, values[name]);
    const files: Readonly<Record<string, string>> = { '/k/key.pem': values.pem, '/k/hmac': values.hmac };
    const config = await resolveRunConfig(
      {
        issuer: 'https://mcp.example.com',
        access: 'anyone',
        signing_key_config: { key_dir: '/k', signing_key_file: 'key.pem' },
        hmac_secret_files: ['/k/hmac'],
        allowed_audiences: ['https://mcp.example.com/mcp'],
        clients: [
          { client_id: 'c', client_secret_env_var: 'CLIENT', redirect_uris: ['https://x.example/cb'] },
        ],
        upstreams: [
          {
            name: 'demo',
            type: 'oidc',
            oidc_config: { issuer_url: 'https://idp.example', client_id: 's', client_secret_env_var: 'UP' },
          },
        ],
      },
      {
        env: { UP: values.upstream, CLIENT: values.client },
        readFile: async (path) => Buffer.from(files[path] ?? ''),
      },
    );
    const server = await createAuthServer(config, createMemoryStore({ clock: Date.now }));
    try {
      for (const value of [config, server, server.keys, server.config, { nested: [config] }]) {
        const deep = inspect(value, {
          depth: 30,
          showHidden: true,
          getters: true,
          maxStringLength: null,
          maxArrayLength: null,
        });
        expect(list.leaks(deep)).toEqual([]);
        const shown = [JSON.stringify(value), JSON.stringify(structuredCopy(value))];
        for (const text of shown) expect(list.leaks(text)).toEqual([]);
      }
    } finally {
      await server.close();
    }
  });
});

/** What a naive serialiser sees: own enumerable properties, however deep. */
function structuredCopy(value: unknown, depth = 12): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return String(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, structuredCopy(one, depth - 1)]),
  );
}
