/** Our gateway before a protected MCP server, and an SDK app that signs in at the gateway and uses the server through it. */
import { randomBytes } from 'node:crypto';
import type { OAuthClientProvider } from '@modelcontextprotocol/client';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { CookieJar } from '../../examples/demo/cookie-jar.ts';
import { Player, hasLeft } from '../../examples/demo/player.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import { scratchDirectory } from '../real/children.ts';
import { MemoryOAuth, appAddress } from '../real/memory-oauth.ts';

/** What the suite tells a client. */
export interface Order {
  readonly server: string;
  readonly scenario: string;
  /** JSON of credentials, where the scenario has some. */
  readonly context?: string;
}

/** A gateway as an operator sets it up who was told no more than the address of the MCP server. */
async function startBefore(
  server: string,
  client: object,
  env: Readonly<Record<string, string>>,
): Promise<{ issuer: string; close(): Promise<void> }> {
  const state = await scratchDirectory();
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const oauth2 = { protected_resource: server, ...client };
  const runConfig = {
    issuer,
    upstreams: [{ name: 'server', type: 'oauth2', oauth2_config: oauth2 }],
    listen: { host: '127.0.0.1', port },
    proxy: [{ path: '/mcp', target: server }],
    access: 'anyone',
    storage: { type: 'memory' },
  };
  const readFile = (path: string): Promise<Buffer> =>
    Promise.reject(new Error(`nothing is read here: ${path}`));
  const config = await resolveRunConfig(runConfig, { env, readFile });
  const gateway = await startGateway(config, { stateDir: state.path, log: silentLog });
  const close = async (): Promise<void> => {
    await gateway.close();
    await state.remove();
  };
  return { issuer, close };
}

/** A person who agrees to everything. */
async function signIn(url: URL): Promise<URL> {
  const player = new Player({
    belongsToApp: ({ origin }) => origin === new URL(appAddress).origin,
    jar: new CookieJar(),
  });
  const consent = await player.open(url);
  if (hasLeft(consent)) return consent.leftFor;
  const end = await player.press(consent, 'allow');
  if (hasLeft(end)) return end.leftFor;
  throw new Error(`signed in, and did not come back: ${end.status} ${end.html.slice(0, 2000)}`);
}

/** Most sign-ins of the app in one scenario: a server that is never content must not keep it busy. */
const mostSignIns = 4;

/** Signs in as often as the gateway asks for it, then calls each tool that needs no input. */
async function useServer(endpoint: URL): Promise<void> {
  const app = new MemoryOAuth(signIn);
  // One class for both lines of the SDK; this line's own types say the same with other names.
  const authProvider = app as OAuthClientProvider;
  const transport = (): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(endpoint, { authProvider });
  for (let attempt = 0; attempt < mostSignIns; attempt += 1) {
    const client = new Client({ name: 'app', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    try {
      await client.connect(transport());
      const { tools } = await client.listTools();
      for (const { name } of tools) await client.callTool({ name, arguments: {} });
      return;
    } catch (error) {
      // The app's own token is good, and the server behind takes none of the user's any more: a person signs in again.
      if (error instanceof Error && error.message.includes('401 after re-authentication')) {
        app.invalidateCredentials('tokens');
        continue;
      }
      if (!(error instanceof UnauthorizedError)) throw error;
      await transport().finishAuth(app.lastReturn);
    } finally {
      await client.close();
    }
  }
  throw new Error(`not let in after ${mostSignIns} sign-ins`);
}

/** Where the suite's server says that its authorization server is: who registered there by hand knows it. */
async function issuerOf(server: string): Promise<string> {
  const { origin, pathname } = new URL(server);
  const answer = await fetch(`${origin}/.well-known/oauth-protected-resource${pathname}`);
  const { authorization_servers: servers } = (await answer.json()) as { authorization_servers: string[] };
  return servers[0] ?? '';
}

/** How the operator is known at the authorization server before. */
async function clientFor({ server, scenario, context }: Order): Promise<object> {
  // The suite's own address of a document; it knows no other one.
  if (scenario === 'auth/basic-cimd')
    return { client_id: 'https://conformance-test.local/client-metadata.json' };
  const { client_id: clientId } = (context === undefined ? {} : JSON.parse(context)) as {
    client_id?: string;
  };
  if (clientId === undefined) return {};
  return {
    client_id: clientId,
    client_secret_env_var: 'CLIENT_SECRET',
    authorization_server: await issuerOf(server),
  };
}

/** Plays one scenario; rejects when the app did not get through. */
export async function play(order: Order): Promise<void> {
  const { context } = order;
  const { client_secret: secret = randomBytes(8).toString('hex') } = (
    context === undefined ? {} : JSON.parse(context)
  ) as { client_secret?: string };
  const gateway = await startBefore(order.server, await clientFor(order), { CLIENT_SECRET: secret });
  try {
    await useServer(new URL(`${gateway.issuer}/mcp`));
  } finally {
    await gateway.close();
  }
}
