import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CommandIo } from '../../src/cli/command-io.ts';
import { runClientsCommand } from '../../src/cli/clients.ts';
import { runGrantsCommand } from '../../src/cli/grants.ts';
import { runKeysCommand } from '../../src/cli/keys.ts';
import { runStoreCommand } from '../../src/cli/store.ts';
import { run } from './scene.ts';

const commands: readonly (readonly [
  string,
  (args: readonly string[], io: CommandIo) => Promise<number>,
  readonly string[],
])[] = [
  ['keys', runKeysCommand, ['generate', 'list', 'rotate', 'prune']],
  ['grants', runGrantsCommand, ['list', 'show', 'revoke', 'block', 'unblock']],
  ['clients', runClientsCommand, ['list', 'show', 'revoke', 'blocked', 'block', 'unblock']],
  ['store', runStoreCommand, ['stats', 'check', 'backup', 'purge']],
];

describe.each(commands)('sallyport %s', (name, command, actions) => {
  it.each([[['--help']], [['-h']], [[actions[0] ?? '', '--help']]])('%j shows every action', async (args) => {
    const { code, out, err } = await run(command, args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const action of actions) expect(out).toContain(`sallyport ${name} ${action}`);
  });

  it('is in the reference, with every action', () => {
    expect(readFileSync('docs/commands.md', 'utf8')).toContain(
      `## sallyport ${name} ${actions.join(' | ')}\n`,
    );
  });

  it('demands an action, and a configuration', async () => {
    expect((await run(command, [])).code).toBe(2);
    const { code, err } = await run(command, [actions[1] ?? '', ...(name === 'grants' ? ['abc.x'] : [])]);
    expect(code).toBe(2);
    expect(err).toContain('usage: sallyport');
  });
});
