import { afterEach, describe, expect, it } from 'vitest';
import { createAsking } from '../../src/doctor/ask.ts';
import { examineUrl } from '../../src/doctor/examine.ts';
import type { Report } from '../../src/doctor/finding.ts';
import { renderText } from '../../src/doctor/render.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import type { Change, PlainServer } from './server.ts';
import { documentWith, startPlainServer } from './server.ts';

const opened: (PlainServer | Listening)[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function examine(change: Change): Promise<{ report: Report; server: PlainServer }> {
  const server = await startPlainServer(change);
  opened.push(server);
  return { report: await examineUrl(new URL(server.url), { register: false }), server };
}

const metadata = '/.well-known/oauth-authorization-server';
const escape = '\u001b[2J\u001b]0;owned\u0007';

describe('a hostile server', () => {
  it('writes nothing to the terminal but plain text', async () => {
    const { report } = await examine(
      documentWith(metadata, () => ({
        issuer: `https://a.example/${escape}\u202e\u009b31m\r\nok    everything is fine`,
        [`${escape}x`]: null,
        token_endpoint: `https://b.example/${escape}`,
      })),
    );
    const text = renderText(report);
    expect(text).toContain('?[2J');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(text).not.toMatch(/^ok {4}everything is fine/mu);
    expect(JSON.stringify(report)).not.toMatch(/\\u001b|\\r|\\n/u);
  });

  it('that sends without end is cut off', async () => {
    const server = await listen((_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    opened.push(server);
    const { ok, findings } = await examineUrl(new URL(`${server.url}/mcp`), { register: false });
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ check: 'reachable', level: 'fail' }]);
    expect(findings[0]?.message).toContain('larger than allowed');
  });

  it('that hangs up is a finding', async () => {
    const server = await listen((request) => request.socket.destroy());
    opened.push(server);
    const { ok, findings, clients } = await examineUrl(new URL(`${server.url}/mcp`), { register: false });
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ check: 'reachable' }]);
    expect(clients.every(({ verdict }) => verdict === 'breaks')).toBe(true);
  });

  it('leads nowhere with redirects', async () => {
    const target = await startPlainServer();
    opened.push(target);
    const { report } = await examine(({ path }, reply) =>
      path === '/mcp' ? reply : { status: 302, headers: { location: `${target.origin}/secret` } },
    );
    expect(target.received).toEqual([]);
    expect(report.ok).toBe(false);
  });

  it('may send lists and numbers where texts belong', async () => {
    for (const odd of [[], {}, 7, true, [[]], '', { toString: null, valueOf: 1 }]) {
      const { report } = await examine(({ path, method }, reply) => {
        if (method !== 'GET' || typeof reply.body !== 'object' || reply.body === null) return reply;
        const names = Object.keys(reply.body);
        return path.startsWith('/.well-known/')
          ? { ...reply, body: Object.fromEntries(names.map((name) => [name, odd])) }
          : reply;
      });
      expect(report.ok).toBe(false);
    }
  });

  it('is asked a limited number of questions, however many servers it names', async () => {
    const { server } = await examine(
      documentWith('/.well-known/oauth-protected-resource/mcp', (origin) => ({
        authorization_servers: Array.from({ length: 500 }, (_, index) => `${origin}/tenant-${index}`),
      })),
    );
    expect(server.received.length).toBeLessThan(60);
  });
});

describe('what the doctor leaves behind', () => {
  const left = (server: PlainServer): readonly string[] =>
    server.received.filter(({ method }) => method === 'DELETE').map(({ url }) => url);

  it('is no session at a server that wants no token', async () => {
    const { server } = await examine(({ path }, reply) =>
      path === '/mcp' ? { headers: { 'mcp-session-id': 's1' }, body: {} } : reply,
    );
    expect(left(server)).toEqual(['/mcp']);
    expect(server.received.at(-1)?.headers.authorization).toBeUndefined();
  });

  it.each([
    ['is no registration where it can be taken back', (origin: string) => `${origin}/register/c1`, 1],
    ['is never deleted elsewhere', () => 'http://localhost:9/register/c1', 0],
    ['may be described by anything', () => ({ toString: null }), 0],
  ])('%s', async (_what, uri, times) => {
    const server = await startPlainServer(({ path, method }, reply, origin) =>
      path === '/register' && method === 'POST'
        ? {
            ...reply,
            body: {
              ...(reply.body as object),
              registration_client_uri: uri(origin),
              registration_access_token: 'rat',
            },
          }
        : reply,
    );
    opened.push(server);
    await examineUrl(new URL(server.url), { register: true });
    expect(left(server)).toEqual(times === 0 ? [] : ['/register/c1']);
  });
});

describe('addresses that a document names', () => {
  it('are private only when the given one is', async () => {
    const server = await startPlainServer();
    opened.push(server);
    const near = await createAsking(new URL('http://127.0.0.1:1/mcp'));
    expect((await near(`${server.origin}/jwks`)).status).toBe(200);
    await near.close();
    // 192.0.2.1 (RFC 5737) is nobody's, and no address of this machine.
    const far = await createAsking(new URL('https://203.0.113.7.invalid/mcp'));
    for (const url of [
      server.origin,
      'https://10.0.0.1/',
      'https://169.254.169.254/',
      'http://example.com/',
      'file:///etc/passwd',
    ]) {
      const { status, problem } = await far(url);
      expect(status).toBe(0);
      expect(problem).toMatch(/not a public address|only https/u);
    }
    await far.close();
    expect(server.received).toHaveLength(1);
  });

  it('are not private for a public server whose name led here for a moment (DNS rebinding)', async () => {
    const server = await startPlainServer();
    opened.push(server);
    const answers = [[{ address: '127.0.0.1', family: 4 }]];
    const given = new URL(server.url.replace('127.0.0.1', 'rebinding.example'));
    const near = await createAsking(given, () => Promise.resolve(answers.pop() ?? []));
    // Trusted as what is here, it is asked here and nowhere else.
    expect((await near(given.href)).status).toBe(401);
    await near.close();
  });

  it('never include the cloud’s metadata service, not even from here', async () => {
    const near = await createAsking(new URL('http://127.0.0.1:1/mcp'));
    expect((await near('http://169.254.169.254/latest')).problem).toContain('not a public address');
    await near.close();
  });
});
