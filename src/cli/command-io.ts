import { createInterface } from 'node:readline/promises';
import { readFileBounded } from '../config/read-file.ts';
import type { ResolveIo } from '../config/resolve.ts';
import type { Clock } from '../types/time.ts';

/** What a command speaks to; `env` and `readFile` are where configurations find what they name. */
export interface CommandIo extends ResolveIo {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Asks whoever sits at the terminal; `null` when nobody does. */
  confirm(question: string): Promise<boolean | null>;
  readonly clock: Clock;
}

/** Wrong arguments: the usage is shown, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** This process. */
export function processCommandIo(env: Readonly<Record<string, string | undefined>>): CommandIo {
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    env,
    readFile: readFileBounded,
    clock: Date.now,
    confirm: async (question) => {
      if (!process.stdin.isTTY) return null;
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return /^y(?:es)?$/iu.test(await terminal.question(`${question} [y/N] `));
      } finally {
        terminal.close();
      }
    },
  };
}
