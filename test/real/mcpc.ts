import type { Program } from './children.ts';
import { fakeBrowser, isolatedEnvironment, packageFile, scratchDirectory, startProgram } from './children.ts';

/** The command `mcpc` with a home of its own. */
export interface Mcpc {
  run(...args: string[]): Program;
  /** Runs a command to its end; throws when it fails. Returns what it wrote to standard output. */
  succeed(...args: string[]): Promise<string>;
  /** Ends every program that was started, and forgets what they kept. */
  close(): Promise<void>;
}

export async function startMcpc(): Promise<Mcpc> {
  const home = await scratchDirectory();
  const browser = await fakeBrowser(home.path);
  const env = isolatedEnvironment(home.path, { ...browser.env, MCPC_HOME_DIR: home.path });
  const started: Program[] = [];
  const run = (...args: string[]): Program => {
    const program = startProgram(packageFile('@apify/mcpc/bin/mcpc'), args, env);
    started.push(program);
    return program;
  };
  return {
    run,
    async succeed(...args) {
      const program = run(...args);
      if ((await program.exit()) !== 0) throw new Error(`mcpc ${args.join(' ')}:\n${program.output()}`);
      return program.stdout();
    },
    async close() {
      for (const program of started) await program.stop();
      await home.remove();
    },
  };
}
