import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FakeBrowser, Program } from './children.ts';
import { fakeBrowser, isolatedEnvironment, packageFile, scratchDirectory, startProgram } from './children.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

let stack: RealStack;
let home: Awaited<ReturnType<typeof scratchDirectory>>;
let browser: FakeBrowser;
const started: Program[] = [];

beforeAll(async () => {
  home = await scratchDirectory();
  browser = await fakeBrowser(home.path);
  stack = await startRealStack({ accessTokenLifespan: '5s' });
});

afterAll(async () => {
  await mcpc('close', '@files').exit();
  for (const program of started) await program.stop();
  await stack.close();
  await home.remove();
});

function mcpc(...args: string[]): Program {
  const env = isolatedEnvironment(home.path, { ...browser.env, MCPC_HOME_DIR: home.path });
  const program = startProgram(packageFile('@apify/mcpc/bin/mcpc'), args, env);
  started.push(program);
  return program;
}

test('mcpc registers, signs in without a state, calls a tool, and refreshes without its user', async () => {
  const login = mcpc('login', stack.endpoint);
  const [url] = await login.until(/http:\/\/localhost:\d+\/oauth\/authorize\S+/u);
  expect((await stack.signInAndReturn(url)).status).toBe(200);
  expect(await login.exit(), login.output()).toBe(0);

  await untilExpired(5);

  const connect = mcpc('connect', stack.endpoint, '@files');
  expect(await connect.exit(), connect.output()).toBe(0);
  const call = mcpc('@files', 'tools-call', 'echo', 'message:="hello"', '--json');
  expect(await call.exit(), call.output()).toBe(0);
  expect(call.stdout()).toContain('Echo: hello');
  expect(stack.redeemed('authorization_code')).toBe(1);
  expect(stack.redeemed('refresh_token')).toBeGreaterThan(0);
});
