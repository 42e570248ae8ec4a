import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import type { FakeBrowser, Program } from './children.ts';
import { fakeBrowser, isolatedEnvironment, packageFile, scratchDirectory, startProgram } from './children.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

let stack: RealStack;
let home: Awaited<ReturnType<typeof scratchDirectory>>;
let browser: FakeBrowser;
let callbackUrl: string;
const programs: Program[] = [];

beforeAll(async () => {
  home = await scratchDirectory();
  browser = await fakeBrowser(home.path);
  callbackUrl = `http://127.0.0.1:${await freePort()}/oauth/callback`;
  stack = await startRealStack({ accessTokenLifespan: '2s' });
});

afterAll(async () => {
  for (const program of programs) await program.stop();
  await stack.close();
  await home.remove();
});

/** One run of the Inspector's command line that calls a tool. */
function inspect(message: string, ...flags: string[]): Program {
  const env = {
    ...browser.env,
    MCP_AUTO_OPEN_ENABLED: 'true',
    MCP_INSPECTOR_SECRET_STORE: 'file',
  };
  const call = ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', `message=${message}`];
  const how = [
    '--transport',
    'http',
    '--protocol-era',
    'auto',
    '--format',
    'json',
    '--callback-url',
    callbackUrl,
  ];
  const program = startProgram(
    packageFile('@modelcontextprotocol/inspector/clients/launcher/build/index.js'),
    ['--cli', stack.endpoint, ...call, ...how, ...flags],
    isolatedEnvironment(home.path, env),
  );
  programs.push(program);
  return program;
}

/** Waits for the end of a run that must succeed, and returns what the tool said. */
async function answer(program: Program): Promise<string> {
  const code = await program.exit();
  if (code !== 0) throw new Error(`the Inspector ended with ${code}:\n${program.output()}`);
  return program.stdout();
}

test('the Inspector opens a browser, finishes the login and calls a tool', async () => {
  const program = inspect('hello');
  await stack.signInAndReturn(await browser.nth(0));
  expect(await answer(program)).toContain('Echo: hello');
});

test('the Inspector refreshes with what it stored', async () => {
  await untilExpired(2);
  const before = stack.redeemed('refresh_token');
  expect(await answer(inspect('stored', '--stored-auth-only'))).toContain('Echo: stored');
  expect(stack.redeemed('refresh_token')).toBeGreaterThan(before);
  expect(await browser.opened()).toHaveLength(1);
});

test('the Inspector signs in again when it was told to forget', async () => {
  const program = inspect('afresh', '--relogin');
  await stack.signInAndReturn(await browser.nth(1));
  expect(await answer(program)).toContain('Echo: afresh');
});
