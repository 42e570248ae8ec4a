import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf, subjectOf } from '../../src/upstream/identity.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Tokens } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { clientOf, formOf, page, upstreamsOf } from './scene.ts';

type Provider = Awaited<ReturnType<typeof startOidcProvider>>;

let home: Provider;
let notes: Provider;
let endpoint: Endpoint;
let signedIn: Tokens;

beforeEach(async () => {
  home = await startOidcProvider({ clients: [clientOf('demo')] });
  notes = await startOidcProvider({ clients: [clientOf('notes')] });
  endpoint = await Endpoint.start({
    provider: home,
    proxy: { upstream: 'notes' },
    config: { upstreams: upstreamsOf(home.issuer, notes.issuer) },
  });
  signedIn = await endpoint.stack.signIn();
});
afterEach(async () => {
  await endpoint.close();
  await notes.close();
});

const call = (message: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  endpoint.call(signedIn.access_token, { body: JSON.stringify(message), headers });
const answer = async (message: unknown): Promise<Record<string, never>> => {
  const response = await call(message);
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([200, null]);
  // A JSON-RPC answer, whose members each test names.
  return (await response.json()) as Record<string, never>;
};
const toolCall = (params: object = {}): object => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name: 'search', arguments: {}, ...params },
});
const initialize = (capabilities: object): object => ({
  jsonrpc: '2.0',
  id: 'a',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 't', version: '1' } },
});
const link = expect.stringMatching(
  /^https:\/\/mcp\.example\.com\/connections\?upstream=notes&for=[\w-]{32}$/u,
);
const words = expect.stringMatching(
  /Notes, which is not connected yet\. .* open https:\/\/mcp\.example\.com\/connections\?/u,
);

/** Connects an account of Notes, by the link. */
async function connect(account: string, from: string, person = 'alice'): Promise<Response> {
  const browser = endpoint.stack.browser();
  const door = await (await browser.get(from)).text();
  const left = await browser.post(page, { request: formOf(door, 'Sign in with') });
  const back = await browser.get(await home.signIn(left.headers.get('location') ?? '', person));
  const shown = await browser.get(back.headers.get('location') ?? '');
  const html = await shown.text();
  if (shown.status !== 200) return shown;
  const gone = await browser.post(page, { request: formOf(html, 'Connect') });
  const asked = await browser.get(await notes.signIn(gone.headers.get('location') ?? '', account));
  return browser.post(page, { request: formOf(await asked.text(), 'Connect'), decision: 'allow' });
}

async function linkOf(): Promise<string> {
  const { error } = (await answer(initialize({}))) as { error?: { data?: { url?: string } } };
  return error?.data?.url ?? '';
}

describe('a call that lacks a connection', () => {
  it('is answered in words with the link, as the result of the tool', async () => {
    expect(await answer(toolCall())).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: { isError: true, content: [{ type: 'text', text: words }] },
    });
    expect(endpoint.seen).toEqual([]);
  });

  it('other than of a tool is an error with the link', async () => {
    const error = { code: -32003, message: words, data: { url: link } };
    expect(await answer({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error,
    });
    expect(await answer(initialize({ elicitation: {} }))).toEqual({ jsonrpc: '2.0', id: 'a', error });
  });

  it('asks a client of 2025-11-25 that can open URLs to lead its user there', async () => {
    const elicitation = {
      mode: 'url',
      elicitationId: expect.stringMatching(/./u),
      url: link,
      message: expect.any(String),
    };
    const error = { code: -32042, message: words, data: { elicitations: [elicitation] } };
    expect(await answer(initialize({ elicitation: { form: {}, url: {} } }))).toEqual({
      jsonrpc: '2.0',
      id: 'a',
      error,
    });
    expect(await answer(toolCall())).toEqual({ jsonrpc: '2.0', id: 7, error });
    await answer(initialize({ elicitation: { form: {} } }));
    expect(await answer(toolCall())).toMatchObject({ result: { isError: true } });
  });

  it('asks a client of 2026-07-28 for input, once', async () => {
    const meta = (elicitation: object) => ({
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': { elicitation },
      },
    });
    const asked = await answer(toolCall(meta({ url: {} })));
    expect(asked).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: {
        resultType: 'input_required',
        inputRequests: {
          sallyport_connect: {
            method: 'elicitation/create',
            params: { mode: 'url', url: link, message: expect.stringContaining('Notes') },
          },
        },
      },
    });
    const inputResponses = { sallyport_connect: { action: 'accept' } };
    const told = { id: 7, result: { resultType: 'complete', isError: true, content: [{ text: words }] } };
    expect(await answer(toolCall({ ...meta({ url: {} }), inputResponses }))).toMatchObject(told);
    expect(await answer(toolCall(meta({ form: {} })))).toMatchObject(told);
  });

  it('is answered for each message of a batch, and notifications are dropped', async () => {
    const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
    const both = (await answer([
      note,
      toolCall(),
      { ...toolCall(), id: 8 },
    ])) as unknown as readonly unknown[];
    expect(both).toMatchObject([{ id: 7 }, { id: 8 }]);
    expect((await call(note)).status).toBe(202);
    expect(endpoint.seen).toEqual([]);
  });

  it('is no reason for a challenge, however it is written', async () => {
    const long = JSON.stringify(toolCall({ arguments: { text: 'x'.repeat(200_000) } }));
    const odd = ['', 'no json', '[]', '"x"', 'null', '{"id":1}', 'x'.repeat(1_200_000)];
    const statuses: (readonly [number, string | null])[] = [];
    for (const body of [long, ...odd]) {
      const response = await endpoint.call(signedIn.access_token, { body });
      statuses.push([response.status, response.headers.get('www-authenticate')]);
      await response.arrayBuffer();
    }
    expect(statuses.map(([status]) => status)).toEqual([200, 403, 403, 202, 403, 403, 202, 403]);
    expect(statuses.every(([, challenge]) => challenge === null)).toBe(true);
  });

  it('opens no stream and ends no session', async () => {
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(endpoint.url, {
        method,
        headers: { authorization: `Bearer ${signedIn.access_token}` },
      });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  it('is still a challenge for who has no token', async () => {
    expect((await endpoint.call('nonsense')).status).toBe(401);
  });
});

describe('clients of the official SDKs', () => {
  const transport = (): { readonly requestInit: RequestInit } => ({
    requestInit: { headers: { authorization: `Bearer ${signedIn.access_token}` } },
  });
  const told = { message: words };

  it('of the first line are led to the link, when they can lead their user', async () => {
    const client = new Client1({ name: 'c', version: '1' }, { capabilities: { elicitation: { url: {} } } });
    const failure: unknown = await client
      .connect(new Transport1(new URL(endpoint.url), transport()) as never)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UrlElicitationRequiredError);
    expect(failure).toMatchObject({ elicitations: [{ mode: 'url', url: link }] });
  });

  it('of the first line that cannot are told in words', async () => {
    const client = new Client1({ name: 'c', version: '1' });
    await expect(
      client.connect(new Transport1(new URL(endpoint.url), transport()) as never),
    ).rejects.toMatchObject(told);
  });

  it.each(['legacy', 'auto'] as const)('of the second line are told in words (%s)', async (mode) => {
    const client = new Client2({ name: 'c', version: '1' }, { versionNegotiation: { mode } });
    await expect(client.connect(new Transport2(new URL(endpoint.url), transport()))).rejects.toMatchObject(
      told,
    );
  });
});

describe('the link', () => {
  it('leads to a connection, and the very next call passes with its token', async () => {
    const done = await connect('alice-at-notes', await linkOf());
    expect(done.status).toBe(303);
    const passed = await call(toolCall());
    expect(passed.status).toBe(200);
    const { authorization = '' } = endpoint.seen.at(-1)?.headers ?? {};
    const asked = await fetch(`${notes.issuer}/me`, { headers: { authorization } });
    expect(await asked.json()).toMatchObject({ sub: 'alice-at-notes' });
  });

  it('is not needed by who connected through another replica, from that moment on', async () => {
    expect(await answer(toolCall())).toMatchObject({ result: { isError: true } });
    const { store, auth } = endpoint.stack;
    const userId = subjectOf('demo', 'alice');
    const connection = { bucket: bucketOf(userId), userId, upstream: 'notes', account: 'alice-at-notes' };
    const tokens = {
      accessToken: 'of-another-replica',
      refreshToken: null,
      idToken: null,
      expiresAt: 'never',
      scopes: [],
    } as const;
    const given = { tokens, upstreamClientId: 'sallyport', accountName: null };
    await store.putConnection({ connection, tokens: auth.vault.sealTokens(connection, given) });
    expect((await call(toolCall())).status).toBe(200);
    expect(endpoint.seen.at(-1)?.headers.authorization).toBe('Bearer of-another-replica');
  });

  it('is for one user alone, and tells nobody who that is', async () => {
    await endpoint.stack.signIn({ account: 'bob' });
    const url = await linkOf();
    const refused = await connect('whoever', url, 'bob');
    expect(refused.status).toBe(403);
    expect(url).not.toContain('alice');
    const { sub } = JSON.parse(
      Buffer.from(signedIn.access_token.split('.')[1] ?? '', 'base64url').toString(),
    ) as { sub: string };
    expect(url).not.toContain(sub);
  });
});

describe('a connection', () => {
  beforeEach(async () => {
    await connect('alice-at-notes', await linkOf());
  });

  it('that was ended by its user is missing at once', async () => {
    expect((await call(toolCall())).status).toBe(200);
    const browser = endpoint.stack.browser();
    const door = await (await browser.get(page)).text();
    const left = await browser.post(page, { request: formOf(door, 'Sign in with') });
    await browser.get(await home.signIn(left.headers.get('location') ?? '', 'alice'));
    const html = await (await browser.get(page)).text();
    await browser.post(page, {
      request: formOf(html.slice(html.indexOf('<bdi>Notes</bdi>')), 'Disconnect now'),
    });
    expect(await answer(toolCall())).toMatchObject({ result: { isError: true } });
  });

  it('whose token the server behind refuses is told to be connected again, without a challenge', async () => {
    endpoint.backend = (_request, response) => void response.writeHead(401).end();
    const told = await answer(toolCall());
    expect(told).toMatchObject({ id: 7, result: { isError: true } });
    expect(JSON.stringify(told)).toContain('has ended. Connect it again.');
  });

  it('that cannot be refreshed for a while is 503, and nothing is lost', async () => {
    await notes.pause();
    endpoint.stack.advance(2 * 3_600_000);
    signedIn = await refreshed();
    expect((await call(toolCall())).status).toBe(503);
    await notes.resume();
    endpoint.stack.advance(10_000);
    expect((await call(toolCall())).status).toBe(200);
  });

  it('lets messages pass as they came', async () => {
    const passed = await call(initialize({}));
    expect(passed.status).toBe(200);
    expect(JSON.parse(endpoint.seen.at(-1)?.body ?? '')).toEqual(initialize({}));
  });
});

async function refreshed(): Promise<Tokens> {
  const { clientId } = signedIn as Tokens & { readonly clientId: string };
  const response = await endpoint.stack.refresh(clientId, signedIn.refresh_token);
  return { ...((await response.json()) as Tokens), clientId } as Tokens;
}
