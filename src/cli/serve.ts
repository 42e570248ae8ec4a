import { parseArgs } from 'node:util';
import { configSource } from '../config/source.ts';
import { processIo } from '../config/resolve.ts';
import type { Config } from '../config/config.ts';
import { startGateway } from '../gateway/start.ts';
import { createPinoLog } from '../observe/pino-log.ts';
import { ConfigError } from '../config/resolve.ts';
import { UsageError } from './command-io.ts';
import { defaultStateDir } from './configured.ts';

const usage = `usage: sallyport serve -c FILE [--state-dir DIR]

  -c, --config FILE   the configuration, YAML or JSON
  --state-dir DIR     where generated keys and the database are kept;
                      else SALLYPORT_STATE_DIR, $XDG_STATE_HOME/sallyport or ~/.local/state/sallyport
`;

/** `sallyport serve`: runs until it is told to stop; `SIGHUP` opens the audit file anew, and reloads. @returns the exit code */
export async function serve(args: readonly string[]): Promise<number> {
  try {
    const { config: file, 'state-dir': stateDir, help } = readOptions(args);
    if (help === true) {
      process.stdout.write(usage);
      return 0;
    }
    if (file === undefined) throw new UsageError('say which configuration to use: -c FILE');
    const source = configSource(file, { io: processIo, complete: withAudit });
    const config = await source.load();
    const log = createPinoLog(config.observe.logLevel);
    const state = stateDir ?? defaultStateDir(process.env);
    const gateway = await startGateway(config, { stateDir: state, log, source });
    process.stderr.write(`sallyport serves ${config.issuer} on ${gateway.url}\n`);
    process.on('SIGHUP', () => {
      gateway.reopen();
      // The log and `/readyz` say why, when it is refused.
      gateway.reload().catch(() => null);
    });
    const signal = await stopSignal();
    log.info({ signal }, 'stopping');
    await gateway.close();
    return 0;
  } catch (error) {
    const wrong = error instanceof UsageError;
    process.stderr.write(`sallyport: ${explain(error)}\n${wrong ? `\n${usage}` : ''}`);
    return wrong ? 2 : 1;
  }
}

/** Who says nothing about the audit gets it where containers' logs are collected. */
function withAudit(config: Config): Config {
  const { observe } = config;
  return { ...config, observe: { ...observe, audit: observe.audit ?? { to: 'stdout' } } };
}

interface ServeOptions {
  readonly config?: string;
  readonly 'state-dir'?: string;
  readonly help?: boolean;
}

/** @throws {UsageError} */
function readOptions(args: readonly string[]): ServeOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', short: 'c' },
        'state-dir': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'these arguments are not understood');
  }
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal));
  });
}

/** The message, and the messages behind it. None of them holds a secret. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  // It says everything itself, the last line being a fix.
  if (error instanceof ConfigError) return error.message;
  const { message, cause } = error;
  if (!(cause instanceof Error)) return message;
  const told =
    message.includes(cause.message) || ('code' in cause && message.includes(`(${String(cause.code)})`));
  return told ? message : `${message} (${explain(cause)})`;
}
