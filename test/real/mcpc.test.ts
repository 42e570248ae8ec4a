import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mcpc } from './mcpc.ts';
import { startMcpc } from './mcpc.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

let stack: RealStack;
let mcpc: Mcpc;

beforeAll(async () => {
  mcpc = await startMcpc();
  stack = await startRealStack({ accessTokenLifespan: '5s' });
});

afterAll(async () => {
  await mcpc.close();
  await stack.close();
});

test('mcpc registers, signs in without a state, calls a tool, and refreshes without its user', async () => {
  const login = mcpc.run('login', stack.endpoint);
  const [url] = await login.until(/http:\/\/localhost:\d+\/oauth\/authorize\S+(?=\s)/u);
  expect((await stack.signInAndReturn(url)).status).toBe(200);
  expect(await login.exit(), login.output()).toBe(0);

  await untilExpired(5);

  await mcpc.succeed('connect', stack.endpoint, '@files');
  const called = await mcpc.succeed('@files', 'tools-call', 'echo', 'message:="hello"', '--json');
  expect(called).toContain('Echo: hello');
  await mcpc.succeed('close', '@files');
  expect(stack.redeemed('authorization_code')).toBe(1);
  expect(stack.redeemed('refresh_token')).toBeGreaterThan(0);
});
