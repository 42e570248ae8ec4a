import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Endpoint } from './endpoint.ts';

let endpoint: Endpoint;
let stream: Promise<ServerResponse>;

beforeAll(async () => {
  endpoint = await Endpoint.start({ streamCheckEvery: 50 });
});

beforeEach(() => {
  const opened = Promise.withResolvers<ServerResponse>();
  stream = opened.promise;
  endpoint.backend = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    opened.resolve(response);
  };
});

afterAll(() => endpoint.close());

async function open(token: string, signal?: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await endpoint.call(token, { method: 'GET', body: null, ...(signal && { signal }) });
  expect(response.status).toBe(200);
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  if (!response.body) throw new Error('a stream has a body');
  return response.body.getReader();
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return Buffer.from(value ?? []).toString();
}

describe('an event stream', () => {
  it('passes each event while the answer goes on', async () => {
    const reader = await open((await endpoint.stack.signIn()).access_token);
    expect(await next(reader)).toBe('data: 1\n\n');
    const behind = await stream;
    behind.write('data: 2\n\n');
    expect(await next(reader)).toBe('data: 2\n\n');
    behind.end();
    expect((await reader.read()).done).toBe(true);
  });

  it('ends at the MCP server when the client leaves', async () => {
    const leave = new AbortController();
    const reader = await open((await endpoint.stack.signIn()).access_token, leave.signal);
    await next(reader);
    const behind = await stream;
    const closed = once(behind, 'close');
    leave.abort();
    await closed;
    expect(behind.writableFinished).toBe(false);
    await expect(reader.read()).rejects.toThrow();
  });

  it('breaks off for the client when the MCP server breaks off', async () => {
    const reader = await open((await endpoint.stack.signIn()).access_token);
    await next(reader);
    (await stream).destroy();
    await expect(reader.read()).rejects.toThrow();
  });

  it('ends when the grant is revoked', async () => {
    const { access_token, refresh_token, clientId } = await endpoint.stack.signIn();
    const reader = await open(access_token);
    await next(reader);
    const closed = once(await stream, 'close');
    const revoked = await endpoint.stack.call('/oauth/revoke', {
      method: 'POST',
      body: new URLSearchParams({ token: refresh_token, client_id: clientId }),
    });
    expect(revoked.status).toBe(200);
    await closed;
    await expect(reader.read()).rejects.toThrow();
  });

  it('outlives a look at a grant that is alive', async () => {
    const reader = await open((await endpoint.stack.signIn()).access_token);
    await next(reader);
    const behind = await stream;
    await new Promise((resolve) => setTimeout(resolve, 200));
    behind.write('data: late\n\n');
    expect(await next(reader)).toBe('data: late\n\n');
    behind.end();
  });

  it('ends with the token', async () => {
    const { access_token, expires_in } = await endpoint.stack.signIn();
    endpoint.stack.advance(expires_in * 1000 - 1500);
    const reader = await open(access_token);
    await next(reader);
    await once(await stream, 'close');
    await expect(reader.read()).rejects.toThrow();
  });
});
