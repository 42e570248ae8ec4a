import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { startGateway } from '../../src/gateway/start.ts';
import type { Log, LogFields } from '../../src/observe/log.ts';
import { people } from './accounts.ts';
import { renderBanner } from './banner.ts';
import { demoRedirectUri, demoRunConfig } from './config.ts';
import { PortTaken, explainListenError } from './loopback-server.ts';
import { startMcpServer } from './mcp-server.ts';
import { makePrivateDirectory, readOrMake } from './private-files.ts';
import { startProvider } from './provider.ts';

/** Which ports, and where things are kept. */
interface DemoOptions {
  readonly gatewayPort: number;
  readonly providerPort: number;
  /** 0: any free one. */
  readonly mcpPort: number;
  readonly stateDirectory: string;
}

interface Part {
  close(): Promise<void>;
}

interface Demo {
  readonly banner: string;
  /** Settles when a part has stopped without being asked to. */
  readonly broken: Promise<void>;
  close(): Promise<void>;
}

const clientId = 'sallyport';

/** Warnings and errors go to the terminal; the rest would drown the banner. */
const log: Log = {
  debug() {},
  info() {},
  warn: (fields, message) => console.error(logLine('warning', fields, message)),
  error: (fields, message) => console.error(logLine('error', fields, message)),
};

function logLine(level: string, ...[fields, message]: [LogFields, string]): string {
  const details = JSON.stringify(fields);
  return `${level}: ${message}${details === '{}' ? '' : ` ${details}`}`;
}

/** What somebody wrote cannot be used; the message says what can. */
class Mistake extends Error {
  override readonly name = 'Mistake';
}

/** A port from a flag, else from the environment, else the usual one. @throws {Mistake} when it is not a port */
function portFrom(text: string | undefined, usual: number): number {
  if (text === undefined || text === '') return usual;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new Mistake(`"${text}" is not a port: use a number up to 65535`);
  return port;
}

function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DemoOptions {
  const { values } = parsedArguments(argv);
  return {
    gatewayPort: portFrom(values.port ?? env['PORT'], 8080),
    providerPort: portFrom(values['provider-port'] ?? env['DEMO_PROVIDER_PORT'], 8081),
    mcpPort: portFrom(values['mcp-port'] ?? env['DEMO_MCP_PORT'], 0),
    stateDirectory: resolve(values['state-dir'] ?? env['SALLYPORT_STATE_DIR'] ?? '.sallyport'),
  };
}

function parsedArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        'provider-port': { type: 'string' },
        'mcp-port': { type: 'string' },
        'state-dir': { type: 'string' },
      },
    });
  } catch (error) {
    throw new Mistake(error instanceof Error ? error.message : 'these arguments are not understood');
  }
}

/** Starts the provider, the MCP server and the gateway in front of it; what had started is stopped when one cannot. */
async function startDemo(options: DemoOptions): Promise<Demo> {
  const { gatewayPort, stateDirectory } = options;
  const parts: Part[] = [];
  const close = async (): Promise<void> => {
    for (const part of parts.splice(0).reverse()) await part.close();
  };
  try {
    await makePrivateDirectory(stateDirectory);
    const secretFile = join(stateDirectory, 'demo-client-secret');
    const secret = await readOrMake(secretFile, () => randomBytes(32).toString('base64url'));
    const provider = await startProvider({
      port: options.providerPort,
      directory: join(stateDirectory, 'demo-provider'),
      client: { id: clientId, secret, redirectUri: demoRedirectUri(gatewayPort) },
    });
    parts.push(provider);
    const mcpServer = await startMcpServer({
      port: options.mcpPort,
      userinfoEndpoint: `${provider.url}/userinfo`,
    });
    parts.push(mcpServer);
    const runConfig = demoRunConfig({
      gatewayPort,
      providerUrl: provider.url,
      mcpServerUrl: mcpServer.url,
      clientId,
      clientSecretFile: secretFile,
      databaseFile: join(stateDirectory, 'sallyport.db'),
    });
    const config = await resolveRunConfig(runConfig, { env: {}, readFile });
    const place = { port: gatewayPort, what: 'the gateway', variable: 'PORT' };
    const gateway = await startGateway(config, { stateDir: stateDirectory, log }).catch((error: unknown) =>
      explainListenError(error, place),
    );
    parts.push(gateway);
    const banner = renderBanner({
      gatewayUrl: config.issuer,
      providerUrl: provider.url,
      mcpServerUrl: mcpServer.url,
      people,
      stateDirectory,
      colors: process.stdout.isTTY,
    });
    return { banner, broken: Promise.race([provider.stopped, mcpServer.stopped]), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Runs until a signal comes or a part stops. Returns the exit code. */
async function run(): Promise<number> {
  const asked = Promise.withResolvers<'asked'>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.resolve('asked'));
  const demo = await startDemo(readOptions(process.argv.slice(2), process.env));
  console.log(demo.banner);
  const why = await Promise.race([asked.promise, demo.broken.then(() => 'broken' as const)]);
  if (why === 'broken') console.error('A part of the demo has stopped; stopping the rest.');
  await demo.close();
  return why === 'asked' ? 0 : 1;
}

try {
  process.exitCode = await run();
} catch (error) {
  // A stack helps nobody whose port is taken.
  console.error(error instanceof PortTaken || error instanceof Mistake ? error.message : error);
  process.exitCode = 1;
}
