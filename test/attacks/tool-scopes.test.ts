/** Somebody whose token may read calls the tool that deletes: every way to have one name checked and another one called. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Endpoint } from '../proxy/endpoint.ts';
import { notes, post, toolCall } from '../tool-scopes/calls.ts';
import { send, statuses } from './raw.ts';

let endpoint: Endpoint;
let token: string;

beforeAll(async () => {
  endpoint = await Endpoint.start({
    proxy: {
      max_body: 65_536,
      tools: { '*': ['notes:read'], 'safe_*': [], 'delete_*': ['notes:admin'], Drop: ['notes:admin'] },
    },
    config: notes,
  });
  token = (await endpoint.stack.signIn({ scope: 'notes:read' })).access_token;
});

beforeEach(() => {
  endpoint.seen.length = 0;
});

afterAll(() => endpoint.close());

/** The body is refused, and nothing of it arrives. */
async function refused(
  body: object | string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { status } = await post(endpoint, token, body, headers);
  expect(endpoint.seen).toEqual([]);
  return status;
}

/** The status codes that bytes on a socket get. */
async function sent(head: readonly string[], body: string): Promise<readonly number[]> {
  const { host, port } = new URL(endpoint.url);
  const lines = [
    ...head,
    `Host: ${host}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    'Connection: close',
  ];
  const answer = await send(Number(port), `${lines.join('\r\n')}\r\n\r\n${body}`, { alone: true });
  expect(endpoint.seen).toEqual([]);
  return statuses(answer);
}

const named = (name: string): string => JSON.stringify(toolCall(name));

it('who does nothing odd reads, and does not delete', async () => {
  expect((await post(endpoint, token, toolCall('list'))).status).toBe(200);
  endpoint.seen.length = 0;
  expect(await refused(toolCall('delete_all'))).toBe(403);
});

describe('a key that comes twice', () => {
  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe_x","name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all","name":"safe_x"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe_x","na\\u006de":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list","params":{"name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"},"params":{"name":"safe_x"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe_x"},"par\\u0061ms":{"name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe_x","arguments":{"a":1,"a":2}}}',
    '[{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"delete_all"}}]',
  ])('is refused: %s', async (body) => {
    expect(await refused(body)).toBe(400);
  });
});

describe('a key that some parsers take for another', () => {
  it.each([
    { id: 1, method: 'tools/call', params: { name: 'safe_x', Name: 'delete_all' } },
    { id: 1, method: 'tools/call', params: { NAME: 'delete_all', name: 'safe_x' } },
    { id: 1, method: 'ping', Method: 'tools/call', params: { name: 'delete_all' } },
    { id: 1, METHOD: 'tools/call', params: { name: 'delete_all' } },
    { id: 1, method: 'tools/call', params: { name: 'safe_x' }, Params: { name: 'delete_all' } },
    { id: 1, method: 'tools/call', params: { name: 'safe_x' }, paramſ: { name: 'delete_all' } },
    { id: 1, method: 'tools/call', params: { name: 'safe_x', 'name\0': 'delete_all' } },
    { id: 1, method: 'tools/call', params: { name: 'safe_x', 'name ': 'delete_all' } },
    { id: 1, method: 'tools/call', params: { name: 'safe_x', ｎame: 'delete_all' } },
    { id: 1, method: 'ping', '\u200bmethod': 'tools/call', params: { name: 'delete_all' } },
  ])('is refused: %j', async (message) => {
    expect(await refused({ jsonrpc: '2.0', ...message })).toBe(400);
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe_x","__proto__":{"name":"delete_all"}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"safe_x"}}}',
    '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"tools/call"},"params":{"name":"delete_all"}}',
  ])('is refused: %s', async (body) => {
    expect(await refused(body)).toBe(400);
  });
});

describe('a method that is nearly tools/call', () => {
  it.each([
    'Tools/Call',
    'TOOLS/CALL',
    'tools/call ',
    ' tools/call',
    'tools/call\0',
    'tools／call',
    'tools/\u200bcall',
  ])('is refused: %j', async (method) => {
    expect(await refused(toolCall('delete_all', { method }))).toBe(400);
  });

  it.each([[['tools/call']], [{ toString: 'tools/call' }], [1], [true], [null]])(
    'is refused when it is no text: %j',
    async (method) => {
      expect(await refused(toolCall('delete_all', { method }))).toBe(400);
    },
  );
});

describe('the name of a tool', () => {
  it.each(['DELETE_ALL', 'Delete_all', 'delete_ALL', 'drop', 'DROP'])(
    'that differs in case only needs what the rule needs: %s',
    async (name) => {
      expect(await refused(toolCall(name))).toBe(403);
    },
  );

  it.each([
    ' delete_all',
    'delete_all ',
    'delete_all\0',
    'safe_x\0delete_all',
    'delete_all\n',
    '\u200bdelete_all',
    'ｄelete_all',
    'délete_all'.normalize('NFD'),
    'delete\u00adall',
    '\ud800delete_all',
    '',
    ' ',
    'x'.repeat(513),
  ])('that a program may trim, cut or fold is refused: %j', async (name) => {
    expect(await refused(toolCall(name))).toBe(400);
  });

  it.each([[['delete_all']], [{ name: 'delete_all' }], [7], [null], [undefined]])(
    'that is no text is refused: %j',
    async (name) => {
      expect(await refused(toolCall(name))).toBe(400);
    },
  );

  it.each([[['delete_all', {}]], ['delete_all'], [null], [undefined]])(
    'is not taken from params that are no object: %j',
    async (params) => {
      expect(await refused(toolCall('safe_x', { params }))).toBe(400);
    },
  );

  it('is compared with patterns as a text: it cannot be a pattern itself', async () => {
    for (const name of ['delete_*', 'delete_.*', '*', 'delete_all*'])
      expect([name, (await post(endpoint, token, toolCall(name))).status]).toEqual([
        name,
        name === '*' ? 200 : 403,
      ]);
  });
});

describe('a batch', () => {
  it('with one forbidden call is refused as a whole, wherever that is', async () => {
    const good = toolCall('list');
    for (const bad of [toolCall('delete_all', { id: 2 }), toolCall('delete_all', { id: undefined })])
      for (const body of [
        [bad, good],
        [good, bad],
        [good, good, bad],
      ])
        expect(await refused(body)).toBe(403);
  });

  it.each([
    [[]],
    [[[toolCall('delete_all')]]],
    [[toolCall('list'), 'x']],
    [[null]],
    ['"tools/call"'],
    ['7'],
    ['null'],
  ])('of something else than messages is refused: %j', async (body) => {
    expect(await refused(body)).toBe(400);
  });
});

/** A harmless call with odd bytes in a text. */
const safeWith = (bytes: readonly number[]): Buffer => {
  const [before = '', after = ''] = named('safe_x').replace('{}', '{"x":"|"}').split('|');
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
};

describe('bytes that parsers read in more than one way', () => {
  const call = named('delete_all');
  it.each([
    ['a byte order mark', Buffer.from(`\ufeff${call}`)],
    ['UTF-16', Buffer.from(call, 'utf16le')],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${call}`, 'utf16le')],
    ['malformed UTF-8', safeWith([0xff])],
    ['an overlong zero byte', safeWith([0xc0, 0x80])],
    ['an encoded surrogate', safeWith([0xed, 0xa0, 0x80])],
    ['two values', Buffer.from(`${named('safe_x')}${call}`)],
    ['a value for each line', Buffer.from(`${named('safe_x')}\n${call}`)],
    ['a zero byte at the end', Buffer.from(`${named('safe_x')}\0${call}`)],
    ['a comment', Buffer.from(`/* ${named('safe_x')} */${call}`)],
    ['a comment within', Buffer.from(call.replace('{', '{/**/'))],
    ['a comma at the end', Buffer.from(call.replace('}}', '},}'))],
    ['single quotes', Buffer.from(call.replaceAll('"', "'"))],
    ['keys without quotes', Buffer.from(call.replace('"method"', 'method'))],
    ['a line break in a text', Buffer.from(call.replace('delete_all', 'delete_\nall'))],
    ['NaN', Buffer.from(call.replace('"id":1', '"id":NaN'))],
    ['nothing', Buffer.from('')],
    ['a form', Buffer.from('method=tools/call&name=delete_all')],
  ])('are refused: %s', async (_what, bytes) => {
    expect(await refused(new Uint8Array(bytes))).toBe(400);
  });

  it.each([
    ['gzip', { 'content-encoding': 'gzip' }],
    ['identity and gzip', { 'content-encoding': 'identity, gzip' }],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['a charset of seven bits', { 'content-type': 'application/json; charset=utf-7' }],
    ['two charsets', { 'content-type': 'application/json; charset=utf-8; charset=utf-16' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['several parts', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['text', { 'content-type': 'text/plain' }],
  ])('are refused when the headers say %s', async (_what, headers) => {
    expect(await refused(named('safe_x'), headers)).toBe(415);
  });

  it('are not unpacked behind us', async () => {
    const packed = new Uint8Array(gzipSync(named('delete_all')));
    expect(await refused(packed, { 'content-encoding': 'gzip' })).toBe(415);
    expect(await refused(packed)).toBe(400);
  });
});

describe('a body that cannot be read to its end', () => {
  const long = named('safe_x').replace('{}', `{"x":"${'y'.repeat(70_000)}"}`);

  it('is refused when it says how long it is, and when it does not', async () => {
    expect(await refused(long)).toBe(413);
    const chunk = `${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`;
    expect(await sent(['POST /mcp HTTP/1.1', 'Transfer-Encoding: chunked'], chunk)).toEqual([413]);
  });

  it.each(['GET', 'DELETE', 'HEAD'])('is no part of %s', async (method) => {
    const body = named('delete_all');
    const head = [`${method} /mcp HTTP/1.1`, `Content-Length: ${body.length}`];
    expect(await sent(head, body)).toEqual([400]);
  });
});

describe('a name in the headers', () => {
  it.each([
    [{ 'mcp-method': 'tools/call', 'mcp-name': 'delete_all' }],
    [{ 'mcp-method': 'tools/call' }],
    [{ 'mcp-method': 'Tools/List' }],
    [{ 'mcp-method': 'tools/list, tools/call' }],
    [{ mcp_method: 'tools/list' }],
    [{ mcp_name: 'delete_all' }],
    [{ 'mcp-method': '=?base64?dG9vbHMvY2FsbA==?=' }],
  ])('that is not in the body is refused: %j', async (headers) => {
    expect(await refused({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers)).toBe(400);
  });

  it.each([
    [{ 'mcp-name': 'delete_all' }],
    [{ 'mcp-name': '=?base64?ZGVsZXRlX2FsbA==?=' }],
    [{ 'mcp-name': '=?base64?c2FmZV94=?=' }],
    [{ 'mcp-name': '' }],
    [{ 'mcp-name': 'SAFE_X' }],
    [{ 'mcp-method': 'ping', 'mcp-name': 'safe_x' }],
  ])('that is another one than in the body is refused: %j', async (headers) => {
    expect(await refused(toolCall('safe_x'), headers)).toBe(400);
  });

  it('does not choose among the calls of a batch', async () => {
    const headers = { 'mcp-method': 'tools/call', 'mcp-name': 'safe_x' };
    expect(await refused([toolCall('safe_x')], headers)).toBe(400);
  });
});
