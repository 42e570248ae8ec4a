import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { readConfigFile } from '../config/load.ts';
import { resolveRunConfig } from '../config/resolve.ts';
import { withExistingState } from '../gateway/state-dir.ts';
import { SallyportError } from '../types/error.ts';
import type { Given, Options } from './command.ts';
import { textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';

/** Options of every command that works with a gateway's configuration. */
export const configuredOptions: Options = {
  config: { type: 'string', short: 'c' },
  'state-dir': { type: 'string' },
};

/** The configuration as it is written. */
export async function loadWritten(given: Given, io: CommandIo): Promise<Config> {
  const file = textOption(given, 'config');
  if (file === undefined) throw new UsageError('say which configuration to use: -c FILE');
  return resolveRunConfig(await readConfigFile(file, io), io);
}

/** The configuration as `serve` would run it, with what the state directory holds; makes nothing. */
export async function loadConfigured(given: Given, io: CommandIo): Promise<Config> {
  return withExistingState(await loadWritten(given, io), stateDirOf(given, io));
}

/** Where `serve` keeps what it makes: the option, else the environment, else the place for state of programs. */
export function stateDirOf(given: Given, { env }: Pick<CommandIo, 'env'>): string {
  return textOption(given, 'state-dir') ?? defaultStateDir(env);
}

/** Without the option. */
export function defaultStateDir(env: Readonly<Record<string, string | undefined>>): string {
  const { SALLYPORT_STATE_DIR: own, XDG_STATE_HOME: states } = env;
  if (own !== undefined && own !== '') return own;
  const base = states === undefined || states === '' ? join(homedir(), '.local/state') : states;
  return join(base, 'sallyport');
}

/** The database of the configuration. @throws {SallyportError} when it has none that outlives the gateway */
export function databaseOf({ storage }: Config): string {
  if (storage?.type === 'sqlite') return storage.path;
  throw new SallyportError(
    'config_invalid',
    'the configuration keeps everything in memory, where only the running gateway can reach it',
  );
}
