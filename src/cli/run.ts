import { readFile } from 'node:fs/promises';
import { suggest } from '../config/suggest.ts';
import { runAccessCommand } from './access.ts';
import { processCommandIo } from './command-io.ts';
import { runClientsCommand } from './clients.ts';
import { runConfigCommand } from './config.ts';
import { doctor } from './doctor.ts';
import { runGrantsCommand } from './grants.ts';
import { runKeysCommand } from './keys.ts';
import { serve } from './serve.ts';
import { runStoreCommand } from './store.ts';

const help = `sallyport: OAuth 2.1 authorization server and gateway for MCP servers

  sallyport serve -c FILE [--state-dir DIR]   start the gateway
  sallyport config check FILE                 find every mistake in a configuration
  sallyport config explain FILE [--json]      how each upstream is spoken to, and what says so
  sallyport config profiles [NAME]            the identity providers that we know
  sallyport config schema                     print the JSON Schema of configurations
  sallyport access test -c FILE --claims FILE what the access rules say about somebody, and why
  sallyport doctor URL [--register] [--json]  what would break the main clients at an MCP server
  sallyport doctor -c FILE [--json]           what is wrong with our own, network included
  sallyport keys generate|list|rotate|prune   make, look at and replace keys and secrets
  sallyport grants list|show|revoke|block     who is signed in with what, and end it
  sallyport clients list|block|unblock|…      which apps are used, and who is shut out
  sallyport store stats|check|backup|purge    the database
  sallyport --version
  sallyport COMMAND --help                    what a command takes
`;

/** Runs one command. @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  const [command = '', ...rest] = args;
  switch (command) {
    case 'serve':
      return serve(rest);
    case 'config':
      return runConfigCommand(rest, processCommandIo(process.env));
    case 'access':
      return runAccessCommand(rest, processCommandIo(process.env));
    case 'keys':
      return runKeysCommand(rest, processCommandIo(process.env));
    case 'grants':
      return runGrantsCommand(rest, processCommandIo(process.env));
    case 'clients':
      return runClientsCommand(rest, processCommandIo(process.env));
    case 'store':
      return runStoreCommand(rest, processCommandIo(process.env));
    case 'doctor':
      return doctor(rest, processCommandIo(process.env));
    case '--version':
    case '-v':
      process.stdout.write(`${await version()}\n`);
      return 0;
    case '--help':
    case '-h':
    case 'help':
      process.stdout.write(help);
      return 0;
    default:
      process.stderr.write(command === '' ? help : `sallyport: ${unknown(command)}\n\n${help}`);
      return 2;
  }
}

const commands: readonly string[] = ['serve', 'config', 'access', 'doctor', 'keys', 'grants', 'store'];

function unknown(command: string): string {
  const meant = suggest(command, commands);
  return `there is no command "${command}"${meant === null ? '' : `: did you mean "${meant}"?`}`;
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  // Our own package.json has a version.
  return (JSON.parse(text) as { version: string }).version;
}
