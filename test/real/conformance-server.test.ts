import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFront } from '../fixtures/mcp-auth-front.ts';
import { startConformanceServer } from '../fixtures/mcp-conformance-server.ts';
import { passes, runServerSuite } from './conformance.ts';
import { registerApp, signInApp } from './plain-app.ts';
import type { RealStack } from './stack.ts';
import { startRealStack } from './stack.ts';

let server: Awaited<ReturnType<typeof startConformanceServer>>;
let stack: RealStack;
let front: Awaited<ReturnType<typeof startFront>>;

beforeAll(async () => {
  server = await startConformanceServer();
  stack = await startRealStack({ target: `${server.url}/mcp` });
  const { access_token: token } = await signInApp(stack, await registerApp(stack));
  front = await startFront({ target: Number(new URL(stack.issuer).port), token });
});

afterAll(async () => {
  await front.close();
  await stack.close();
  await server.close();
});

/** What the MCP server of these tests passes when nobody stands before it. */
async function committed(): Promise<Record<string, unknown>> {
  const file = new URL('conformance-direct-passes.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
}

test.each(['2026-07-28', '2025-11-25'])('the conformance suite for %s sees no gateway', async (revision) => {
  const direct = await runServerSuite(`${server.url}/mcp`, revision);
  expect(direct.passed).toBe(true);
  expect(passes(direct.outcome)).toEqual((await committed())[revision]);

  const through = await runServerSuite(`${front.url}/mcp`, revision);
  expect(through.outcome).toEqual(direct.outcome);
  expect(through.passed).toBe(true);
});

test('without a token the gateway lets no scenario through', async () => {
  const { passed } = await runServerSuite(stack.endpoint, '2026-07-28');
  expect(passed).toBe(false);
});
