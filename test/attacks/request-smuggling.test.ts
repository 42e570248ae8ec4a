/**
 * Request smuggling: one stream of bytes that the gateway and the server behind it would cut into different requests.
 * RFC 9112 §3.2, §6.1–6.3, §7.1, §9.3, §11.2; RFC 9110 §7.6, §7.8; CWE-444. The server behind is a bare recorder of bytes: it
 * must see whole requests only, each of them one that the gateway has authenticated, and never a second one.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Endpoint } from '../proxy/endpoint.ts';
import { LeakScene } from './leak-scene.ts';
import type { Recorder } from './raw.ts';
import { send, startRecorder, statuses } from './raw.ts';

let recorder: Recorder;
let endpoint: Endpoint;
let port: number;
let token: string;

beforeAll(async () => {
  recorder = await startRecorder();
  endpoint = await Endpoint.start({ proxy: { target: `http://127.0.0.1:${recorder.port}/inner/mcp` } });
  port = Number(new URL(endpoint.url).port);
  token = (await endpoint.stack.signIn()).access_token;
});
beforeEach(() => recorder.clear());
afterAll(async () => {
  await endpoint.close();
  await recorder.close();
});

/** What an attacker wants the server behind to take for a request. */
const smuggled = 'POST /inner/admin HTTP/1.1\r\nHost: inner\r\nX-Smuggled: 1\r\nContent-Length: 0\r\n\r\n';
const chunkedSmuggled = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;

/** A request to the endpoint with a good token: lines of the head, and bytes after it. */
function request(lines: readonly string[], body = '', start = 'POST /mcp HTTP/1.1'): string {
  return [start, 'Host: mcp.example.com', `Authorization: Bearer ${token}`, ...lines, '', body].join('\r\n');
}

/** Nothing but whole, authenticated requests to the one address that is configured. */
function checkBackend(atMost: number): void {
  const { requests, stray } = recorder.received();
  expect(stray).toBe('');
  expect(requests.length).toBeLessThanOrEqual(atMost);
  for (const { head } of requests) {
    expect(head).toMatch(/^(?:GET|POST|DELETE|HEAD) \/inner\/mcp(?:\?\S*)? HTTP\/1\.1\r\n/u);
    expect(head).not.toMatch(/x-smuggled/iu);
    expect(head).toMatch(/^authorization: Bearer \S+\r?$/imu);
    expect(head).not.toContain(token);
  }
}

describe('the recorder', () => {
  it('sees an honest request whole, so that what it does not see means something', async () => {
    expect(statuses(await send(port, request(['Content-Length: 2'], '{}')))).toEqual([200]);
    expect(recorder.received()).toMatchObject({ requests: [{ body: '{}' }], stray: '' });
    recorder.clear();
    const chunked = request(['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n');
    expect(statuses(await send(port, chunked))).toEqual([200]);
    expect(recorder.received()).toMatchObject({ requests: [{ body: '{}' }], stray: '' });
    checkBackend(1);
  });
});

describe('a body whose length can be read in two ways reaches nobody', () => {
  const both = 'Transfer-Encoding: chunked';
  it.each([
    ['CL.TE', [`Content-Length: ${5 + smuggled.length}`, both], `0\r\n\r\n${smuggled}`],
    ['TE.CL', [both, 'Content-Length: 4'], chunkedSmuggled],
    ['CL.CL', ['Content-Length: 0', `Content-Length: ${smuggled.length}`], smuggled],
    ['the same length twice', ['Content-Length: 2', 'Content-Length: 2'], '{}'],
    ['a list of lengths', ['Content-Length: 2, 2'], '{}'],
    ['a list of different lengths', [`Content-Length: 0, ${smuggled.length}`], smuggled],
    ['a signed length', ['Content-Length: +2'], `{}${smuggled}`],
    ['a negative length', ['Content-Length: -1'], smuggled],
    ['a hexadecimal length', ['Content-Length: 0x2'], `{}${smuggled}`],
    ['a length with an exponent', ['Content-Length: 1e0'], `{}${smuggled}`],
    ['a length with a space inside', ['Content-Length: 1 0'], smuggled],
    ['a length beyond 64 bits', ['Content-Length: 18446744073709551618'], `{}${smuggled}`],
    ['an empty length', ['Content-Length:'], smuggled],
    ['a space before the colon', ['Content-Length : 2'], `{}${smuggled}`],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], chunkedSmuggled],
    ['identity', ['Transfer-Encoding: identity', 'Content-Length: 2'], `{}${smuggled}`],
    ['identity alone', ['Transfer-Encoding: identity'], smuggled],
    ['chunked, not last', ['Transfer-Encoding: chunked, identity'], chunkedSmuggled],
    ['chunked twice', ['Transfer-Encoding: chunked, chunked'], chunkedSmuggled],
    ['chunked on two lines', [both, both], chunkedSmuggled],
    ['chunked and something on another line', [both, 'Transfer-Encoding: x'], chunkedSmuggled],
    ['something and chunked on another line', ['Transfer-Encoding: x', both], chunkedSmuggled],
    ['a coding that would stay undone', ['Transfer-Encoding: gzip, chunked'], chunkedSmuggled],
    ['a space before its colon', ['Transfer-Encoding : chunked'], chunkedSmuggled],
    ['a tab before its colon', ['Transfer-Encoding\t: chunked'], chunkedSmuggled],
    ['a vertical tab before its value', ['Transfer-Encoding:\u000Bchunked'], chunkedSmuggled],
    ['a NUL in its value', ['Transfer-Encoding: chunked\u0000'], chunkedSmuggled],
    ['its value quoted', ['Transfer-Encoding: "chunked"'], chunkedSmuggled],
    ['a parameter', ['Transfer-Encoding: chunked;q=1'], chunkedSmuggled],
    ['an empty coding', ['Transfer-Encoding:', `Content-Length: ${smuggled.length}`], smuggled],
    ['its value folded', ['Transfer-Encoding:\r\n chunked'], chunkedSmuggled],
    ['its name with a line feed', ['X: y\nTransfer-Encoding: chunked'], chunkedSmuggled],
    [
      'its name with a carriage return',
      ['X: y\rTransfer-Encoding: chunked', 'Content-Length: 2'],
      `{}${smuggled}`,
    ],
    ['its name folded', [' Transfer-Encoding: chunked'], chunkedSmuggled],
  ])('%s', async (_name, lines, body) => {
    const answer = await send(port, request(lines, body));
    expect(statuses(answer)).toEqual([400]);
    expect(answer).toMatch(/^connection: close\r?$/imu);
    checkBackend(0);
  });

  it('an underscore for a hyphen is another header, here and behind', async () => {
    const answer = await send(port, request(['Content_Length: 9', 'Transfer_Encoding: chunked']));
    expect(statuses(answer)).toEqual([200]);
    checkBackend(1);
    expect(recorder.received().requests[0]?.head).not.toMatch(/^(?:content|transfer)_/imu);
  });

  it.each(['POST', 'GET'])('transfer codings in HTTP/1.0, with %s', async (method) => {
    const bytes = request(
      ['Transfer-Encoding: chunked', 'Connection: keep-alive'],
      chunkedSmuggled,
      `${method} /mcp HTTP/1.0`,
    );
    expect(statuses(await send(port, bytes))).toEqual([400]);
    checkBackend(0);
  });
});

describe('chunks', () => {
  const chunked = 'Transfer-Encoding: chunked';
  it.each([
    ['a bare line feed after the size', '2\n{}\r\n0\r\n\r\n'],
    ['a bare line feed after the data', '2\r\n{}\n0\r\n\r\n'],
    ['a bare carriage return', '2\r{}\r\n0\r\n\r\n'],
    ['a prefix of hexadecimal', '0x2\r\n{}\r\n0\r\n\r\n'],
    ['a sign', '+2\r\n{}\r\n0\r\n\r\n'],
    ['a size beyond 64 bits', `10000000000000002\r\n{}\r\n0\r\n\r\n`],
    ['a size shorter than the data', `1\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['no size', `\r\n{}\r\n0\r\n\r\n`],
    ['a space before the size', ' 2\r\n{}\r\n0\r\n\r\n'],
    ['a line feed in an extension', `2;a=\nb\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['a NUL in an extension', '2;a=\u0000\r\n{}\r\n0\r\n\r\n'],
  ])('with %s are an error, and no request comes out of it', async (_name, body) => {
    const answer = await send(port, request([chunked], body));
    expect(statuses(answer)).not.toContain(200);
    const { requests } = recorder.received();
    expect(requests).toEqual([]);
  });

  it('lose their extensions and trailers on the way', async () => {
    const body = '2;name="X-Smuggled: 1"\r\n{}\r\n0\r\nX-Smuggled: 1\r\nAuthorization: Bearer x\r\n\r\n';
    const answer = await send(port, request([chunked, 'Trailer: X-Smuggled'], body));
    expect(statuses(answer)).toEqual([200]);
    checkBackend(1);
    expect(recorder.received().requests[0]).toMatchObject({ body: '{}' });
    expect(recorder.received().requests[0]?.head).not.toMatch(/^trailer:/imu);
  });

  it.each(['GET', 'DELETE', 'HEAD'])('of a %s stay the body of that one request', async (method) => {
    const bytes = request([chunked], chunkedSmuggled, `${method} /mcp HTTP/1.1`);
    await send(port, bytes);
    checkBackend(1);
    for (const { body } of recorder.received().requests) expect(['', smuggled]).toContain(body);
  });

  it('that never end take nothing along', async () => {
    await send(port, request([chunked], `${smuggled.length.toString(16)}\r\n${smuggled}`));
    expect(recorder.received().requests).toEqual([]);
  });
});

describe('a second request on the same connection needs a token of its own', () => {
  const plain = smuggled.replace('/inner/admin', '/mcp');
  it.each([
    ['after a good one', () => request(['Content-Length: 2'], `{}${plain}`), [200, 401], 1],
    ['after a refused one', () => `GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n${plain}`, [401, 401], 0],
    [
      'after a refused one with a body that nobody reads',
      () => `POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: ${plain.length}\r\n\r\n${plain}`,
      [401],
      0,
    ],
    ['after an early answer', () => request(['Content-Length: 99999999'], plain), [413], 0],
    ['after an error', () => request(['Content-Length: x'], plain), [400], 0],
    [
      'after an announced upgrade',
      () => request(['Connection: Upgrade', 'Upgrade: websocket'], plain),
      null,
      1,
    ],
    [
      'after an announced h2c',
      () =>
        request(['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'], plain),
      null,
      1,
    ],
    [
      'after an expectation',
      () => request(['Expect: 100-continue', 'Content-Length: 2'], `{}${plain}`),
      null,
      1,
    ],
    [
      'after an unknown expectation',
      () => request(['Expect: x', 'Content-Length: 2'], `{}${plain}`),
      null,
      0,
    ],
    [
      'after a GET with a length',
      () => request([`Content-Length: ${plain.length}`], plain, 'GET /mcp HTTP/1.1'),
      null,
      1,
    ],
  ] as const)('%s', async (_name, bytes, expected, atMost) => {
    const answer = await send(port, bytes());
    if (expected) expect(statuses(answer).filter((status) => status !== 100)).toEqual(expected);
    expect(statuses(answer).filter((status) => status === 200).length).toBeLessThanOrEqual(atMost);
    checkBackend(atMost);
  });

  it('a tunnel is not opened', async () => {
    const bytes = `CONNECT 127.0.0.1:${recorder.port} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n${smuggled}`;
    expect(statuses(await send(port, bytes))).not.toContain(200);
    expect(recorder.received()).toEqual({ requests: [], stray: '' });
  });

  it('an upgrade is never offered to the server behind', async () => {
    await send(port, request(['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: AAAA']));
    for (const { head } of recorder.received().requests)
      expect(head).not.toMatch(/^upgrade:|connection: upgrade/imu);
    checkBackend(1);
  });
});

describe('other versions of HTTP', () => {
  it.each([
    'GET /mcp',
    'GET /mcp HTTP/0.9',
    'GET /mcp HTTP/2.0',
    'GET /mcp HTTP/3.0',
    'GET /mcp HTTP/1.2',
    'GET /mcp HTTPS/1.1',
    'GET /mcp http/1.1',
  ])('%j gets no request through', async (start) => {
    const answer = await send(port, request([], '', start), { alone: true });
    expect(statuses(answer)).not.toContain(200);
    checkBackend(0);
  });

  it('HTTP/1.0 is one request, and the connection ends', async () => {
    const bytes = request(['Content-Length: 2'], `{}${request([])}`, 'POST /mcp HTTP/1.0');
    expect(statuses(await send(port, bytes, { alone: true })).length).toBeLessThanOrEqual(1);
    checkBackend(1);
  });
});

describe('a path that is not exactly the endpoint’s is not the endpoint', () => {
  it.each([
    '//mcp',
    '/mcp/',
    '/mcp/..',
    '/mcp/../mcp',
    '/./mcp',
    '/mcp/.',
    '/x/../mcp',
    '/%6dcp',
    '/mcp%2f',
    '/mcp%2f..%2finner',
    '/%2e/mcp',
    '/mcp;x=1',
    '/;/mcp',
    '/MCP',
    '/mcp%00',
    '/mcp#x',
    '/mcp\\',
    '\\mcp',
    'mcp',
    '*',
    '/mcp%20',
    '/mcp/inner/admin',
    'http://mcp.example.com//mcp',
    'http://mcp.example.com/mcp/',
    'http://mcp.example.com?/mcp',
    'http://mcp.example.com?x=/mcp',
    'http://mcp.example.com#/mcp',
    'http://mcp.example.com',
    'http:///mcp/',
    'mcp.example.com/mcp',
  ])('%j', async (target) => {
    const answer = await send(port, request([], '', `POST ${target} HTTP/1.1`));
    expect(statuses(answer)).not.toContain(200);
    checkBackend(0);
  });

  it.each(['http://mcp.example.com/mcp', 'https://evil.example/mcp', 'http://127.0.0.1:1/mcp?a=b'])(
    'the absolute form %j is the path in it; nothing is ever sent to the host in it',
    async (target) => {
      expect(statuses(await send(port, request([], '', `POST ${target} HTTP/1.1`)))).toEqual([200]);
      checkBackend(1);
      expect(recorder.received().requests[0]?.head).not.toMatch(/evil|mcp\.example\.com|:1\//u);
    },
  );
});

describe('a process that was told to read leniently', () => {
  it('reads strictly all the same', async () => {
    const scene = await LeakScene.start({ NODE_OPTIONS: '--insecure-http-parser' });
    try {
      const there = Number(new URL(scene.issuer).port);
      const both = ['Content-Length: 6', 'Transfer-Encoding: chunked'];
      const bytes = request(both, `0\r\n\r\n${smuggled}`).replace('mcp.example.com', `localhost:${there}`);
      expect(statuses(await send(there, bytes, { alone: true }))).toEqual([400]);
    } finally {
      await scene.close();
    }
  });
});
