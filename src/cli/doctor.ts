import { parseArgs } from 'node:util';
import { examineConfig } from '../doctor/examine-config.ts';
import { examineUrl } from '../doctor/examine.ts';
import type { Report } from '../doctor/finding.ts';
import { renderText } from '../doctor/render.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { defaultStateDir } from './configured.ts';

const usage = `usage: sallyport doctor URL [--register] [--json]
       sallyport doctor -c FILE [--state-dir DIR] [--json]

  URL                 an MCP server or an authorization server, anybody's: plays what each client does before it signs in,
                      and says what would break it
  -c, --config FILE   our own configuration: what "config check" says, and what only the network can tell
  --register          also register a client there
  --json              the report as JSON
`;

/** What the command prints to, and where configurations find what they name. */
export type DoctorIo = Pick<CommandIo, 'stdout' | 'stderr' | 'env'>;

interface Wanted {
  readonly url: URL | null;
  readonly config: string | null;
  readonly stateDir: string;
  readonly register: boolean;
  readonly json: boolean;
}

/** `sallyport doctor …`. @returns the exit code: 0 all fine, 1 something breaks a client or ourselves, 2 wrong arguments */
export async function doctor(args: readonly string[], io: DoctorIo): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(usage);
    return 0;
  }
  let wanted: Wanted;
  try {
    wanted = readArguments(args, io);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr(`sallyport: ${error.message}\n\n${usage}`);
    return 2;
  }
  const told = await examine(wanted, io);
  io.stdout(wanted.json ? `${JSON.stringify(told, null, 2)}\n` : renderText(told));
  return told.ok ? 0 : 1;
}

async function examine({ url, config, stateDir, register }: Wanted, { env }: DoctorIo): Promise<Report> {
  if (url) return examineUrl(url, { register });
  return examineConfig(config ?? '', { stateDir, env });
}

/** @throws {UsageError} */
function readArguments(args: readonly string[], { env }: DoctorIo): Wanted {
  const { values, positionals } = parsed(args);
  const { config = null, register, json } = values;
  const [text, ...more] = positionals;
  if (more.length > 0) throw new UsageError('say one URL only');
  if ((text === undefined) === (config === null)) throw new UsageError('say either a URL or -c FILE');
  // Registering is only for where there is somebody to register with.
  if (config !== null && register) throw new UsageError('--register is for a URL');
  const url = text === undefined ? null : URL.parse(text);
  if (text !== undefined && (url === null || !isUsable(url)))
    throw new UsageError('the URL must be http or https, without credentials and fragment');
  return { url, config, stateDir: values['state-dir'] ?? defaultStateDir(env), register, json };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        'state-dir': { type: 'string' },
        register: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'these arguments are not understood');
  }
}

/** Credentials in a URL would be sent. */
function isUsable({ protocol, username, password, hash }: URL): boolean {
  return /^https?:$/u.test(protocol) && username === '' && password === '' && hash === '';
}
