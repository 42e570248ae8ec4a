import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isolatedEnvironment, packageFile, scratchDirectory, startProgram } from './children.ts';

/** The official conformance suite, as installed. */
export const suite: string = packageFile('@modelcontextprotocol/conformance/dist/index.js');

/** Per scenario: each check and how it ended, in order. */
export type Outcome = Readonly<Record<string, readonly string[]>>;

interface Check {
  readonly id: string;
  readonly status: string;
}

async function readOutcome(directory: string): Promise<Outcome> {
  const outcome: Record<string, string[]> = {};
  for (const name of (await readdir(directory)).sort()) {
    // `server-<scenario>-<ISO time>`
    const [, scenario] = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name) ?? [];
    if (scenario === undefined) continue;
    const file = join(directory, name, 'checks.json');
    // A scenario that broke down leaves none. The format is the suite's own.
    const checks = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Check[]) : [];
    outcome[scenario] = checks.map(({ id, status }) => `${id} ${status}`);
  }
  return outcome;
}

/** How each check of each scenario ended, whatever the scenario. A scenario that broke down counts as `FAILURE`. */
export async function statusesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  const all = names.map(async (name) => {
    const file = join(directory, name, 'checks.json');
    if (!existsSync(file)) return ['FAILURE'];
    // The format is the suite's own.
    return (JSON.parse(await readFile(file, 'utf8')) as Check[]).map(({ status }) => status);
  });
  return (await Promise.all(all)).flat();
}

/** Runs what a revision of the specification requires of a server against an endpoint. */
export async function runServerSuite(
  url: string,
  requirements: string,
): Promise<{ outcome: Outcome; passed: boolean }> {
  const directory = await scratchDirectory();
  const args = ['server', '--url', url, '--requirements', requirements, '-o', directory.path];
  const program = startProgram(suite, args, isolatedEnvironment(directory.path));
  try {
    const code = await program.exit();
    return { outcome: await readOutcome(directory.path), passed: code === 0 };
  } finally {
    await program.stop();
    await directory.remove();
  }
}

/** Scenarios without a failed check, and how many of their checks succeeded. */
export function passes(outcome: Outcome): Readonly<Record<string, number>> {
  const clean = Object.entries(outcome).filter(
    ([, checks]) => !checks.some((check) => check.endsWith(' FAILURE')),
  );
  const counted = clean.map(([scenario, checks]) => {
    return [scenario, checks.filter((check) => check.endsWith(' SUCCESS')).length] as const;
  });
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}
