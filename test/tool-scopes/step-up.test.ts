import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import type { Tokens } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, sealedRequest } from '../fixtures/stack.ts';
import { checkDescribed } from '../audit/scene.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { challengeOf, notes, post, toolCall } from './calls.ts';

const minute = 60_000;
const events: AuditEvent[] = [];
let endpoint: Endpoint;

beforeAll(async () => {
  endpoint = await Endpoint.start({
    proxy: { scopes: ['notes:read'], tools: { '*': [], 'write_*': ['notes:write'], wipe: ['notes:admin'] } },
    config: {
      ...notes,
      clients: [
        { client_id: 'narrow', redirect_uris: [redirectUri], scopes: ['openid', 'notes:read'] },
        { client_id: 'wide', redirect_uris: [redirectUri], scopes: ['notes:read', 'notes:write'] },
        { client_id: 'none', redirect_uris: [redirectUri], scopes: ['openid'] },
      ],
    },
    audit: (event) => void events.push(event),
  });
});

beforeEach(() => {
  endpoint.seen.length = 0;
  events.length = 0;
});

afterAll(() => endpoint.close());

/** A client of its own for each test: what is remembered of one is nothing to the others. */
let clients = 0;
const newClient = async (scope?: string): Promise<string> => {
  clients += 1;
  const uri = `http://127.0.0.1:33418/callback/${clients}`;
  const { client_id } = await endpoint.stack.register({
    redirect_uris: [redirectUri, uri],
    ...(scope !== undefined && { scope }),
  });
  return client_id;
};

type Grant = Tokens & { clientId: string };
const signIn = (clientId: string, scope: string): Promise<Grant> =>
  endpoint.stack.signIn({ clientId, scope });
const write = (grant: Grant): Promise<Response> => post(endpoint, grant.access_token, toolCall('write_note'));
const refresh = (grant: Grant, more: Record<string, string> = {}): Promise<Response> =>
  endpoint.stack.refresh(grant.clientId, grant.refresh_token, more);

describe('a step-up', () => {
  it('leads to a new grant with all that was named, and takes nothing from the one before', async () => {
    const before = await signIn(await newClient(), 'openid notes:read');
    const { scope = '' } = challengeOf(await write(before));
    const after = await signIn(before.clientId, scope);
    expect(after.scope.split(' ').toSorted()).toEqual(['notes:read', 'notes:write', 'openid']);
    expect((await write(after)).status).toBe(200);
    expect((await post(endpoint, before.access_token, toolCall('list'))).status).toBe(200);
    const refreshed = (await (await refresh(after)).json()) as Tokens;
    expect(refreshed.scope).toBe(after.scope);
  });

  it('works for a client that registered with the scopes of that day', async () => {
    const clientId = await newClient('notes:read');
    const before = await signIn(clientId, 'notes:read');
    const after = await signIn(clientId, challengeOf(await write(before))['scope'] ?? '');
    expect((await write(after)).status).toBe(200);
    // What nothing here demands stays what it registered for.
    expect((await signIn(clientId, 'notes:read email')).scope).toBe('notes:read');
  });

  it('is not what a client gets that asks for nothing, or a refresh that asks for more', async () => {
    const grant = await endpoint.stack.signIn({ clientId: await newClient() });
    expect(grant.scope.split(' ')).not.toContain('notes:write');
    const widened = await refresh(grant, { scope: 'notes:write notes:admin notes:read' });
    expect(((await widened.json()) as Tokens).scope).toBe('notes:read');
  });
});

describe('a refresh in answer to a challenge', () => {
  it('is told that it needs the user, once, and consumes nothing', async () => {
    const grant = await signIn(await newClient(), 'notes:read');
    await write(grant);
    const told = await refresh(grant);
    expect(told.status).toBe(400);
    expect(await told.json()).toMatchObject({ error: 'interaction_required' });
    const next = await refresh(grant);
    expect(next.status).toBe(200);
    expect((await post(endpoint, grant.access_token, toolCall('list'))).status).toBe(200);
  });

  it('is a plain refresh when it names scopes, comes late, or is of another grant', async () => {
    const clientId = await newClient();
    const [named, late, other] = [
      await signIn(clientId, 'notes:read'),
      await signIn(clientId, 'openid notes:read'),
      await signIn(await newClient(), 'notes:read'),
    ];
    await write(named);
    expect((await refresh(named, { scope: 'notes:read' })).status).toBe(200);
    await write(late);
    expect((await refresh(other)).status).toBe(200);
    endpoint.stack.advance(minute);
    expect((await refresh(late)).status).toBe(200);
  });

  it('is a plain refresh when the access token is about to end anyway', async () => {
    const grant = await signIn(await newClient(), 'notes:read');
    endpoint.stack.advance(31 * minute);
    expect((await write(grant)).status).toBe(403);
    expect((await refresh(grant)).status).toBe(200);
  });
});

it('a challenge is sent though the store cannot note it', async () => {
  const broken = await Endpoint.start({
    proxy: { tools: { '*': [], write_note: ['notes:write'] } },
    config: notes,
    wrapStore: (store) => ({ ...store, noteStepUp: () => Promise.reject(new Error('no disk')) }),
  });
  const grant = await broken.stack.signIn({ scope: 'notes:read' });
  const challenged = await post(broken, grant.access_token, toolCall('write_note'));
  expect(challengeOf(challenged)['error']).toBe('insufficient_scope');
  expect((await broken.stack.refresh(grant.clientId, grant.refresh_token)).status).toBe(200);
  await broken.close();
});

describe('a step-up that cannot help', () => {
  it('is told in words when the client may never have the scope, and nobody is sent anywhere', async () => {
    const grant = await signIn('narrow', 'openid notes:read');
    const response = await write(grant);
    expect(response.status).toBe(200);
    expect(response.headers.get('www-authenticate')).toBeNull();
    const body = (await response.json()) as { result: { content: { text: string }[] } };
    expect(body).toMatchObject({ jsonrpc: '2.0', id: 1, result: { isError: true } });
    expect(body.result).not.toHaveProperty('resultType');
    expect(body.result.content[0]?.text).toMatch(/^write_note needs the permission notes:write/);
    expect(endpoint.seen).toEqual([]);
  });

  it('is told in the words of the newest revision to who speaks it, and to each call of a batch', async () => {
    const { access_token } = await signIn('narrow', 'openid notes:read');
    const meta = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
    const modern = toolCall('write_note', { params: { name: 'write_note', ...meta } });
    expect(await (await post(endpoint, access_token, modern)).json()).toMatchObject({
      result: { resultType: 'complete', isError: true },
    });
    const batch = [
      toolCall('write_note', { id: 'a' }),
      { jsonrpc: '2.0', id: 'b', method: 'tools/list' },
      toolCall('list', { id: undefined }),
    ];
    expect(await (await post(endpoint, access_token, batch)).json()).toMatchObject([
      { id: 'a', result: { isError: true } },
      { id: 'b', error: { code: -32004 } },
    ]);
    const silent = toolCall('write_note', { id: undefined });
    expect((await post(endpoint, access_token, silent)).status).toBe(202);
    expect(endpoint.seen).toEqual([]);
  });

  it('is a plain 403 where every request needs the scope', async () => {
    const { access_token } = await signIn('none', 'openid');
    const response = await endpoint.call(access_token, { method: 'GET', body: null });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await response.json()).toMatchObject({ error: 'insufficient_scope' });
  });

  it('is known of the grant that was asked for the scope and does not have it', async () => {
    const asked = await signIn('narrow', 'notes:read notes:write');
    expect(asked.scope).toBe('notes:read');
    const { auth } = endpoint.stack;
    const clients = auth.config.clients.map((client) => ({ ...client, scopes: null }));
    const before = auth.config;
    await auth.reload(() => Promise.resolve({ ...before, clients }));
    // Now the client may have it; this grant was refused it all the same, and the next one is not.
    expect((await write(asked)).status).toBe(200);
    expect(endpoint.seen).toEqual([]);
    const unasked = await signIn('narrow', 'notes:read');
    expect((await write(unasked)).status).toBe(403);
    expect((await write(await signIn('narrow', 'notes:write'))).status).toBe(200);
    expect(endpoint.seen).toHaveLength(1);
    await auth.reload(() => Promise.resolve(before));
  });

  it.each(['notes:read notes:write', ''])(
    'is known of the grant whose user left the scope away on the consent page, asked for as %j',
    async (scope) => {
      const { stack } = endpoint;
      const { verifier, challenge } = pkce();
      const browser = stack.browser();
      const page = await browser.get(
        stack.authorizeUrl({ client_id: 'wide', code_challenge: challenge, scope: scope || undefined }),
      );
      const html = await page.text();
      expect(html).toContain('name="scope-1"');
      const choice = { choice: 'scopes', 'scope-0': 'on' };
      const form = { request: sealedRequest(html), ...choice, decision: 'allow' };
      const posted = await browser.post(`${issuer}/oauth/consent`, form);
      const back = await stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
      const answer = new URL((await browser.get(back)).headers.get('location') ?? '');
      const response = await stack.token({
        grant_type: 'authorization_code',
        client_id: 'wide',
        code: answer.searchParams.get('code') ?? '',
        code_verifier: verifier,
      });
      const tokens = (await response.json()) as Tokens;
      expect(tokens.scope).toBe('notes:read');
      expect((await write({ ...tokens, clientId: 'wide' })).status).toBe(200);
      expect(endpoint.seen).toEqual([]);
      const refreshed = (await (await refresh({ ...tokens, clientId: 'wide' })).json()) as Tokens;
      expect((await write({ ...refreshed, clientId: 'wide' })).status).toBe(200);
      expect(endpoint.seen).toEqual([]);
    },
  );

  it('is known of a client whose grants come back without the scope', async () => {
    const clientId = await newClient();
    const again = async (scope = 'notes:read'): Promise<number> =>
      (await write(await signIn(clientId, scope))).status;
    expect([await again(), await again(), await again(), await again()]).toEqual([403, 403, 200, 200]);
    expect(endpoint.seen).toEqual([]);
    // Others are not concerned, nor is another scope.
    expect((await write(await signIn(await newClient(), 'notes:read'))).status).toBe(403);
    const wipe = await post(endpoint, (await signIn(clientId, 'notes:read')).access_token, toolCall('wipe'));
    expect(wipe.status).toBe(403);
    // A grant that has it ends that.
    await signIn(clientId, 'notes:admin');
    expect([await again(), await again(), await again()]).toEqual([403, 403, 200]);
  });

  it('does not count the calls of one grant', async () => {
    const grant = await signIn(await newClient(), 'notes:read');
    for (let times = 0; times < 5; times += 1) expect((await write(grant)).status).toBe(403);
  });
});

describe('what is told of it', () => {
  it('is an audit event and a number', async () => {
    const grant = await signIn(await newClient(), 'notes:read');
    await write(grant);
    await post(endpoint, (await signIn('narrow', 'openid notes:read')).access_token, toolCall('wipe'));
    const told = events.filter(({ event }) => event === 'scope_insufficient');
    for (const event of told) checkDescribed(event);
    expect(told).toMatchObject([
      { outcome: 'denied', tool: 'write_note', missing: ['notes:write'], answer: 'challenged' },
      { outcome: 'denied', tool: 'wipe', missing: ['notes:admin'], answer: 'explained' },
    ]);
    const numbers = await endpoint.stack.auth.metrics();
    expect(numbers).toMatch(/sallyport_proxy_scope_refusals_total\{path="\/mcp",answer="challenged"\} \d/);
    expect(numbers).toMatch(/sallyport_proxy_scope_refusals_total\{path="\/mcp",answer="explained"\} \d/);
  });

  it('says what every request needs without the name of a tool', async () => {
    const { access_token } = await signIn('none', 'openid');
    await endpoint.call(access_token, { method: 'GET', body: null });
    expect(events.find(({ event }) => event === 'scope_insufficient')).toMatchObject({
      tool: null,
      missing: ['notes:read'],
    });
  });
});

it('rules for tools change with the configuration, and come and go with it', async () => {
  const { auth } = endpoint.stack;
  const before = auth.config;
  const [proxy] = before.proxies;
  if (!proxy) throw new Error('there is a proxy');
  const grant = await signIn(await newClient(), 'notes:read');
  const under = async (tools: typeof proxy.tools): Promise<number> => {
    const changes = await auth.reload(() => Promise.resolve({ ...before, proxies: [{ ...proxy, tools }] }));
    expect(changes.join()).toContain('proxies[0].tools');
    return (await write(grant)).status;
  };
  expect(await under([{ pattern: '*', scopes: [] }])).toBe(200);
  expect(await under([{ pattern: '*', scopes: ['notes:admin'] }])).toBe(403);
  expect(await under(null)).toBe(200);
  await auth.reload(() => Promise.resolve(before));
  expect((await write(grant)).status).toBe(403);
});

// The last: by the clock of the provider it is earlier from here on, and nobody can sign in.
it('what is remembered of a client is forgotten after an hour', async () => {
  const clientId = await newClient();
  const grants = [await signIn(clientId, 'notes:read'), await signIn(clientId, 'notes:read')];
  const third = await signIn(clientId, 'notes:read');
  for (const grant of grants) expect((await write(grant)).status).toBe(403);
  expect((await write(third)).status).toBe(200);
  endpoint.stack.advance(61 * minute);
  const refreshed = (await (await refresh(third)).json()) as Tokens;
  expect((await write({ ...third, ...refreshed })).status).toBe(403);
});
