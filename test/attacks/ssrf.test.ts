/**
 * Server-side request forgery through every URL that we fetch: the discovery document, and the keys, token and userinfo
 * endpoints that it names. GHSA-3768-rwj3-38p2 (metadata that points inward and carries credentials there), gtm-mcp-server
 * PR70 (redirects, rebinding), fastmcp PR4400 and PR4426 (NAT64 and other transitions), patchwork-os PR108 (numeric hosts);
 * CWE-918; RFC 6890; the MCP security practices on SSRF. Provenance decides: a host that the operator named may be private
 * when the operator says so, a host learned from a document never.
 * What one fetch does is in test/guarded-fetch; here it is what a provider of identities can make us fetch.
 */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OidcUpstreamConfig } from '../../src/config/config.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { ResolvedAddress } from '../../src/net/policy.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oidcConfig } from '../fixtures/upstream.ts';

const wellKnown = '/.well-known/openid-configuration';
/** The operator's own provider, on a private address; only this name is in the configuration. */
const named = 'idp.corp.example';
/** What else the name server of the company knows. */
const addresses: Readonly<Record<string, string>> = {
  [named]: '127.0.0.1',
  'inside.corp.example': '127.0.0.1',
  'six.corp.example': '::ffff:127.0.0.1',
  'metadata.corp.example': '169.254.169.254',
  'local.corp.example': 'fe80::1%eth0',
};

let idp: HostileOidc;
let inside: HostileServer;
let issuer: string;
let asked: string[];
let provider: UpstreamProvider;

beforeEach(async () => {
  [idp, inside] = await Promise.all([startHostileOidc(), startHostileServer()]);
  issuer = `http://${named}:${idp.port}`;
  asked = [];
  discover({});
  await answerTokens();
  idp.on('/me', json({ sub: 'alice', name: 'A' }));
  for (const path of ['/', '/token', '/jwks', '/me', wellKnown])
    inside.on(path, json({ sub: 'alice', keys: [] }));
  provider = connect();
});
afterEach(async () => {
  provider.close();
  await Promise.all([idp.close(), inside.close()]);
});

/** A document of the operator's own provider, all of it on the one name. */
function discover(changes: Readonly<Record<string, unknown>>): void {
  idp.discover({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/me`,
    ...changes,
  });
}

/** The ID token leaves out the name, so that userinfo is asked. */
function answerTokens(nonce?: string): Promise<void> {
  const thin = { name: undefined, email: undefined };
  return idp.answerTokens({ iss: issuer, sub: 'alice', nonce, ...thin });
}

const lookup = async (hostname: string): Promise<readonly ResolvedAddress[]> => {
  asked.push(hostname);
  const address = addresses[hostname];
  if (address === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  return [{ address, family: address.includes(':') ? 6 : 4 }];
};

function connect(changes: Partial<OidcUpstreamConfig> = {}): UpstreamProvider {
  const config = oidcConfig(issuer, { insecureAllowHttp: true, allowPrivateIps: true, ...changes });
  return createProvider(config, { clock: Date.now, log: silentLog, lookup });
}

/** Signs in, refreshes and asks who it is: everything that makes us fetch. Failures are the attack's own business. */
async function everything(by = provider, tokens = answerTokens): Promise<readonly string[]> {
  const failures: string[] = [];
  const login = newLogin();
  await tokens(login.request.nonce);
  const steps = [
    () => by.authorizationUrl(login.request),
    () => finish(by, login, callbackFor(login)),
    () => by.refresh({ refreshToken: 'the-refresh-token', subject: 'alice' }),
    () => by.userinfo({ accessToken: 'the-access-token', subject: 'alice' }),
  ];
  for (const step of steps)
    await step().catch((error: unknown) =>
      failures.push(error instanceof Error ? error.message : String(error)),
    );
  return failures;
}

describe('a provider on a private address that the operator named', () => {
  it('is reached at all of its endpoints, so that what is not reached below means something', async () => {
    expect(await everything()).toEqual([]);
    const paths = new Set(idp.received.map(({ url }) => url));
    expect([...paths].toSorted()).toEqual([wellKnown, '/jwks', '/me', '/token'].toSorted());
    expect(new Set(asked)).toEqual(new Set([named]));
  });

  it('is not reached when the operator did not say that it may be private', async () => {
    await provider.authorizationUrl(newLogin().request); // Who may, asks by itself from the first moment on.
    idp.received.length = 0;
    provider = connect({ allowPrivateIps: false });
    expect(await everything()).toHaveLength(4);
    expect(idp.received).toEqual([]);
  });
});

describe('a host that only a document names is never private', () => {
  const hosts = [
    'inside.corp.example',
    'INSIDE.corp.example.',
    'six.corp.example',
    'metadata.corp.example',
    'local.corp.example',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '127.0.0.1',
    '127.1',
    '127.0.0.1.',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:0:127.0.0.1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::5efe:7f00:1]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '100.100.100.200',
    '169.254.169.254',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '127。0。0。1',
    '①②⑦.⓪.⓪.①',
    '%31%32%37.0.0.1',
    'local\u00ADhost',
    `${named}@127.0.0.1`,
    `127.0.0.1#@${named}`,
  ];
  it.each(hosts)('%s', async (host) => {
    for (const [name, path] of [
      ['token_endpoint', '/token'],
      ['jwks_uri', '/jwks'],
      ['userinfo_endpoint', '/me'],
    ] as const) {
      discover({ [name]: `http://${host}:${inside.port}${path}` });
      const by = connect();
      expect((await everything(by)).length).toBeGreaterThan(0);
      by.close();
    }
    discover({ revocation_endpoint: `http://${host}:${inside.port}/token` });
    const by = connect();
    // Either it counts as none, or the dialling is refused.
    const ended = by.revoke({ accessToken: 'the-access-token', refreshToken: 'the-refresh-token' });
    expect(await ended.catch((error: unknown) => error)).not.toBe('revoked');
    by.close();
    expect(inside.received).toEqual([]);
  });

  it.each([
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_x',
    'ftp://idp.corp.example/',
    'data:application/json,{}',
    'javascript://idp.corp.example/%0aalert(1)',
    'unix:/var/run/docker.sock',
    '//inside.corp.example/x',
    '/token',
    '',
  ])('nor reached by another scheme: %j', async (url) => {
    for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint']) {
      discover({ [name]: url });
      const by = connect();
      await expect(by.authorizationUrl(newLogin().request)).rejects.toMatchObject({ failure: 'invalid' });
      by.close();
    }
  });

  it('a provider on this machine cannot send browsers to a script either', async () => {
    idp.discover({ authorization_endpoint: 'javascript://localhost/%0aalert(document.domain)' });
    const by = createProvider(oidcConfig(idp.origin), { clock: Date.now, log: silentLog });
    await expect(by.authorizationUrl(newLogin().request)).rejects.toMatchObject({ failure: 'invalid' });
    by.close();
  });

  it('nor does https become http because a document says so', async () => {
    const strict = createProvider(oidcConfig('https://idp.example'), {
      clock: Date.now,
      log: silentLog,
      fetch: Object.assign(
        async () =>
          Response.json({
            issuer: 'https://idp.example',
            authorization_endpoint: 'https://idp.example/authorize',
            token_endpoint: 'http://idp.example/token',
            jwks_uri: 'https://idp.example/jwks',
          }),
        { close: async () => {} },
      ),
    });
    await expect(strict.authorizationUrl(newLogin().request)).rejects.toThrow(/token_endpoint is not https/);
    strict.close();
  });
});

describe('a redirect', () => {
  const endpoints = [wellKnown, '/jwks', '/token', '/me'];
  it.each(endpoints)('of %s leads nowhere else, and takes no credential along', async (path) => {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const location of [
        `${inside.origin}/`,
        `http://inside.corp.example:${inside.port}/`,
        '//127.0.0.1/',
        `http://${named}:${inside.port}/`,
      ]) {
        idp.on(path, raw('', { location }, status));
        const by = connect();
        await everything(by);
        by.close();
      }
    }
    expect(inside.received).toEqual([]);
  });

  it('hidden in a refresh header or a page is not followed', async () => {
    const html = `<meta http-equiv="refresh" content="0;url=${inside.origin}/">`;
    for (const path of endpoints)
      idp.on(path, raw(html, { refresh: `0;url=${inside.origin}/`, 'content-type': 'text/html' }));
    expect(await everything()).not.toEqual([]);
    expect(inside.received).toEqual([]);
  });
});

describe('a name that changes its address', () => {
  it('after discovery is refused when it is dialled again', async () => {
    let now = '127.0.0.1';
    const changing = createProvider(oidcConfig(issuer, { insecureAllowHttp: true, allowPrivateIps: true }), {
      clock: Date.now,
      log: silentLog,
      lookup: async () => [{ address: now, family: 4 }],
    });
    // No connection is left over that would spare the lookup.
    idp.on(wellKnown, (_request, response) => {
      const document = {
        issuer,
        authorization_endpoint: `${issuer}/a`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      };
      response
        .writeHead(200, { 'content-type': 'application/json', connection: 'close' })
        .end(JSON.stringify(document));
    });
    await changing.authorizationUrl(newLogin().request);
    now = '169.254.169.254';
    await expect(changing.refresh({ refreshToken: 'r', subject: 'alice' })).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringContaining('not a public address') as string,
    });
    changing.close();
    expect(idp.received.map(({ url }) => url)).toEqual([wellKnown]);
  });
});

describe('an answer that never ends, swells, or is nonsense', () => {
  const inner = gzipSync(Buffer.alloc(16 << 20));
  const outer = gzipSync(inner);
  type Answer = (response: Parameters<Parameters<HostileOidc['on']>[1]>[1]) => void | Promise<void>;
  const answers: Readonly<Record<string, Answer>> = {
    'no answer at all': () => {},
    'headers that never end': (response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\nx-a: 1\r\n');
    },
    'megabytes of headers': (response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\n${`x-a: ${'x'.repeat(1000)}\r\n`.repeat(2000)}\r\n`);
    },
    'a body that never ends': (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      response.writeHead(200, { 'content-type': 'application/json' });
      more();
    },
    'a body that stops': (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"access_token":');
    },
    'less than it announced': (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' }).end('{}');
    },
    'more than it announced': (response) => {
      response.socket?.end(
        `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}`,
      );
    },
    'a bomb': (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(inner);
    },
    'a bomb in a bomb': (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(outer);
    },
    'a hundred encodings': (response) => {
      response.writeHead(200, { 'content-encoding': Array(100).fill('gzip').join(', ') }).end('x');
    },
    'something that is not compressed': (response) => {
      response.writeHead(200, { 'content-encoding': 'br' }).end('{}');
    },
    'a page': (response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><script>');
    },
    'a hundred thousand brackets': (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(100_000));
    },
    'nested objects': (response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    },
    'a number of a megabyte': (response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"access_token":${'9'.repeat(900_000)}}`);
    },
    'a prototype': (response) => {
      const text =
        '{"__proto__":{"issuer":"x","access_token":"y","keys":[],"sub":"alice"},"constructor":{"prototype":{}}}';
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    },
    'bytes that are no UTF-8': (response) => {
      response
        .writeHead(200, { 'content-type': 'application/json; charset=utf-7' })
        .end(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    },
    'an answer to nobody': (response) => {
      response.socket?.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50));
      response.writeHead(204).end();
    },
    'another protocol': (response) => {
      response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    },
    'a status beyond all numbers': (response) => {
      response.socket?.end('HTTP/1.1 999 X\r\ncontent-length: 2\r\n\r\n{}');
    },
    'no protocol': (response) => {
      response.socket?.end('-ERR unknown command POST\r\n+OK\r\n');
    },
  };

  it.each(Object.keys(answers))('%s: the step fails, soon, and nothing of it is told', async (name) => {
    for (const path of [wellKnown, '/token', '/jwks', '/me']) {
      idp.on(path, (_request, response) => answers[name]?.(response));
      const fetch = createGuardedFetch({ allowHttp: true, allowPrivate: true, timeout: 100, lookup });
      const config = oidcConfig(issuer, { insecureAllowHttp: true, allowPrivateIps: true });
      const by = createProvider(config, { clock: Date.now, log: silentLog, fetch });
      const failures = await everything(by, path === '/token' ? async () => {} : answerTokens);
      by.close();
      await fetch.close();
      // The discovered userinfo may fail at a login: it only adds. Asked alone it has to answer.
      expect(failures.length).toBeGreaterThan(0);
      for (const message of failures) {
        expect(message.length).toBeLessThan(400);
        expect(message).not.toMatch(
          /the-code|the-refresh-token|the-access-token|upstream-secret|<script>|unknown command/u,
        );
      }
      discover({});
      idp.on('/jwks', json({ keys: [idp.publicJwk] }));
      idp.on('/me', json({ sub: 'alice', name: 'A' }));
    }
    expect(({} as { issuer?: string }).issuer).toBeUndefined();
  });
});
