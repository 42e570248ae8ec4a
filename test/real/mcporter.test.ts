import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Program } from './children.ts';
import { isolatedEnvironment, packageFile, scratchDirectory, startProgram } from './children.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

let stack: RealStack;
let home: Awaited<ReturnType<typeof scratchDirectory>>;
const started: Program[] = [];

beforeAll(async () => {
  home = await scratchDirectory();
  stack = await startRealStack({ accessTokenLifespan: '5s' });
});

afterAll(async () => {
  for (const program of started) await program.stop();
  await stack.close();
  await home.remove();
});

function mcporter(...args: string[]): Program {
  const env = isolatedEnvironment(home.path, {
    XDG_DATA_HOME: home.path,
    XDG_CACHE_HOME: home.path,
    XDG_STATE_HOME: home.path,
    MCPORTER_DISABLE_KEEPALIVE: '*',
  });
  const program = startProgram(packageFile('mcporter/dist/cli.js'), args, env);
  started.push(program);
  return program;
}

test('mcporter registers, signs in, calls a tool, and refreshes in a later run without its user', async () => {
  const login = mcporter(
    'auth',
    '--http-url',
    stack.endpoint,
    '--allow-http',
    '--name',
    'files',
    '--persist',
    `${home.path}/mcporter.json`,
    '--no-browser',
    '--json',
  );
  const [, url = ''] = await login.until(/"authorizationUrl":\s*"([^"]+)"/u);
  expect((await stack.signInAndReturn(url)).status).toBe(200);
  expect(await login.exit(), login.output()).toBe(0);

  await untilExpired(5);

  const call = mcporter('call', 'files.echo', 'message=hello', '--config', `${home.path}/mcporter.json`);
  expect(await call.exit(), call.output()).toBe(0);
  expect(call.stdout()).toContain('Echo: hello');
  expect(stack.redeemed('authorization_code')).toBe(1);
  expect(stack.redeemed('refresh_token')).toBeGreaterThan(0);
});
