import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { GuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { FetchPolicy } from '../../src/net/policy.ts';
import { json, raw, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';

let server: HostileServer;
const opened: GuardedFetch[] = [];

beforeEach(async () => {
  server = await startHostileServer();
});
afterEach(async () => {
  await server.close();
  await Promise.all(opened.splice(0).map((fetch) => fetch.close()));
});

function guard(policy: Partial<FetchPolicy> = {}): GuardedFetch {
  const fetch = createGuardedFetch({ allowHttp: false, allowPrivate: false, allowLoopback: true, ...policy });
  opened.push(fetch);
  return fetch;
}

const refusal = { name: 'SallyportError', code: 'fetch_refused' };
const outage = { name: 'SallyportError', code: 'upstream_unavailable' };

describe('an answer', () => {
  test('comes whole: status, headers, body', async () => {
    server.on('/', raw('héllo', { 'content-type': 'text/plain; charset=utf-8', 'x-thing': 'a' }, 418));
    const response = await guard()(`${server.origin}/`);
    expect(response.status).toBe(418);
    expect(response.headers.get('x-thing')).toBe('a');
    expect(await response.text()).toBe('héllo');
  });

  test.each([204, 304])('with status %i has no body', async (status) => {
    server.on('/', raw('', {}, status));
    const response = await guard()(`${server.origin}/`);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('');
  });

  test('belongs to a request that arrived as it was made', async () => {
    server.on('/', json({}));
    await guard()(`${server.origin}/?a=b`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Basic eDp5' },
      body: new URLSearchParams({ grant_type: 'refresh_token' }),
    });
    expect(server.received[0]).toMatchObject({
      method: 'POST',
      url: '/?a=b',
      body: 'grant_type=refresh_token',
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Basic eDp5' },
    });
  });
});

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])(
    'with status %i within the origin are followed for GET',
    async (status) => {
      server.on('/', raw('', { location: '/there?x=1' }, status));
      server.on('/there', json({ there: true }));
      const response = await guard()(`${server.origin}/`);
      expect(await response.json()).toEqual({ there: true });
    },
  );

  test.each([301, 302, 303, 307, 308])(
    'with status %i to another host never carry a POST there',
    async (status) => {
      const other = await startHostileServer();
      server.on('/token', raw('', { location: `${other.origin}/token` }, status));
      const request = guard()(`${server.origin}/token`, {
        method: 'POST',
        headers: { authorization: 'Basic c2VjcmV0' },
        body: new URLSearchParams({ code: 'secret' }),
      });
      await expect(request).rejects.toMatchObject(refusal);
      expect(other.received).toEqual([]);
      await other.close();
    },
  );

  test('within the origin are not followed for POST either', async () => {
    server.on('/token', raw('', { location: '/token2' }, 307));
    const request = guard()(`${server.origin}/token`, { method: 'POST', body: 'code=secret' });
    await expect(request).rejects.toMatchObject(refusal);
    expect(server.received.map(({ url }) => url)).toEqual(['/token']);
  });

  test('to another origin are not followed: not another port, not another name of this machine', async () => {
    const other = await startHostileServer();
    for (const location of [
      `${other.origin}/`,
      `http://localhost:${server.port}/`,
      `https://127.0.0.1:${server.port}/`,
      `http://user:pass@127.0.0.1:${server.port}/`,
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      '//attacker.example/',
      'http://[bad',
    ]) {
      server.on('/', raw('', { location }, 302));
      await expect(guard()(`${server.origin}/`)).rejects.toMatchObject(refusal);
    }
    expect(other.received).toEqual([]);
    await other.close();
  });

  test('without a target are refused', async () => {
    server.on('/', raw('', {}, 302));
    await expect(guard()(`${server.origin}/`)).rejects.toMatchObject(refusal);
  });

  test('are followed three times and no more', async () => {
    server.on('/1', raw('', { location: '/2' }, 302));
    server.on('/2', raw('', { location: '/3' }, 302));
    server.on('/3', raw('', { location: '/4' }, 302));
    server.on('/4', json({ done: true }));
    expect(await (await guard()(`${server.origin}/1`)).json()).toEqual({ done: true });
    server.on('/0', raw('', { location: '/1' }, 302));
    await expect(guard()(`${server.origin}/0`)).rejects.toMatchObject(refusal);
  });
});

describe('limits', () => {
  test('a body of exactly the cap is read, one byte more is not', async () => {
    server.on('/fits', raw('x'.repeat(1000)));
    server.on('/larger', raw('x'.repeat(1001)));
    const fetch = guard({ maxBytes: 1000 });
    expect(await (await fetch(`${server.origin}/fits`)).text()).toHaveLength(1000);
    await expect(fetch(`${server.origin}/larger`)).rejects.toMatchObject(refusal);
  });

  test('a body without end is cut off', async () => {
    let sent = 0;
    let cut: () => void = () => {};
    const wasCut = new Promise<void>((resolve) => (cut = resolve));
    server.on('/', (_request, response) => {
      response.once('close', () => cut()).writeHead(200);
      const more = (): void => {
        if (response.destroyed) return;
        sent += 16_384;
        response.write('x'.repeat(16_384), () => void setImmediate(more));
      };
      more();
    });
    await expect(guard({ maxBytes: 100_000 })(`${server.origin}/`)).rejects.toMatchObject(refusal);
    await wasCut;
    expect(sent).toBeLessThan(50_000_000);
  });

  test.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['br', (bytes: Buffer) => brotliCompressSync(bytes)],
  ])('a %s bomb counts as what it grows to', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    server.on('/', (_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
    });
    await expect(guard({ maxBytes: 100_000 })(`${server.origin}/`)).rejects.toMatchObject(refusal);
  });

  test('a compressed body comes decoded, and no header says otherwise', async () => {
    server.on('/', (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'));
    });
    const response = await guard()(`${server.origin}/`);
    expect(await response.json()).toEqual({ a: 1 });
    expect(response.headers.get('content-encoding')).toBeNull();
  });

  test('headers that never come are not waited for', async () => {
    server.on('/', () => {});
    await expect(guard({ timeout: 100 })(`${server.origin}/`)).rejects.toMatchObject(outage);
  });

  test('a body that trickles is not waited for', async () => {
    server.on('/', (_request, response) => {
      response.writeHead(200).write('{');
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    await expect(guard({ timeout: 200 })(`${server.origin}/`)).rejects.toMatchObject(outage);
  });

  test('redirects share one time limit', async () => {
    server.on('/', (_request, response) => {
      setTimeout(() => response.writeHead(302, { location: '/' }).end(), 120);
    });
    await expect(guard({ timeout: 200 })(`${server.origin}/`)).rejects.toMatchObject(outage);
  });

  test('a name server that does not answer is not waited for', async () => {
    const lookup = (): Promise<never> => new Promise(() => {});
    await expect(guard({ timeout: 100, lookup })('https://idp.example/')).rejects.toMatchObject(outage);
  });

  test('a caller may give up earlier', async () => {
    server.on('/', () => {});
    const request = guard()(`${server.origin}/`, { signal: AbortSignal.timeout(50) });
    await expect(request).rejects.toMatchObject(outage);
  });
});

describe('errors', () => {
  test('tell origin and path, never query, user info, headers or bodies', async () => {
    const garbage = createServer((socket) => void socket.end('HTTP/9.9 secret-answer\r\n\r\nsecret-answer'));
    await new Promise<void>((resolve) => {
      garbage.listen(0, '127.0.0.1', () => resolve());
    });
    const garbageOrigin = `http://127.0.0.1:${(garbage.address() as AddressInfo).port}`;
    server.on('/moved', raw('secret-answer', { location: 'https://x.example/?secret-answer' }, 307));
    server.on('/large', raw('secret-answer'.repeat(100)));
    server.on('/cut', (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('secret-answer');
      response.destroy();
    });
    const fetch = guard({ maxBytes: 500 });
    const init = {
      method: 'POST',
      headers: { authorization: 'Bearer secret-header' },
      body: 'code=secret-body',
    };
    const urls = [
      ...['/moved', '/large', '/cut'].map((path) => `${server.origin}${path}?code=secret-query`),
      `${garbageOrigin}/path?code=secret-query`,
      'http://127.0.0.1:1/path?code=secret-query#secret-fragment',
      'http://example.com/path?code=secret-query',
      'https://secret-user:secret-password@example.com/path?code=secret-query',
      'https://10.0.0.1/path?code=secret-query',
      'secret-query',
    ];
    for (const url of urls) {
      const error: unknown = await fetch(url, init).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'SallyportError' });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('secret-');
    }
    garbage.close();
  });

  test('say what went wrong with the network', async () => {
    const { origin } = server;
    await server.close();
    await expect(guard()(`${origin}/path?x=y`)).rejects.toThrow(
      new RegExp(`^${origin}/path: the request failed \\(ECONNREFUSED\\)$`),
    );
  });

  test('say when a port is one that the Fetch standard blocks', async () => {
    await expect(guard()('http://127.0.0.1:1/')).rejects.toThrow(/blocks this port/);
  });
});
