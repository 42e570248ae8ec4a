import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import { isolatedEnvironment, scratchDirectory, startProgram } from './children.ts';
import { statusesIn, suite } from './conformance.ts';
import { registerApp } from './plain-app.ts';
import type { RealStack } from './stack.ts';
import { startRealStack } from './stack.ts';

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack();
});

afterAll(() => stack.close());

test('the conformance suite for authorization servers passes, metadata and code grant, without a warning', async () => {
  const port = await freePort();
  const app = await registerApp(stack, { redirectUri: `http://127.0.0.1:${port}/callback` });
  const directory = await scratchDirectory();
  const where = [
    '--url',
    stack.issuer,
    '--resource',
    stack.endpoint,
    '--client-id',
    app.clientId,
    '-p',
    String(port),
  ];
  const program = startProgram(
    suite,
    ['authorization', ...where, '-o', directory.path],
    isolatedEnvironment(directory.path),
  );
  try {
    const [url] = await program.until(/https?:\/\/\S*response_type=code\S*/);
    await stack.signInAndReturn(url);
    expect(await program.exit()).toBe(0);
    expect(program.output()).toMatch(/✓ authorization-server-metadata-endpoint: [1-9]\d* passed, 0 failed/);
    expect(program.output()).toMatch(/✓ authorization-code-grant: [1-9]\d* passed, 0 failed/);
    const statuses = await statusesIn(directory.path);
    expect(statuses.length).toBeGreaterThan(2);
    expect(new Set(statuses)).toEqual(new Set(['SUCCESS']));
  } finally {
    await program.stop();
    await directory.remove();
  }
});
