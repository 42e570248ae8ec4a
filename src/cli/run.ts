import { readFile } from 'node:fs/promises';
import { runConfigCommand } from './config.ts';
import { serve } from './serve.ts';

const help = `sallyport: OAuth 2.1 authorization server and gateway for MCP servers

  sallyport serve -c FILE [--state-dir DIR]   start the gateway
  sallyport config check FILE                 find every mistake in a configuration
  sallyport config schema                     print the JSON Schema of configurations
  sallyport --version
`;

/** Runs one command. @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  const [command = '', ...rest] = args;
  switch (command) {
    case 'serve':
      return serve(rest);
    case 'config':
      return runConfigCommand(rest, {
        stdout: (text) => void process.stdout.write(text),
        stderr: (text) => void process.stderr.write(text),
        env: process.env,
        readFile: (path) => readFile(path),
      });
    case '--version':
    case '-v':
      process.stdout.write(`${await version()}\n`);
      return 0;
    case '--help':
    case '-h':
      process.stdout.write(help);
      return 0;
    default:
      process.stderr.write(command === '' ? help : `sallyport: unknown command "${command}"\n\n${help}`);
      return 2;
  }
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  // Our own package.json has a version.
  return (JSON.parse(text) as { version: string }).version;
}
