/**
 * Sessions of MCP are known by an id, and many MCP servers ask for nothing else: whoever learns the id of somebody's session
 * reads along and answers in their name. MCP 2025-11-25, security best practices (session hijacking: bind ids to the user);
 * MCP 2026-07-28 (state handles); GHSA-hvrp-rf83-w775. Behind the gateway an id is worth nothing in another user's hands.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Endpoint } from '../proxy/endpoint.ts';

let endpoint: Endpoint;
let alice: string;
let bob: string;
/** The id that the MCP server gave to alice, and what she was told. */
const inner = '1868a90c-41e3-4d7e.x';
let hers: string;

beforeAll(async () => {
  endpoint = await Endpoint.start();
  alice = (await endpoint.stack.signIn({ account: 'alice' })).access_token;
  bob = (await endpoint.stack.signIn({ account: 'bob' })).access_token;
  endpoint.backend = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': inner }).end('{}');
  hers = (await endpoint.call(alice)).headers.get('mcp-session-id') ?? '';
});
beforeEach(() => {
  endpoint.seen.splice(0);
  endpoint.backend = (_request, response) => void response.writeHead(200).end('{}');
});
afterAll(() => endpoint.close());

const withSession = (token: string, id: string, method = 'POST'): Promise<Response> =>
  endpoint.call(token, { method, body: method === 'POST' ? '{}' : null, headers: { 'mcp-session-id': id } });

describe('the id of a session', () => {
  it('works for its own user, by every method, and the server behind sees the one that it gave', async () => {
    expect(hers).toMatch(/^1868a90c-41e3-4d7e\.x\.[\w-]{22}$/u);
    for (const method of ['POST', 'GET', 'DELETE']) {
      expect((await withSession(alice, hers, method)).status).toBe(200);
      expect(endpoint.seen.at(-1)?.headers['mcp-session-id']).toBe(inner);
    }
  });

  it('works with a later token of the same user, and in another app of theirs', async () => {
    const { client_id } = await endpoint.stack.register({ client_name: 'Another app' });
    const later = await endpoint.stack.signIn({ account: 'alice', clientId: client_id });
    expect((await withSession(later.access_token, hers)).status).toBe(200);
  });

  it.each(['POST', 'GET', 'DELETE'])(
    'is over for everybody else, with %s: nothing reaches the server behind',
    async (method) => {
      const response = await withSession(bob, hers, method);
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain(inner);
      expect(endpoint.seen).toEqual([]);
    },
  );

  it('cannot be made from the inner one, guessed, cut, joined or moved', async () => {
    endpoint.backend = (_request, response) =>
      void response.writeHead(200, { 'mcp-session-id': 'bobs' }).end('{}');
    const his = (await endpoint.call(bob)).headers.get('mcp-session-id') ?? '';
    endpoint.seen.splice(0);
    const [tag = ''] = hers.split('.').slice(-1);
    const [hisTag = ''] = his.split('.').slice(-1);
    for (const id of [
      inner,
      `${inner}.`,
      `.${tag}`,
      `${inner}.${hisTag}`,
      `bobs.${tag}`,
      `${inner}.${'A'.repeat(22)}`,
      `${hers}=`,
      `${hers}.`,
      `${hers}, ${his}`,
      ` ${hers},`,
      hers.toUpperCase(),
      `${inner}.${tag.slice(0, 10)}`,
      'x',
      '',
    ]) {
      for (const token of [alice, bob])
        expect({ id, status: (await withSession(token, id)).status }).toEqual({ id, status: 404 });
    }
    expect(endpoint.seen).toEqual([]);
  });

  it('in another spelling of its header does not pass', async () => {
    await endpoint.call(bob, { headers: { mcp_session_id: inner, 'Mcp_Session-Id': inner } });
    expect(JSON.stringify(endpoint.seen)).not.toContain(inner);
    expect(endpoint.seen).toHaveLength(1);
  });

  it('that comes from the server twice goes to nobody', async () => {
    endpoint.backend = (_request, response) =>
      void response.writeHead(200, { 'mcp-session-id': ['a', 'b'] }).end('{}');
    expect((await endpoint.call(alice)).headers.get('mcp-session-id')).toBeNull();
  });
});
