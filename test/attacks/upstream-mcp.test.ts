/** MCP servers that name their own authorization server, and want more than they should get. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/seal.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { json, startHostileServer } from '../fixtures/hostile-server.ts';
import { newLogin } from '../fixtures/upstream.ts';

let mcp: HostileServer;
let first: HostileServer;
let second: HostileServer;
let provider: UpstreamProvider | undefined;

beforeEach(async () => {
  [mcp, first, second] = await Promise.all([
    startHostileServer(),
    startHostileServer(),
    startHostileServer(),
  ]);
  protect({});
  for (const server of [first, second]) serve(server, {});
});
afterEach(async () => {
  provider?.close();
  provider = undefined;
  await Promise.all([mcp.close(), first.close(), second.close()]);
});

/** What the MCP server says about itself. */
function protect(document: object, challenge = ''): void {
  const place = `${mcp.origin}/.well-known/oauth-protected-resource/mcp`;
  mcp.on('/mcp', (_request, response) => {
    const header = `Bearer resource_metadata="${place}"${challenge}`;
    response.writeHead(401, { 'www-authenticate': header }).end();
  });
  mcp.on(
    '/.well-known/oauth-protected-resource/mcp',
    json({ resource: `${mcp.origin}/mcp`, authorization_servers: [first.origin], ...document }),
  );
}

/** What an authorization server says about itself; it registers everybody. */
function serve(server: HostileServer, document: object): void {
  const { origin } = server;
  const metadata = {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    ...document,
  };
  server.on('/.well-known/oauth-authorization-server', json(metadata));
  const secret = `secret-of-${server.port}`;
  server.on('/register', json({ client_id: `client-of-${server.port}`, client_secret: secret }, 201));
  server.on(
    '/token',
    json({ access_token: 'at', token_type: 'Bearer', refresh_token: `rt-of-${server.port}`, expires_in: 60 }),
  );
}

async function start(client: object = {}): Promise<UpstreamProvider> {
  const oauth2 = { protected_resource: `${mcp.origin}/mcp`, ...client };
  const { upstreams } = await resolveRunConfig(
    {
      issuer: 'https://mcp.example.com',
      upstreams: [{ name: 'files', type: 'oauth2', oauth2_config: oauth2 }],
      access: 'anyone',
      allowed_audiences: ['https://mcp.example.com/mcp'],
    },
    { env: { SECRET: 'given-by-hand' }, readFile: () => Promise.reject(new Error('nothing is read here')) },
  );
  const [config] = upstreams;
  if (!config) throw new Error('no upstream');
  const sealer = createSealer([new Uint8Array(32).fill(1)]);
  const registrations = { store: createMemoryStore(), sealer };
  provider = createProvider(config, { clock: Date.now, log: silentLog, registrations });
  return provider;
}

/** Where people are sent. */
async function begin(client: object = {}): Promise<URL> {
  const { request } = newLogin();
  return new URL(await (provider ?? (await start(client))).authorizationUrl(request));
}

const refused = { name: 'UpstreamError', failure: 'invalid' };

describe('nobody is sent anywhere when', () => {
  it.each([
    ['the document is that of another resource', (): object => ({ resource: 'https://other.example/mcp' })],
    ['the resource is a part of the server', (): object => ({ resource: `${mcp.origin}/mcp/more` })],
    ['the resource begins alike', (): object => ({ resource: `${mcp.origin}/mc` })],
    ['it names no authorization server', (): object => ({ authorization_servers: [] })],
    [
      'its authorization server is a script',
      (): object => ({ authorization_servers: ['javascript:alert(1)'] }),
    ],
    [
      'its authorization server carries credentials',
      (): object => ({ authorization_servers: ['https://a:b@c.example'] }),
    ],
  ])('%s', async (_case, document) => {
    protect(document());
    await expect(begin()).rejects.toMatchObject(refused);
    expect(first.received).toEqual([]);
  });

  it.each([
    ['the metadata are those of another issuer', (): object => ({ issuer: second.origin })],
    ['the issuer differs by a slash', (): object => ({ issuer: `${first.origin}/` })],
    ['PKCE is not promised', (): object => ({ code_challenge_methods_supported: ['plain'] })],
    [
      'the authorization endpoint is a script',
      (): object => ({ authorization_endpoint: 'javascript:alert(1)' }),
    ],
    [
      'the authorization endpoint is a file',
      (): object => ({ authorization_endpoint: 'file:///etc/passwd' }),
    ],
    ['the token endpoint is inside', (): object => ({ token_endpoint: 'http://10.0.0.1/token' })],
    [
      'the token endpoint is elsewhere over http',
      (): object => ({ token_endpoint: 'http://public.example/token' }),
    ],
  ])('%s', async (_case, document) => {
    serve(first, document());
    await expect(begin()).rejects.toMatchObject(refused);
    expect(first.received.some(({ url }) => url !== '/.well-known/oauth-authorization-server')).toBe(false);
  });
});

it('a scope that is more than scopes stays out of the address', async () => {
  protect({}, ', scope="files:read &prompt=none\\" x"');
  const url = await begin();
  expect(url.searchParams.get('scope')).toBe('files:read x');
  expect(url.searchParams.has('prompt')).toBe(false);
  expect(url.searchParams.get('resource')).toBe(`${mcp.origin}/mcp`);
});

it('a secret that was given by hand goes to the issuer that the operator named, and to no other', async () => {
  const byHand = { client_id: 'ours', client_secret_env_var: 'SECRET', authorization_server: first.origin };
  expect((await begin(byHand)).origin).toBe(first.origin);
  protect({ authorization_servers: [second.origin] });
  await expect(begin()).rejects.toMatchObject(refused);
  expect(second.received).toEqual([]);
  provider?.close();
  provider = undefined;
  const { authorization_server: _named, ...unnamed } = byHand;
  await expect(start(unnamed)).rejects.toThrow(/authorization_server/u);
});

/** Comes back from the sign-in that began last. */
async function signIn(from: HostileServer, more: Record<string, string> = {}) {
  const login = newLogin();
  const files = provider ?? (await start());
  await files.authorizationUrl(login.request);
  const parameters = new URLSearchParams({
    code: 'c',
    state: login.request.state,
    iss: from.origin,
    ...more,
  });
  return {
    files,
    come: () => files.exchange({ ...login.request, codeVerifier: login.codeVerifier, parameters }),
  };
}

it('an answer in the name of another issuer is refused, and its code goes nowhere', async () => {
  const { come } = await signIn(second);
  await expect(come()).rejects.toMatchObject({ name: 'UpstreamError' });
  expect([...first.received, ...second.received].some(({ url }) => url === '/token')).toBe(false);
});

it('when the authorization server changes, nothing of the first goes to the second', async () => {
  const { files, come } = await signIn(first);
  const { tokens } = await come();
  const before = { refreshToken: tokens.refreshToken ?? '', clientId: files.clientId, subject: 's' };
  const late = await signIn(first);
  protect({ authorization_servers: [second.origin] });
  expect((await begin()).origin).toBe(second.origin);

  await expect(late.come()).rejects.toMatchObject({ failure: 'rejected' });
  await expect(files.refresh(before)).rejects.toMatchObject({ failure: 'rejected' });
  await expect(files.refresh({ ...before, clientId: files.clientId })).rejects.toMatchObject({
    failure: 'rejected',
  });
  await (await signIn(second)).come();
  const told = JSON.stringify(second.received);
  expect(told).toContain(`secret-of-${second.port}`);
  for (const word of ['rt-of', 'secret-of', 'client-of']) expect(told).not.toContain(`${word}-${first.port}`);
});
