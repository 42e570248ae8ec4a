import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Endpoint } from '../proxy/endpoint.ts';
import { challengeOf, notes, post, toolCall } from './calls.ts';

let endpoint: Endpoint;
let reader: string;
let writer: string;
let admin: string;

beforeAll(async () => {
  endpoint = await Endpoint.start({
    proxy: {
      scopes: ['notes:read'],
      tools: {
        '*': [],
        'write_*': ['notes:write'],
        '*_note': ['notes:write'],
        'write_all_*': ['notes:admin'],
        write_draft: [],
        'a*b': ['notes:write'],
        'c*d': ['notes:admin'],
        Übersicht: ['notes:admin'],
      },
    },
    config: notes,
  });
  const tokenOf = async (scope: string): Promise<string> =>
    (await endpoint.stack.signIn({ scope })).access_token;
  reader = await tokenOf('openid notes:read');
  writer = await tokenOf('notes:write');
  admin = await tokenOf('notes:admin');
});

beforeEach(() => {
  endpoint.seen.length = 0;
});

afterAll(() => endpoint.close());

const statusOf = async (token: string, tool: string): Promise<number> =>
  (await post(endpoint, token, toolCall(tool))).status;

describe('a tool', () => {
  it('needs the scopes of the most specific rule', async () => {
    for (const [tool, statuses] of [
      ['list', [200, 200, 200]],
      ['write_note', [403, 200, 200]],
      ['delete_note', [403, 200, 200]],
      ['write_all_notes', [403, 403, 200]],
      ['write_draft', [200, 200, 200]],
    ] as const) {
      const tokens = [reader, writer, admin];
      expect([tool, await Promise.all(tokens.map((token) => statusOf(token, tool)))]).toEqual([
        tool,
        statuses,
      ]);
    }
  });

  it('is matched by a pattern as a whole, * standing for any characters or none', async () => {
    expect(await statusOf(reader, 'ab')).toBe(403);
    expect(await statusOf(reader, 'a-x-b')).toBe(403);
    expect(await statusOf(reader, 'xab')).toBe(200);
    expect(await statusOf(reader, 'abx')).toBe(200);
    expect(await statusOf(reader, 'acbcb')).toBe(403);
    expect(await statusOf(reader, '_note')).toBe(403);
  });

  it('that two rules match alike needs the scopes of both', async () => {
    // `write_*` and `*_notx` are of one length; of `a*b` and `c*d` only one can match.
    expect(await statusOf(reader, 'write_x')).toBe(403);
    expect(await statusOf(writer, 'write_x')).toBe(200);
  });

  it('may have a name that is not ASCII, when a rule has it in full', async () => {
    expect(await statusOf(writer, 'Übersicht')).toBe(403);
    expect(await statusOf(admin, 'Übersicht')).toBe(200);
    expect(await statusOf(admin, 'übersicht')).toBe(400);
  });

  it('reaches the server in the very bytes that were checked', async () => {
    const body =
      '{ "jsonrpc":"2.0",\t"id":"\\u0031",\r\n"method":"tools\\/call","params":{"name":"list","x":"é😀 \\": \\\\"} }';
    expect((await post(endpoint, reader, body)).status).toBe(200);
    expect(endpoint.seen).toMatchObject([{ method: 'POST', body }]);
    expect(endpoint.seen[0]?.headers['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  it('may be called in a body of unknown length, and in many pieces', async () => {
    const pieces = ['{"jsonrpc":"2.0","id":1,"method":"tools/', 'call","params":{"name":"li', 'st"}}'];
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(Buffer.from(piece));
        controller.close();
      },
    });
    const response = await endpoint.call(reader, {
      body: stream,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    } as RequestInit);
    expect(response.status).toBe(200);
    expect(endpoint.seen).toMatchObject([{ body: pieces.join('') }]);
  });
});

describe('a call without the scope', () => {
  it('is challenged for what the token has and what is missing, in one challenge, and goes nowhere', async () => {
    const response = await post(endpoint, reader, toolCall('write_note'));
    expect(response.status).toBe(403);
    expect(challengeOf(response)).toEqual({
      error: 'insufficient_scope',
      error_description: 'the token lacks: notes:write',
      scope: 'openid notes:read notes:write',
      resource_metadata: 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp',
    });
    expect(endpoint.seen).toEqual([]);
  });

  it('is challenged the same every time', async () => {
    const twice = [1, 2].map(async () => {
      const response = await post(endpoint, reader, toolCall('write_note'));
      return response.headers.get('www-authenticate');
    });
    const [first, second] = await Promise.all(twice);
    expect(first).toBe(second);
  });

  it('is refused also as a notification', async () => {
    expect((await post(endpoint, reader, toolCall('write_note', { id: undefined }))).status).toBe(403);
    expect(endpoint.seen).toEqual([]);
  });

  it('of several tools at once names the scopes of all of them', async () => {
    const body = [toolCall('list'), toolCall('write_note', { id: 2 }), toolCall('write_all_now', { id: 3 })];
    const response = await post(endpoint, reader, body);
    expect(response.status).toBe(403);
    expect(challengeOf(response)['scope']).toBe('openid notes:read notes:write notes:admin');
    expect(endpoint.seen).toEqual([]);
  });
});

describe('what is no call of a tool', () => {
  it.each([
    { jsonrpc: '2.0', id: 1, method: 'initialize', params: { capabilities: {} } },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 7, result: { name: 'write_note' } },
    { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    { jsonrpc: '2.0', id: 1, method: 'prompts/get', params: { name: 'write_note' } },
    { jsonrpc: '2.0', id: 1, method: 'vendor/odd', params: ['a', { Name: 1 }] },
    [{ jsonrpc: '2.0', id: 1, method: 'ping' }],
  ])('passes: %j', async (body) => {
    expect((await post(endpoint, reader, body)).status).toBe(200);
    expect(endpoint.seen).toHaveLength(1);
  });

  it('passes without a body', async () => {
    for (const method of ['GET', 'DELETE'])
      expect((await endpoint.call(reader, { method, body: null })).status).toBe(200);
    expect(endpoint.seen.map(({ method }) => method)).toEqual(['GET', 'DELETE']);
  });
});

describe('a scope', () => {
  it('that includes the demanded one is as good at every check', async () => {
    // The endpoint demands notes:read of everybody.
    expect((await endpoint.call(admin, { method: 'GET', body: null })).status).toBe(200);
    const none = await endpoint.stack.signIn({ scope: 'openid' });
    const refused = await endpoint.call(none.access_token, { method: 'GET', body: null });
    expect(refused.status).toBe(403);
    expect(challengeOf(refused)['scope']).toBe('openid notes:read');
  });

  it('is granted and told as it was asked for, without what it includes', async () => {
    expect((await endpoint.stack.signIn({ scope: 'notes:admin' })).scope).toBe('notes:admin');
  });
});

describe('headers that repeat the body', () => {
  const modern = (name: string): object =>
    toolCall(name, {
      params: { name, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
    });

  it('pass when they say the same, also in base64', async () => {
    const encoded = `=?base64?${Buffer.from('list').toString('base64')}?=`;
    for (const name of ['list', encoded])
      expect(
        (await post(endpoint, reader, modern('list'), { 'mcp-method': 'tools/call', 'mcp-name': name }))
          .status,
      ).toBe(200);
  });

  it('that say something else are refused as the specification has it', async () => {
    const headers = { 'mcp-method': 'tools/call', 'mcp-name': 'write_note' };
    const response = await post(endpoint, reader, modern('list'), headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32020 } });
    expect(endpoint.seen).toEqual([]);
  });
});
