import { afterEach, describe, expect, it } from 'vitest';
import { examineUrl } from '../../src/doctor/examine.ts';
import type { Report } from '../../src/doctor/finding.ts';
import { all, at, metadata, mistakes } from './mistakes.ts';
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
    ['scopes that nobody grants', 'scopes', { scopes_supported: ['other', 'offline_access'] }],
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
