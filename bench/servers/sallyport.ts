/**
 * Sallyport on `node:http`. The first argument is the store, `memory` or the path of a SQLite file; the second, when there
 * is one, an MCP server to stand before as a gateway; the third, `tools`, makes its tools need scopes.
 */
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { toNodeHandler } from '../../src/http/node.ts';
import { createAuthServer } from '../../src/server/auth-server.ts';
import type { AuthServer } from '../../src/server/auth-server.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { AuthStore } from '../../src/store/contract.ts';
import type { RequestText } from '../load/plan.ts';
import { answerParent } from '../process/remote.ts';
import { codeForm, redirectUri, refreshForm, tokenRequest } from './form.ts';
import { documentPaths, mcpPost, mcpStream } from './plain-requests.ts';
import { listenOnLoopback } from './listen.ts';
import type { SignIns } from './sign-ins.ts';
import { createSignIns } from './sign-ins.ts';

const [, , path = 'memory', target, ruled] = process.argv;
let running: Running | undefined;

interface Running {
  readonly auth: AuthServer;
  readonly store: AuthStore;
  readonly signIns: SignIns;
  readonly clientId: string;
}

async function start(): Promise<null> {
  const store = await openStore(path === 'memory' ? null : { type: 'sqlite', path });
  const auth = await createAuthServer(await benchConfig(), store);
  const registered = await auth.handle({
    method: 'POST',
    path: '/oauth/register',
    query: '',
    headers: { 'content-type': 'application/json' },
    remoteAddress: undefined,
    text: () => Promise.resolve(JSON.stringify({ client_name: 'Bench', redirect_uris: [redirectUri] })),
  });
  // Our registration answers text with a client_id.
  const { client_id } = JSON.parse(String(registered.body)) as { client_id: string };
  running = { auth, store, signIns: await createSignIns(auth, store), clientId: client_id };
  return null;
}

/** Rules as somebody writes them; the call that is measured falls under the third. */
const tools = { '*': ['openid'], 'delete_*': ['email'], 'e*': ['offline_access'], write_file: ['email'] };

function benchConfig(): ReturnType<typeof resolveRunConfig> {
  // Its endpoints are told, so that nothing here waits for a provider.
  const oauth2_config = {
    authorization_endpoint: 'http://127.0.0.1:9/authorize',
    token_endpoint: 'http://127.0.0.1:9/token',
    userinfo: { endpoint_url: 'http://127.0.0.1:9/me' },
    client_id: 'sallyport',
    client_secret_env_var: 'UPSTREAM_SECRET',
  };
  const runConfig = {
    issuer: 'http://localhost:8080',
    allowed_audiences: ['http://localhost:8080/mcp'],
    upstreams: [{ name: 'demo', type: 'oauth2', oauth2_config }],
    hmac_secret_files: ['/hmac'],
    access: 'anyone',
    token_lifespans: { access_token_lifespan: '24h' },
    // A flood has to come as far as what is behind registration.
    registration: { max_per_minute: 1_000_000 },
    ...(target !== undefined && { proxy: [{ path: '/mcp', target, ...(ruled === 'tools' && { tools }) }] }),
  };
  return resolveRunConfig(runConfig, {
    env: { UPSTREAM_SECRET: 'upstream-secret-upstream-secret-1' },
    readFile: () => Promise.resolve(Buffer.alloc(32, 7)),
  });
}

function server(): Running {
  if (!running) throw new Error('not started');
  return running;
}

async function requests(
  count: number,
  make: (running: Running) => Promise<Record<string, string>>,
): Promise<RequestText[]> {
  const made: RequestText[] = [];
  for (let index = 0; index < count; index += 1)
    made.push(tokenRequest('/oauth/token', await make(server())));
  return made;
}

/** No personal scope: one signature for each answer, as the limit has it. */
const plain = ['offline_access'];

/** MCP calls of signed-in clients. */
async function calls(count: number): Promise<RequestText[]> {
  const forms = await requests(count, async ({ signIns, clientId }) =>
    refreshForm(clientId, await signIns.refreshToken(clientId, plain)),
  );
  return Promise.all(
    forms.map(async ({ body = '', headers = {} }) => {
      const answer = await server().auth.handle({
        method: 'POST',
        path: '/oauth/token',
        query: '',
        headers,
        remoteAddress: undefined,
        text: () => Promise.resolve(body),
      });
      // A token answer.
      const { access_token } = JSON.parse(String(answer.body)) as { access_token: string };
      return mcpPost({ authorization: `Bearer ${access_token}` });
    }),
  );
}

answerParent({
  start,
  stats: () => server().store.stats(),
  calls,
  streams: async (count: number) => (await calls(count)).map((call) => mcpStream(call.headers ?? {})),
  documents: () => documentPaths.map((path): RequestText => ({ method: 'GET', path })),
  listen: () => {
    const { auth } = server();
    return listenOnLoopback(target === undefined ? toNodeHandler(auth.handle) : createGateway(auth).listener);
  },
  refreshes: (count: number) =>
    requests(count, async ({ signIns, clientId }) =>
      refreshForm(clientId, await signIns.refreshToken(clientId, plain)),
    ),
  codes: (count: number) =>
    requests(count, async ({ signIns, clientId }) => codeForm(clientId, await signIns.code(clientId, plain))),
  identityRefreshes: (count: number) =>
    requests(count, async ({ signIns, clientId }) =>
      refreshForm(clientId, await signIns.refreshToken(clientId, ['openid', 'profile', 'email'])),
    ),
});
