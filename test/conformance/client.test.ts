/** The official suite for clients, played against our gateway as the client of a protected MCP server. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { isolatedEnvironment, scratchDirectory, startProgram } from '../real/children.ts';
import { suite } from '../real/conformance.ts';
import type { Order } from './downstream.ts';
import { play } from './downstream.ts';
import { exceptions, notPlayed } from './exceptions.ts';

interface Check {
  readonly id: string;
  readonly status: string;
}

let conductor: Listening;

beforeAll(async () => {
  conductor = await listen((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      // Written by `relay.ts`.
      const order = JSON.parse(body) as Order;
      play(order).then(
        () => response.end('played'),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
});

afterAll(() => conductor.close());

/** Checks that failed, of each scenario of a suite; a scenario without any check fails as such. */
async function failures(name: string, revision: string): Promise<Record<string, readonly string[]>> {
  const directory = await scratchDirectory();
  const relay = fileURLToPath(new URL('relay.ts', import.meta.url));
  const command = `${process.execPath} ${relay}`;
  const args = [
    'client',
    '--command',
    command,
    '--suite',
    name,
    '--spec-version',
    revision,
    '-o',
    directory.path,
  ];
  const env = isolatedEnvironment(directory.path, { CONDUCTOR: conductor.url });
  const program = startProgram(suite, args, env);
  try {
    await program.exit();
    const found: Record<string, readonly string[]> = {};
    for (const scenario of await scenariosIn(directory.path)) {
      const file = join(directory.path, scenario.directory, 'checks.json');
      // The format is the suite's own.
      const checks = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Check[]) : [];
      const failed = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
      found[scenario.name] = checks.length === 0 ? ['no checks'] : failed.map(({ id }) => id);
    }
    return found;
  } finally {
    await program.stop();
    await directory.remove();
  }
}

async function scenariosIn(directory: string): Promise<readonly { name: string; directory: string }[]> {
  const all = await readdir(directory, { recursive: true });
  return all.flatMap((path) => {
    const [, name] = /^(.+)-\d{4}-\d\d-\d\dT[\d-]+Z\/checks\.json$/u.exec(path) ?? [];
    return name === undefined ? [] : [{ name, directory: path.replace(/\/checks\.json$/u, '') }];
  });
}

test.each([
  ['auth', '2026-07-28', 14],
  ['draft', '2026-07-28', 17],
  ['backcompat', '2025-03-26', 2],
] as const)(
  'the suite %s of %s passes, but for what is listed with its reason',
  async (name, revision, least) => {
    const found = await failures(name, revision);
    expect(Object.keys(found).length).toBeGreaterThanOrEqual(least);
    const failed = Object.entries(found).filter(([, checks]) => checks.length > 0);
    const listed = Object.entries(found).flatMap(([scenario, checks]) => {
      const exception = exceptions[scenario];
      const passed = exception?.mayPass === true && checks.length === 0;
      return exception === undefined || passed ? [] : [[scenario, exception.checks] as const];
    });
    expect(Object.fromEntries(failed)).toEqual(Object.fromEntries(listed));
  },
  120_000,
);

test('each extension of authorization that the suite knows is listed with the reason why it is not played', async () => {
  const directory = await scratchDirectory();
  const program = startProgram(suite, ['list'], isolatedEnvironment(directory.path));
  await program.exit();
  const known = [...program.stdout().matchAll(/- (auth\/\S+) \[extension\]/gu)].map(([, name]) => name);
  await directory.remove();
  expect(known.toSorted()).toEqual(Object.keys(notPlayed).toSorted());
});
