import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CookieJar } from '../../examples/demo/cookie-jar.ts';
import type { Page } from '../../examples/demo/player.ts';
import { Player, hasLeft } from '../../examples/demo/player.ts';
import { startProvider } from '../../examples/demo/provider.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';
import type { Exchange } from '../fixtures/mcp-auth-front.ts';
import { startFront } from '../fixtures/mcp-auth-front.ts';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import { packageFile, scratchDirectory, startProgram } from './children.ts';

export interface RealStackOptions {
  /** How the provider is used: as what it is, or as a plain OAuth 2.0 server with a userinfo endpoint. */
  readonly upstream?: 'oidc' | 'oauth2';
  /** A duration in Go's grammar. */
  readonly accessTokenLifespan?: string;
  /** The MCP endpoint behind the gateway; the official "everything" server by default. */
  readonly target?: string;
  /** Who may sign in; anyone by default. */
  readonly access?: 'anyone' | readonly object[];
  /** More of the proxy's section, and more sections. */
  readonly proxy?: object;
  readonly config?: object;
  /** What is in the files that the configuration names. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A gateway as operators run it: a front (the issuer's address), the gateway, a certified provider, an MCP server. */
export interface RealStack {
  readonly issuer: string;
  /** What people give to a client. */
  readonly endpoint: string;
  /** What passed the front so far. */
  readonly traffic: readonly Exchange[];
  /** How many times a grant type succeeded at the token endpoint. */
  redeemed(grantType: string): number;
  /** Plays a person with a browser of their own, up to the app's address. */
  signIn(url: string | URL, account?: string): Promise<URL>;
  /** The same, and then goes to the app's address as the browser would. */
  signInAndReturn(url: string | URL, account?: string): Promise<Response>;
  close(): Promise<void>;
}

const clientId = 'sallyport';

/** The MCP project's own test server, over streamable HTTP with sessions. */
async function startEverythingServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const script = packageFile('@modelcontextprotocol/server-everything/dist/index.js');
  const program = startProgram(script, ['streamableHttp'], { PORT: String(port) });
  await program.until(/listening on port/);
  return { url: `http://127.0.0.1:${port}/mcp`, stop: () => program.stop() };
}

function upstreamSection(kind: 'oidc' | 'oauth2', places: { provider: string; redirectUri: string }): object {
  const common = {
    client_id: clientId,
    client_secret_env_var: 'UPSTREAM_SECRET',
    redirect_uri: places.redirectUri,
    scopes: ['openid', 'profile', 'email'],
  };
  if (kind === 'oidc')
    return { name: 'demo', type: 'oidc', oidc_config: { issuer_url: places.provider, ...common } };
  const oauth2 = {
    ...common,
    authorization_endpoint: `${places.provider}/auth`,
    token_endpoint: `${places.provider}/token`,
    token_endpoint_auth_method: 'client_secret_basic',
    userinfo: { endpoint_url: `${places.provider}/userinfo` },
  };
  return { name: 'demo', type: 'oauth2', oauth2_config: oauth2 };
}

async function playSignIn(url: string | URL, account: string, ours: ReadonlySet<string>): Promise<URL> {
  const player = new Player({ belongsToApp: ({ origin }) => !ours.has(origin), jar: new CookieJar() });
  const press = async (page: Page, button: string): Promise<Page | URL> => {
    const place = await player.press(page, button);
    return hasLeft(place) ? place.leftFor : place;
  };
  const consent = await player.open(url);
  if (hasLeft(consent)) return consent.leftFor;
  const chooser = await press(consent, 'allow');
  if (chooser instanceof URL) return chooser;
  const end = await press(chooser, account);
  if (end instanceof URL) return end;
  throw new Error(`signed in, and did not come back: ${end.url.href} says ${end.status}\n${end.html}`);
}

/** Undoes what was started, last first. */
class Cleanup {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}

/** Starts everything on free ports. */
export async function startRealStack(options: RealStackOptions = {}): Promise<RealStack> {
  const cleanup = new Cleanup();
  try {
    return await build(options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function build(options: RealStackOptions, cleanup: Cleanup): Promise<RealStack> {
  const state = await scratchDirectory();
  cleanup.add(() => state.remove());
  const [frontPort, gatewayPort] = [await freePort(), await freePort()];
  const issuer = `http://localhost:${frontPort}`;
  const redirectUri = `${issuer}/oauth/callback`;
  const secret = randomBytes(32).toString('base64url');
  const client = { id: clientId, secret, redirectUri };
  const provider = await startProvider({ port: 0, directory: `${state.path}/provider`, client });
  cleanup.add(() => provider.close());
  const everything = options.target === undefined ? await startEverythingServer() : null;
  cleanup.add(async () => everything?.stop());
  const runConfig = {
    issuer,
    upstreams: [upstreamSection(options.upstream ?? 'oidc', { provider: provider.url, redirectUri })],
    token_lifespans: { access_token_lifespan: options.accessTokenLifespan ?? '5m' },
    listen: { host: '127.0.0.1', port: gatewayPort },
    proxy: [{ path: '/mcp', target: options.target ?? everything?.url, ...options.proxy }],
    access: options.access ?? 'anyone',
    storage: { type: 'memory' },
    ...options.config,
  };
  const readFile = async (path: string): Promise<Buffer> => {
    const text = options.files?.[path];
    if (text === undefined) throw new Error(`nothing is read here: ${path}`);
    return Buffer.from(text);
  };
  const config = await resolveRunConfig(runConfig, { env: { UPSTREAM_SECRET: secret }, readFile });
  const gateway = await startGateway(config, { stateDir: `${state.path}/gateway`, log: silentLog });
  cleanup.add(() => gateway.close());
  const traffic: Exchange[] = [];
  const onExchange = (exchange: Exchange): void => void traffic.push(exchange);
  const front = await startFront({ target: gatewayPort, port: frontPort, onExchange });
  cleanup.add(() => front.close());
  const ours = new Set([issuer, provider.url]);
  const signIn = (url: string | URL, account = 'alice'): Promise<URL> => playSignIn(url, account, ours);
  return {
    issuer,
    endpoint: `${issuer}/mcp`,
    traffic,
    redeemed: (grantType) =>
      traffic.filter(({ path, status, form }) => {
        return path === '/oauth/token' && status === 200 && form.get('grant_type') === grantType;
      }).length,
    signIn,
    signInAndReturn: async (url, account) => fetch(await signIn(url, account)),
    close: () => cleanup.run(),
  };
}

/** Waits until tokens of this lifespan have ended, and a little longer. */
export function untilExpired(seconds: number): Promise<void> {
  return sleep(seconds * 1000 + 300);
}
