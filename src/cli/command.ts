import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { SallyportError } from '../types/error.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';

/** A subcommand's options, as `parseArgs` names them. */
export type Options = ParseArgsOptionsConfig;

/** What was given: options by name, and the words that are none. */
export interface Given {
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly words: readonly string[];
}

/** One subcommand: what it takes, and what it does. */
export interface Action {
  readonly options: Options;
  readonly run: (given: Given, io: CommandIo) => Promise<number>;
}

/** A command: its help and its subcommands. */
export interface Command {
  readonly usage: string;
  readonly actions: Readonly<Record<string, Action>>;
}

/**
 * Runs one subcommand. What was asked for goes to `stdout`, complaints go to `stderr`.
 * @returns the exit code: 0 done, 1 failed, 2 wrong arguments
 */
export async function runCommand(
  { usage, actions }: Command,
  [name = '', ...args]: readonly string[],
  io: CommandIo,
): Promise<number> {
  if (name === '--help' || name === '-h' || args.includes('--help') || args.includes('-h')) {
    io.stdout(usage);
    return 0;
  }
  try {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) throw new UsageError(name === '' ? 'say what to do' : `there is no "${name}" here`);
    return await action.run(readArguments(args, action.options), io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`sallyport: ${error.message}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof SallyportError)) throw error;
    io.stderr(`sallyport: ${error.message}\n`);
    return 1;
  }
}

/** @throws {UsageError} */
function readArguments(args: readonly string[], options: Options): Given {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    // None of our options is `multiple`.
    return { options: values as Given['options'], words: positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'these arguments are not understood');
  }
}

/** An option's text. */
export function textOption({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The only word. @throws {UsageError} */
export function onlyWord({ words }: Given, what: string): string {
  const [word, ...others] = words;
  if (word === undefined || others.length > 0) throw new UsageError(`say ${what}`);
  return word;
}

/** @throws {UsageError} when there are words where none belong */
export function noWords({ words: [word] }: Given): void {
  if (word !== undefined) throw new UsageError(`"${word}" is not understood`);
}
