import { afterEach, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';
import { json, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { documentOf } from './publisher.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A host of documents on this computer, over plain http, and a server with the policy of its own. */
async function start(issuer: string, cimd: object): Promise<{ host: HostileServer; stack: Stack }> {
  const host = await startHostileServer();
  const collaborators = { documentFetch: createGuardedFetch };
  const stack = await startStack({ issuer, cimd }, { collaborators });
  closers.push(
    () => stack.close(),
    () => host.close(),
  );
  return { host, stack };
}

async function visit(stack: Stack, clientId: string): Promise<number> {
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: 'x'.repeat(43) });
  return (await stack.browser().get(url)).status;
}

describe('documents of this computer', () => {
  it('serve development where the operator says so', async () => {
    const { host, stack } = await start('http://localhost:8080', { allow_loopback: true });
    for (const origin of [host.origin, host.origin.replace('127.0.0.1', 'localhost')]) {
      const id = `${origin}/client.json`;
      host.on('/client.json', json(documentOf(id)));
      expect(await visit(stack, id)).toBe(200);
    }
  });

  it('are not asked for where nobody has said so', async () => {
    const { host, stack } = await start('http://localhost:8080', {});
    host.on('/client.json', json(documentOf(`${host.origin}/client.json`)));
    expect(await visit(stack, `${host.origin}/client.json`)).toBe(400);
    expect(host.received).toEqual([]);
  });

  it('open the way to no other machine, and to no name that leads here by accident', async () => {
    const { host, stack } = await start('http://localhost:8080', { allow_loopback: true });
    for (const id of [
      'http://10.0.0.1/client.json',
      'https://10.0.0.1/client.json',
      'http://app.example.com/c.json',
    ])
      expect(await visit(stack, id)).toBe(400);
    expect(host.received).toEqual([]);
  });
});
