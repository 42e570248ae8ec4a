import { parseArgs } from 'node:util';
import { examineConfig } from '../doctor/examine-config.ts';
import { examineUrl } from '../doctor/examine.ts';
import type { Report } from '../doctor/finding.ts';
import { renderText } from '../doctor/render.ts';
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
  readonly help: boolean;
}

/** `sallyport doctor …`. @returns the exit code: 0 all fine, 1 something breaks a client or ourselves, 2 wrong arguments */
export async function doctor(args: readonly string[], io: DoctorIo): Promise<number> {
  const wanted = readArguments(args, io);
  if (wanted === null) {
    io.stderr(usage);
    return 2;
  }
  if (wanted.help) {
    io.stdout(usage);
    return 0;
  }
  const told = await examine(wanted, io);
  io.stdout(wanted.json ? `${JSON.stringify(told, null, 2)}\n` : renderText(told));
  return told.ok ? 0 : 1;
}

async function examine({ url, config, stateDir, register }: Wanted, { env }: DoctorIo): Promise<Report> {
  if (url) return examineUrl(url, { register });
  return examineConfig(config ?? '', { stateDir, env });
}

/** `null`: not to be understood. */
function readArguments(args: readonly string[], { env }: DoctorIo): Wanted | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        'state-dir': { type: 'string' },
        register: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [text, ...more] = positionals;
    const url = text === undefined ? null : URL.parse(text);
    const usable = url === null || isUsable(url);
    // Exactly one of the two, and registering only where there is somebody to register with.
    const clear = (url === null) !== (values.config === undefined) && (text === undefined) === (url === null);
    const fits = values.config === undefined || !values.register;
    if (!values.help && (!usable || !clear || !fits || more.length > 0)) return null;
    const { config = null, register, json, help } = values;
    return { url, config, stateDir: values['state-dir'] ?? defaultStateDir(env), register, json, help };
  } catch {
    return null;
  }
}

/** Credentials in a URL would be sent. */
function isUsable({ protocol, username, password, hash }: URL): boolean {
  return /^https?:$/u.test(protocol) && username === '' && password === '' && hash === '';
}
