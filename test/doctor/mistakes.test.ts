import { afterEach, describe, expect, it } from 'vitest';
import { examineUrl } from '../../src/doctor/examine.ts';
import type { Report } from '../../src/doctor/finding.ts';
import type { Change, PlainServer } from './server.ts';
import { documentWith, startPlainServer } from './server.ts';

const opened: PlainServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function start(change?: Change): Promise<PlainServer> {
  const server = await startPlainServer(change);
  opened.push(server);
  return server;
}

async function examine(change?: Change, register = false): Promise<Report> {
  const { url } = await start(change);
  return examineUrl(new URL(url), { register });
}

const resource = '/.well-known/oauth-protected-resource/mcp';
const metadata = '/.well-known/oauth-authorization-server';
const all = 'every client';

/** Answers of one path without one of its headers, or with another status. */
const at =
  (
    wanted: string,
    methods: readonly string[],
    by: (reply: Parameters<Change>[1]) => Parameters<Change>[1],
  ): Change =>
  ({ method, path }, reply) =>
    path === wanted && methods.includes(method) ? by(reply) : reply;

interface Mistake {
  readonly name: string;
  readonly change: Change;
  readonly check: string;
  /** Part of the finding. */
  readonly says: string;
  readonly breaks: readonly string[] | typeof all;
}

const sdk = ['sdk-2025-06-18', 'sdk-2025-11-25', 'sdk-2026-07-28'];
const bySdk = ['claude-code', 'cursor', 'mcp-remote', 'inspector-1', 'inspector-2', ...sdk];
const others = ['claude', 'chatgpt', 'vscode', 'codex', 'gemini-cli'];
/** All that know protected-resource metadata. */
const since2025June = [...bySdk, ...others];
const registering = ['cursor', 'gemini-cli', 'sdk-2025-03-26', 'sdk-2025-06-18'];

const mistakes: readonly Mistake[] = [
  {
    name: '403 instead of 401',
    change: at('/mcp', ['POST'], (reply) => ({ ...reply, status: 403 })),
    check: 'challenge-post',
    says: 'answered with 403',
    breaks: all,
  },
  {
    name: 'no challenge, and no metadata where clients look without one',
    change: ({ path }, reply) => {
      if (path === resource) return { status: 404 };
      return path === '/mcp' ? { ...reply, headers: {} } : reply;
    },
    check: 'challenge-post',
    says: 'no WWW-Authenticate',
    breaks: ['claude', 'chatgpt', 'codex', 'gemini-cli'],
  },
  {
    name: '405 to GET',
    change: at('/mcp', ['GET'], () => ({ status: 405 })),
    check: 'challenge-get',
    says: 'GET without a token is answered with 405',
    breaks: ['codex', 'mcp-remote'],
  },
  {
    name: '404 to HEAD',
    change: at('/mcp', ['HEAD'], () => ({ status: 404 })),
    check: 'challenge-head',
    says: 'HEAD without a token is answered with 404',
    breaks: ['gemini-cli'],
  },
  {
    name: 'a resource that differs by a slash',
    change: documentWith(resource, (origin) => ({ resource: `${origin}/mcp/` })),
    check: 'resource-match',
    says: 'only a slash at the end differs',
    breaks: since2025June,
  },
  {
    name: 'a resource of another server',
    change: documentWith(resource, () => ({ resource: 'https://mcp.example.com/mcp' })),
    check: 'resource-match',
    says: 'and people type',
    breaks: since2025June,
  },
  {
    name: 'a resource that is the origin',
    change: documentWith(resource, (origin) => ({ resource: origin })),
    check: 'resource-exact',
    says: 'and people type',
    breaks: ['claude'],
  },
  {
    name: 'no authorization servers',
    change: documentWith(resource, () => ({ authorization_servers: [] })),
    check: 'resource-metadata',
    says: 'name no authorization server',
    breaks: since2025June,
  },
  {
    name: 'metadata of the resource nowhere',
    change: at(resource, ['GET'], () => ({ status: 404 })),
    check: 'resource-metadata',
    says: 'no protected-resource metadata',
    breaks: ['claude', 'chatgpt', 'codex', 'gemini-cli'],
  },
  {
    name: 'an issuer with a slash more',
    change: documentWith(metadata, (origin) => ({ issuer: `${origin}/` })),
    check: 'issuer-match',
    says: 'only a slash at the end differs',
    breaks: ['mcp-remote', 'inspector-2', 'sdk-2026-07-28'],
  },
  {
    name: 'S256 not listed',
    change: documentWith(metadata, () => ({ code_challenge_methods_supported: undefined })),
    check: 'pkce-s256',
    says: 'do not list S256',
    breaks: ['claude', 'chatgpt'],
  },
  {
    name: 'plain PKCE only',
    change: documentWith(metadata, () => ({ code_challenge_methods_supported: ['plain'] })),
    check: 'pkce-methods',
    says: 'do not list S256',
    breaks: [...bySdk, 'vscode', 'codex', 'gemini-cli', 'sdk-2025-03-26'],
  },
  {
    name: 'no registration',
    change: documentWith(metadata, () => ({ registration_endpoint: undefined })),
    check: 'registration-cimd-or-dcr',
    says: 'clients cannot register',
    breaks: since2025June,
  },
  {
    name: 'client-id metadata documents only',
    change: documentWith(metadata, () => ({
      registration_endpoint: undefined,
      client_id_metadata_document_supported: true,
    })),
    check: 'registration-dcr',
    says: 'no registration_endpoint',
    breaks: registering,
  },
  {
    name: 'a member that is null',
    change: documentWith(metadata, () => ({ service_documentation: null })),
    check: 'metadata-shape',
    says: '"service_documentation" is null',
    breaks: [...bySdk, 'sdk-2025-03-26'],
  },
  {
    name: 'no response types',
    change: documentWith(metadata, () => ({ response_types_supported: undefined })),
    check: 'metadata-shape',
    says: 'do not list the response type code',
    breaks: [...bySdk, 'sdk-2025-03-26'],
  },
  {
    name: 'a page where the token endpoint should speak JSON',
    change: at('/token', ['POST'], () => ({
      status: 500,
      headers: { 'content-type': 'text/html' },
      body: '<h1>',
    })),
    check: 'token-json',
    says: 'with 500 and no JSON',
    breaks: ['claude'],
  },
  {
    name: 'no CORS on the token endpoint',
    change: at('/token', ['OPTIONS'], () => ({ status: 405 })),
    check: 'cors-token',
    says: 'may not call /token',
    breaks: ['inspector-1'],
  },
  {
    name: 'no CORS on the registration endpoint',
    change: at('/register', ['OPTIONS'], () => ({ status: 405 })),
    check: 'cors-register',
    says: 'may not call /register',
    breaks: ['inspector-1'],
  },
  {
    name: 'no CORS on the metadata',
    change: at(metadata, ['OPTIONS', 'GET'], ({ body }) => (body === undefined ? { status: 404 } : { body })),
    check: 'cors-metadata',
    says: 'its preflight got 404',
    breaks: ['inspector-1'],
  },
  {
    name: 'an endpoint without https elsewhere',
    change: documentWith(metadata, () => ({ token_endpoint: 'http://auth.example.com/token' })),
    check: 'endpoints',
    says: 'token_endpoint is http://auth.example.com, not https',
    breaks: all,
  },
  {
    name: 'no metadata of the authorization server',
    change: at(metadata, ['GET'], () => ({ status: 404 })),
    check: 'server-metadata',
    says: 'no authorization-server metadata',
    breaks: ['chatgpt', 'codex', 'gemini-cli'],
  },
  {
    name: 'neither metadata nor the endpoints that old clients guess',
    change: ({ path }, reply) => (path === metadata || path === '/authorize' ? { status: 404 } : reply),
    check: 'server-metadata',
    says: 'no authorization-server metadata',
    breaks: all,
  },
  {
    name: 'a failure where the metadata of the resource should be',
    change: at(resource, ['GET'], () => ({ status: 500 })),
    check: 'resource-metadata',
    says: 'status 500',
    breaks: ['claude', 'chatgpt', 'codex', 'gemini-cli'],
  },
];

describe('a server without mistakes', () => {
  it('breaks no client', async () => {
    const { ok, findings, clients } = await examine();
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(clients.filter(({ verdict }) => verdict === 'breaks')).toEqual([]);
    expect(ok).toBe(true);
  });

  it('is asked without credentials, and nothing is registered', async () => {
    const server = await start();
    await examineUrl(new URL(server.url), { register: false });
    expect(server.received.length).toBeGreaterThan(5);
    for (const { headers } of server.received) {
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('cookie');
    }
    expect(server.received.filter(({ method, url }) => method === 'POST' && url === '/register')).toEqual([]);
  });
});

describe('a common mistake is found, with the clients that it breaks:', () => {
  it.each(mistakes)('$name', async ({ change, check, says, breaks }) => {
    const { ok, findings, clients } = await examine(change);
    const found = findings.filter((one) => one.check === check && one.level === 'fail');
    expect(found.map(({ message }) => message).join()).toContain(says);
    expect(found.every(({ fix }) => fix !== null && fix !== '')).toBe(true);
    const broken = clients.filter(({ because }) => because.includes(check)).map(({ id }) => id);
    expect(broken.sort()).toEqual((breaks === all ? clients.map(({ id }) => id) : [...breaks]).sort());
    expect(ok).toBe(false);
  });
});

describe('what strands people later is a warning:', () => {
  it.each([
    ['no refresh tokens', 'refresh', { grant_types_supported: ['authorization_code'] }],
    ['no offline_access', 'offline-access', { scopes_supported: ['mcp:read'] }],
    ['secrets wanted', 'public-clients', { token_endpoint_auth_methods_supported: ['client_secret_basic'] }],
    ['no iss', 'issuer-parameter', { authorization_response_iss_parameter_supported: undefined }],
  ])('%s', async (_name, check, members) => {
    const { ok, findings } = await examine(documentWith(metadata, () => members));
    expect(findings.find((one) => one.check === check)).toMatchObject({ level: 'warn', clients: [] });
    expect(ok).toBe(true);
  });

  it('metadata that are kept for a year', async () => {
    const { findings } = await examine(
      at(metadata, ['GET'], (reply) => ({ ...reply, headers: { 'cache-control': 'max-age=31536000' } })),
    );
    expect(findings.find(({ check }) => check === 'cache')).toMatchObject({ level: 'warn' });
  });

  it('metadata as text', async () => {
    const { ok, findings } = await examine(
      at(metadata, ['GET'], (reply) => ({ ...reply, headers: { 'content-type': 'text/plain' } })),
    );
    expect(findings.find(({ check }) => check === 'json-content-type')).toMatchObject({ level: 'warn' });
    expect(ok).toBe(true);
  });

  it('a token asked for in the preflight', async () => {
    const { findings } = await examine(at('/mcp', ['OPTIONS'], () => ({ status: 401 })));
    expect(findings.find(({ check }) => check === 'cors-mcp')).toMatchObject({ level: 'warn' });
  });

  it('a 401 without a challenge, where the metadata are found without it', async () => {
    const { ok, findings } = await examine(at('/mcp', ['POST'], () => ({ status: 401 })));
    expect(findings.find(({ check, level }) => check === 'challenge-post' && level === 'warn')).toBeDefined();
    expect(ok).toBe(true);
  });

  it('a challenge that does not name the metadata', async () => {
    const { findings } = await examine(
      at('/mcp', ['POST'], () => ({ status: 401, headers: { 'www-authenticate': 'Bearer' } })),
    );
    expect(findings.find(({ check }) => check === 'challenge-metadata')).toMatchObject({ level: 'warn' });
  });
});

describe('what endangers people is a failure:', () => {
  it('an authorization endpoint that redirects strangers', async () => {
    const change = at('/authorize', ['GET'], () => ({
      status: 302,
      headers: { location: 'https://doctor.invalid/callback?error=invalid_client' },
    }));
    const { findings } = await examine(change);
    expect(findings.find(({ check }) => check === 'open-redirect')).toMatchObject({ level: 'fail' });
  });

  it('keys that are not there', async () => {
    const { findings } = await examine(at('/jwks', ['GET'], () => ({ status: 404 })));
    expect(findings.find(({ check }) => check === 'jwks')).toMatchObject({ level: 'fail' });
  });
});

describe('a server that wants no token', () => {
  it('breaks nobody, and is told about', async () => {
    const { ok, findings, clients } = await examine(({ path }, reply) =>
      path === '/mcp' ? { body: { jsonrpc: '2.0', id: 1, result: {} } } : { ...reply, status: 404, body: '' },
    );
    expect({ ok, findings }).toMatchObject({ ok: true, findings: [{ check: 'sign-in', level: 'warn' }] });
    expect(clients.every(({ verdict }) => verdict === 'works')).toBe(true);
  });
});

describe('an address that has moved', () => {
  it('is told with its new place', async () => {
    const { findings } = await examine(
      at('/mcp', ['POST'], () => ({ status: 308, headers: { location: 'https://new.example/mcp' } })),
    );
    const moved = findings.find(({ check }) => check === 'challenge-post');
    expect(moved?.message).toContain('redirected to https://new.example/mcp');
  });
});

describe('with leave to register', () => {
  it('registers one client, and sees that redirects are compared exactly', async () => {
    const { findings } = await examine(undefined, true);
    expect(findings.find(({ check }) => check === 'register')).toMatchObject({ level: 'ok' });
    expect(findings.find(({ check }) => check === 'redirect-exact')).toMatchObject({ level: 'ok' });
  });

  it('notices redirects that only begin like a registered one', async () => {
    const change: Change = ({ path }, reply) =>
      path === '/authorize'
        ? { status: 302, headers: { location: 'http://127.0.0.1:33418/callback/more?code=x' } }
        : reply;
    const { findings } = await examine(change, true);
    expect(findings.find(({ check }) => check === 'redirect-exact')).toMatchObject({ level: 'fail' });
  });

  it('notices that a loopback callback is refused', async () => {
    const { findings } = await examine(
      at('/register', ['POST'], () => ({ status: 400, body: { error: 'invalid_redirect_uri' } })),
      true,
    );
    expect(findings.find(({ check }) => check === 'register')).toMatchObject({ level: 'fail' });
  });
});
