/**
 * An MCP server behind the gateway that was taken over, or that repeats what its callers send: it may spoil its own answers
 * and nobody else's. RFC 9112 §6.3 and §9.2 (bytes after an answer belong to no request), CWE-113 (answers split in two),
 * CWE-613 (streams that outlive their token), the MCP security practices on token passthrough.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Endpoint } from '../proxy/endpoint.ts';

const answer = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe('bytes after an answer', () => {
  let endpoint: Endpoint;
  let server: Server;
  const sockets = new Set<Socket>();
  const tokens: Record<'alice' | 'bob', string> = { alice: '', bob: '' };

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        const text = chunk.toString('latin1');
        const poison = `${answer('{"for":"alice"}')}${answer('{"for":"POISON"}')}`;
        if (text.includes('"split"')) socket.write(poison);
        else if (text.includes('"short"'))
          socket.write(`${answer('{"for":"alice"}').slice(0, -2)}${answer('{"for":"POISON"}')}`);
        else if (text.includes('"')) socket.write(answer('{"for":"bob"}'));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = server.address() as AddressInfo;
    endpoint = await Endpoint.start({ proxy: { target: `http://127.0.0.1:${port}/mcp` } });
    tokens.alice = (await endpoint.stack.signIn({ account: 'alice' })).access_token;
    tokens.bob = (await endpoint.stack.signIn({ account: 'bob' })).access_token;
  });
  afterAll(async () => {
    await endpoint.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  // A server that waits for bob's request before it lies could as well lie in its own answer to him.
  it.each(['split', 'short'])('(%s) never become the answer to somebody else', async (kind) => {
    for (let round = 0; round < 20; round += 1) {
      await (await endpoint.call(tokens.alice, { body: JSON.stringify(kind) })).text().catch(() => '');
      const bob = await endpoint.call(tokens.bob, { body: '"bob"' });
      // A connection that talks out of turn is closed; bob's request may go down with it, and he asks again.
      const body = await bob.text().catch(() => '');
      expect(body).not.toContain('POISON');
      expect([200, 502]).toContain(bob.status);
    }
  });
});

describe('an answer without end', () => {
  let endpoint: Endpoint;
  beforeAll(async () => {
    endpoint = await Endpoint.start({ streamCheckEvery: 50 });
  });
  afterAll(() => endpoint.close());

  it.each([401, 302])(
    'after status %i keeps nobody waiting: the client hears of it at once',
    async (status) => {
      const { access_token } = await endpoint.stack.signIn();
      endpoint.backend = (_request, response) => {
        response.writeHead(status, { location: '/' }).write('more to come');
      };
      const { status: said } = await endpoint.call(access_token, { redirect: 'manual' });
      expect(said).toBe(status === 401 ? 401 : 502);
    },
  );

  it.each([
    'text/event-stream',
    'Text/Event-Stream; charset=utf-8',
    'application/json',
    'application/octet-stream',
    '',
  ])('of the type %j ends when the grant is revoked', async (type) => {
    const opened = Promise.withResolvers<ServerResponse>();
    endpoint.backend = (_request, response) => {
      response.writeHead(200, type === '' ? {} : { 'content-type': type }).write('secret of alice\n');
      opened.resolve(response);
    };
    const { access_token, refresh_token, clientId } = await endpoint.stack.signIn();
    const response = await endpoint.call(access_token, { method: 'GET', body: null });
    const reader = response.body?.getReader();
    await reader?.read();
    const closed = once(await opened.promise, 'close');
    const body = new URLSearchParams({ token: refresh_token, client_id: clientId });
    expect((await endpoint.stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    await closed;
    await expect(reader?.read()).rejects.toThrow();
  });

  it('is told apart from a hangup by nobody but its own client', async () => {
    const { access_token } = await endpoint.stack.signIn();
    endpoint.backend = (_request, response) =>
      void response.writeHead(200, { 'x-correlation-id': 'theirs' }).end('{}');
    const response = await endpoint.call(access_token);
    expect(response.headers.get('x-correlation-id')).toMatch(/^[\w-]{12}$/u);
  });
});
