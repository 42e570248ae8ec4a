import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Browser, issuer, pkce, sealedRequest } from '../fixtures/stack.ts';
import { Actor } from './actor.ts';
import { Farm } from './processes.ts';
import type { Running } from './processes.ts';

// Real processes and floods take their time on a small machine.
vi.setConfig({ testTimeout: 120_000 });

describe('a gateway with little memory', () => {
  let farm: Farm;
  let gateway: Running;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    farm = await Farm.start();
    // Node ends a process that outgrows this: what piles up is found out.
    gateway = await farm.launch({ nodeFlags: ['--max-old-space-size=40'] });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await farm.close();
  });

  const post = async (path: string, body: string, type: string): Promise<number> => {
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    await response.arrayBuffer();
    return response.status;
  };

  /** Everything that strangers can send without an account, once. */
  const nuisance = async (index: number): Promise<readonly number[]> => {
    const metadata = { client_name: `App ${index}`, redirect_uris: ['http://127.0.0.1/callback'] };
    const { client_id } = await gateway.stack.register({ ...metadata, contacts: ['x'.repeat(8000)] });
    const browser = new Browser((request) => gateway.stack.fetch(request));
    const state = 's'.repeat(3000);
    const redirect_uri = metadata.redirect_uris[0];
    const parameters = { client_id, redirect_uri, state, code_challenge: pkce().challenge };
    const page = await browser.get(gateway.stack.authorizeUrl(parameters));
    const request = sealedRequest(await page.text());
    const consent = await browser.post(`${issuer}/oauth/consent`, { request, decision: 'allow' });
    return [
      consent.status,
      await post(
        '/oauth/token',
        `grant_type=refresh_token&refresh_token=${'z'.repeat(60_000)}`,
        'application/x-www-form-urlencoded',
      ),
      await post('/oauth/register', 'x'.repeat(200_000), 'application/json'),
      await gateway.mcp(`ey${'J'.repeat(8000)}.${index}.x`).then(({ status }) => status),
    ];
  };

  /** Headers that never end, one for each stranger that has the patience. */
  const dawdle = (): void => {
    const { port } = new URL(gateway.url);
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    socket.on('error', () => {});
    socket.write(
      `POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n${'y'.repeat(30_000)}`,
    );
    sockets.push(socket);
  };

  it('survives a flood of everything that strangers can send, and serves who is honest meanwhile', async () => {
    const honest = new Actor(farm, gateway);
    await honest.carryOn();
    for (let one = 0; one < 200; one += 1) dawdle();
    for (let round = 0; round < 10; round += 1) {
      const statuses = await Promise.all(
        Array.from({ length: 50 }, (_, index) => nuisance(round * 50 + index)),
      );
      expect(new Set(statuses.map(String))).toEqual(new Set(['303,400,413,401']));
      if (round % 3 !== 0) continue;
      expect([await honest.refresh(), await honest.callMcp()]).toEqual(['done', 'done']);
      const newcomer = new Actor(farm, gateway);
      await newcomer.carryOn();
      expect(newcomer.complaints).toEqual([]);
    }
    expect({ code: gateway.child.exitCode, signal: gateway.child.signalCode }).toEqual({
      code: null,
      signal: null,
    });
    expect(honest.complaints).toEqual([]);
  });
});
