import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { startStack } from '../fixtures/stack.ts';
import { gatewayConfig } from './config.ts';

let stateDir: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'sallyport-gateway-'));
});

afterEach(() => rm(stateDir, { recursive: true }));

describe('stopping a gateway', () => {
  it('ends event streams at once, which would never end by themselves', async () => {
    const behind = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    });
    const stack = await startStack({ proxy: [{ path: '/mcp', target: `${behind.url}/mcp` }] });
    const gateway = createGateway(stack.auth);
    const front = await listen(gateway.listener);
    const { access_token } = await stack.signIn();
    const response = await fetch(`${front.url}/mcp`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    gateway.endStreams();
    await expect(reader?.read()).rejects.toThrow();
    await gateway.close();
    await front.close();
    await stack.close();
    await behind.close();
  });

  it('tells clients that keep a connection not to use it again', async () => {
    const stack = await startStack();
    const gateway = createGateway(stack.auth);
    const front = await listen(gateway.listener);
    const kept = async (): Promise<string | null> => {
      const response = await fetch(`${front.url}/healthz`);
      await response.arrayBuffer();
      return response.headers.get('connection');
    };
    expect(await kept()).toBe('keep-alive');
    gateway.drain();
    expect(await kept()).toBe('close');
    await gateway.close();
    await front.close();
    await stack.close();
  });

  it('lets a running request finish', async () => {
    const config = await gatewayConfig({ storage: { type: 'memory' } });
    const gateway = await startGateway(config, { stateDir, log: silentLog });
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const answer = fetch(`${gateway.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: body.readable,
      duplex: 'half',
    } as RequestInit);
    await writer.write(Buffer.from('grant_type='));
    // The gateway has the request once it has answered another that came later.
    await fetch(`${gateway.url}/healthz`);
    const closed = gateway.close();
    await writer.write(Buffer.from('unheard-of'));
    await writer.close();
    expect(await (await answer).json()).toMatchObject({ error: 'unsupported_grant_type' });
    await closed;
  });
});
