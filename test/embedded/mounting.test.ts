import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app as fetchApp } from '../../examples/mount/fetch.ts';
import { app as honoApp } from '../../examples/mount/hono.ts';
import { listen as express } from '../../examples/mount/express.ts';
import { listen as fastify } from '../../examples/mount/fastify.ts';
import { listen as koa } from '../../examples/mount/koa.ts';
import { listen as nodeHttp } from '../../examples/mount/node-http.ts';
import { createEmbeddedAuthServer } from '../../src/index.ts';
import type { EmbeddedAuthServer } from '../../src/index.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import { pkce, sealedRequest } from '../fixtures/stack.ts';

type Provider = Awaited<ReturnType<typeof startOidcProvider>>;
type Send = (path: string, init?: RequestInit) => Promise<Response>;

const secret = 'upstream-secret-upstream-secret-1';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A whole login through whatever carries the handler. */
async function login(send: Send, base: string, provider: Provider): Promise<Record<string, unknown>> {
  const registered = await send('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: ['http://127.0.0.1:1/cb'] }),
  });
  const { client_id } = (await registered.json()) as { client_id: string };
  const { challenge, verifier } = pkce();
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: 'http://127.0.0.1:1/cb',
    state: 'a b',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const page = await send(`/oauth/authorize?${query}`);
  const [cookie = ''] = (page.headers.getSetCookie()[0] ?? '').split(';', 1);
  const form = new URLSearchParams({ request: sealedRequest(await page.text()), decision: 'allow' });
  const headers = { cookie, origin: base };
  const consented = await send('/oauth/consent', { method: 'POST', body: form, headers, redirect: 'manual' });
  const back = new URL(await provider.signIn(consented.headers.get('location') ?? '', 'alice'));
  const answer = await send(`${back.pathname}${back.search}`, { headers: { cookie }, redirect: 'manual' });
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id,
    code,
    code_verifier: verifier,
  });
  const token = await send('/oauth/token', { method: 'POST', body });
  expect(token.status).toBe(200);
  return (await token.json()) as Record<string, unknown>;
}

async function embed(port: number): Promise<{ auth: EmbeddedAuthServer; provider: Provider; base: string }> {
  const base = `http://127.0.0.1:${port}`;
  const client = { client_id: 'app', client_secret: secret, redirect_uris: [`${base}/oauth/callback`] };
  const provider = await startOidcProvider({ clients: [client] });
  const oidc_config = { issuer_url: provider.issuer, client_id: 'app', client_secret_env_var: 'SECRET' };
  const auth = await createEmbeddedAuthServer(
    {
      issuer: base,
      allowed_audiences: [`${base}/mcp`],
      upstreams: [{ name: 'demo', type: 'oidc', oidc_config }],
      access: 'anyone',
    },
    { io: { env: { SECRET: secret }, readFile: () => Promise.reject(new Error('no files')) } },
  );
  return { auth, provider, base };
}

describe.each([
  ['node:http', nodeHttp],
  ['Express', express],
  ['Fastify', fastify],
  ['Koa', koa],
])('mounted in %s', (_, listen) => {
  let server: Server;
  let parts: Awaited<ReturnType<typeof embed>>;
  beforeAll(async () => {
    const port = await freePort();
    parts = await embed(port);
    server = listen(parts.auth, port);
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await parts.auth.close();
    await parts.provider.close();
  });

  it('a whole login works, and the app’s own pages stay its own', async () => {
    const send: Send = (path, init) => fetch(`${parts.base}${path}`, init);
    const tokens = await login(send, parts.base, parts.provider);
    expect(tokens['access_token']).toBeTypeOf('string');
    expect(await (await send('/')).text()).toBe('the app itself');
    const upstream = await parts.auth.upstreamTokens(String(tokens['access_token']));
    expect(upstream?.upstream).toBe('demo');
    expect(upstream?.accessToken).toBeTypeOf('string');
  });
});

describe.each([
  ['Hono', honoApp],
  ['a fetch server', fetchApp],
])('mounted in %s', (_, create) => {
  it('a whole login works, and the app’s own pages stay its own', async () => {
    const { auth, provider, base } = await embed(18_080);
    const app = create(auth);
    const send: Send = async (path, init) => app.fetch(new Request(`${base}${path}`, init));
    const tokens = await login(send, base, provider);
    expect(tokens['access_token']).toBeTypeOf('string');
    expect(await (await send('/')).text()).toBe('the app itself');
    await auth.close();
    await provider.close();
  });
});
