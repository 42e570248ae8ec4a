import { afterEach, describe, expect, it, vi } from 'vitest';
import { SallyportError } from '../../src/types/error.ts';
import { issuer, pkce, startStack } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { Exposition } from './exposition.ts';

let stack: Stack;
let endpoint: Endpoint | undefined;

afterEach(async () => {
  await (endpoint ?? stack).close();
  endpoint = undefined;
});

const startEndpoint = async (...options: Parameters<typeof Endpoint.start>): Promise<Endpoint> => {
  endpoint = await Endpoint.start(...options);
  ({ stack } = endpoint);
  return endpoint;
};
const read = async (): Promise<Exposition> => new Exposition(await stack.auth.metrics());
const answers = (numbers: Exposition, endpoint: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    (numbers.families.get('sallyport_http_requests_total')?.samples ?? [])
      .filter(({ labels }) => labels['endpoint'] === endpoint)
      .map(({ labels, value }) => [labels['status'], value]),
  );

describe('the numbers of a login', () => {
  it('count every step by its endpoint and status', async () => {
    stack = await startStack();
    await stack.signIn();
    await stack.browser().get(stack.authorizeUrl({ client_id: 'nobody' }));
    await stack.call('/.well-known/oauth-authorization-server');
    await stack.call('/oauth/revoke', { method: 'POST', body: 'token=x' });
    await stack.call('/oauth/introspect', { method: 'POST', body: 'token=x' });
    await stack.call('/oauth/userinfo');
    const numbers = await read();
    expect(answers(numbers, 'register')).toEqual({ 201: 1 });
    expect(answers(numbers, 'authorize')).toEqual({ 200: 1, 400: 1 });
    expect(answers(numbers, 'consent')).toEqual({ 303: 1 });
    expect(answers(numbers, 'callback')).toEqual({ 303: 1 });
    expect(answers(numbers, 'token')).toEqual({ 200: 1 });
    expect(answers(numbers, 'metadata')).toEqual({ 200: 1 });
    expect(answers(numbers, 'revoke')).toEqual({ 400: 1 });
    expect(answers(numbers, 'introspect')).toEqual({ 400: 1 });
    expect(answers(numbers, 'userinfo')).toEqual({ 401: 1 });
    expect(numbers.sum('sallyport_http_request_duration_seconds_count', { endpoint: 'authorize' })).toBe(2);
  });

  it('count store operations and calls to the identity provider, once each', async () => {
    stack = await startStack();
    await stack.signIn();
    const numbers = await read();
    const store = (operation: string): number =>
      numbers.sum('sallyport_store_duration_seconds_count', { operation, outcome: 'ok' });
    expect(['putPending', 'takePending', 'commitLogin', 'redeemCode'].map(store)).toEqual([1, 1, 1, 1]);
    const upstream = (call: string): number =>
      numbers.sum('sallyport_upstream_duration_seconds_count', { upstream: 'demo', call, outcome: 'ok' });
    expect(['authorization_url', 'exchange', 'refresh'].map(upstream)).toEqual([1, 1, 0]);
    const discovery = { cache: 'discovery', result: 'hit' };
    expect(numbers.sum('sallyport_cache_looks_total', discovery)).toBeGreaterThan(0);
  });

  it('tell audit events from each other, whether or not they are kept', async () => {
    stack = await startStack();
    await stack.signIn();
    const numbers = await read();
    const events = numbers.families.get('sallyport_events_total')?.samples ?? [];
    expect(Object.fromEntries(events.map(({ labels, value }) => [labels['event'], value]))).toEqual({
      started: 1,
      client_registered: 1,
      consent_allowed: 1,
      login_succeeded: 1,
      code_issued: 1,
      token_issued: 1,
    });
  });
});

describe('the numbers of the token endpoint', () => {
  it('tell grant types and outcomes', async () => {
    stack = await startStack();
    const { clientId, refresh_token } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    await stack.refresh(clientId, 'garbage');
    await stack.token({
      grant_type: 'authorization_code',
      client_id: clientId,
      code: 'x',
      code_verifier: 'x',
    });
    await stack.token({ grant_type: 'password' });
    await stack.token({ grant_type: 'refresh_token', refresh_token, client_id: 'nobody' });
    const { samples = [] } = (await read()).families.get('sallyport_token_requests_total') ?? {};
    expect(samples.map(({ labels, value }) => [labels['grant_type'], labels['outcome'], value])).toEqual([
      ['authorization_code', 'ok', 1],
      ['refresh_token', 'ok', 1],
      ['refresh_token', 'invalid_grant', 1],
      ['authorization_code', 'invalid_grant', 1],
      ['none', 'unsupported_grant_type', 1],
      ['refresh_token', 'invalid_client', 1],
    ]);
  });

  it('tell what became of refresh tokens: rotated, repeated, stolen, revoked', async () => {
    stack = await startStack();
    const { clientId, refresh_token } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    await stack.refresh(clientId, refresh_token);
    stack.advance(300_000);
    await stack.refresh(clientId, refresh_token);
    await stack.refresh(clientId, refresh_token);
    const other = await stack.register({ client_name: 'Other' });
    const mine = await stack.signIn();
    await stack.refresh(other.client_id, mine.refresh_token);
    const { samples = [] } = (await read()).families.get('sallyport_refreshes_total') ?? {};
    expect(Object.fromEntries(samples.map(({ labels, value }) => [labels['outcome'], value]))).toEqual({
      ok: 1,
      retry: 1,
      theft: 1,
      revoked: 1,
      mismatch: 1,
    });
  });

  it('tell that evidence had to be renewed, and that the identity provider was asked', async () => {
    const rules = { access: [{ email_domains: ['example.com'] }], identity_max_age: '10m' };
    stack = await startStack(rules);
    const { clientId, refresh_token } = await stack.signIn();
    stack.advance(11 * 60_000);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
    const numbers = await read();
    expect(numbers.sum('sallyport_refreshes_total', { outcome: 'stale' })).toBe(1);
    expect(numbers.sum('sallyport_refreshes_total', { outcome: 'ok' })).toBe(1);
    const refreshed = { call: 'refresh', outcome: 'ok' };
    expect(numbers.sum('sallyport_upstream_duration_seconds_count', refreshed)).toBe(1);
  });

  it('tell a store that failed from one that answered', async () => {
    stack = await startStack(
      {},
      {
        wrapStore: (store) => ({
          ...store,
          rotateRefresh: () => Promise.reject(new SallyportError('storage_failed', 'no disk')),
        }),
      },
    );
    const { clientId, refresh_token } = await stack.signIn();
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(503);
    const numbers = await read();
    const failed = { operation: 'rotateRefresh', outcome: 'failed' };
    expect(numbers.sum('sallyport_store_duration_seconds_count', failed)).toBe(1);
    expect(numbers.sum('sallyport_token_requests_total', { outcome: 'temporarily_unavailable' })).toBe(1);
  });
});

describe('the numbers of MCP endpoints', () => {
  it('count answers by class, and looks into the caches', async () => {
    const front = await startEndpoint();
    const { access_token } = await stack.signIn();
    await fetch(front.url, { method: 'POST' });
    const run = (): Promise<Response> => front.call(access_token);
    for (const response of [await run(), await run(), await run()]) expect(response.status).toBe(200);
    front.backend = (_request, response) => void response.writeHead(500).end();
    await run();
    const numbers = await read();
    const proxied = (status: string): number =>
      numbers.sum('sallyport_proxy_requests_total', { path: '/mcp', status });
    expect(['2xx', '4xx', '5xx'].map(proxied)).toEqual([3, 1, 1]);
    expect(numbers.sum('sallyport_proxy_request_duration_seconds_count')).toBe(5);
    const looks = (cache: string, result: string): number =>
      numbers.sum('sallyport_cache_looks_total', { cache, result });
    expect([looks('access_token', 'miss'), looks('access_token', 'hit')]).toEqual([1, 3]);
    expect([looks('liveness', 'miss'), looks('liveness', 'hit')]).toEqual([1, 3]);
  });

  it('count a stream when it begins, and show it while it runs', async () => {
    const front = await startEndpoint();
    front.backend = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
    const { access_token } = await stack.signIn();
    const stop = new AbortController();
    const response = await front.call(access_token, { signal: stop.signal });
    await response.body?.getReader().read();
    const running = await read();
    expect(running.sum('sallyport_open_streams')).toBe(1);
    expect(running.sum('sallyport_proxy_requests_total', { status: '2xx' })).toBe(1);
    stop.abort();
    await vi.waitFor(async () => expect((await read()).sum('sallyport_open_streams')).toBe(0));
    expect((await read()).sum('sallyport_proxy_requests_total')).toBe(1);
  });
});

describe('what is read when somebody asks', () => {
  it('shows the store, the key, the build and whether logins work', async () => {
    stack = await startStack();
    await stack.signIn();
    stack.advance(60_000);
    const numbers = await read();
    expect(numbers.sum('sallyport_stored', { kind: 'grants' })).toBe(1);
    expect(numbers.sum('sallyport_stored', { kind: 'connections' })).toBe(1);
    expect(numbers.sum('sallyport_ready')).toBe(1);
    expect(numbers.sum('sallyport_audit_healthy')).toBe(1);
    const { kid } = stack.auth.keys.signing;
    expect(numbers.sum('sallyport_signing_key_in_use_seconds', { kid })).toBeGreaterThanOrEqual(60);
    expect(numbers.sum('sallyport_build_info', { node: process.version })).toBe(1);
    for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total'])
      expect(numbers.sum(name)).toBeGreaterThan(0);
  });

  it('leaves out what cannot be read, and says that logins do not work', async () => {
    let broken = false;
    const refuse = (): Promise<never> => Promise.reject(new SallyportError('storage_failed', 'no disk'));
    stack = await startStack(
      {},
      {
        wrapStore: (store) => ({
          ...store,
          stats: () => (broken ? refuse() : store.stats()),
          health: () => (broken ? refuse() : store.health()),
        }),
      },
    );
    broken = true;
    const numbers = await read();
    expect(numbers.families.get('sallyport_stored')?.samples).toEqual([]);
    expect(numbers.sum('sallyport_ready')).toBe(0);
    expect(numbers.sum('sallyport_build_info')).toBe(1);
  });
});

describe('the text format', () => {
  it('keeps histograms cumulative: each bucket holds the ones below, and the last is the count', async () => {
    stack = await startStack();
    await stack.signIn();
    const { families } = await read();
    const histograms = [...families.values()].filter(({ type }) => type === 'histogram');
    expect(histograms.length).toBeGreaterThan(2);
    for (const { name, samples } of histograms) {
      const groups = Map.groupBy(samples, ({ labels: { le: _le, ...labels } }) => JSON.stringify(labels));
      for (const group of groups.values()) {
        const buckets = group.filter((sample) => sample.name === `${name}_bucket`).map(({ value }) => value);
        expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
        expect(buckets.at(-1)).toBe(group.find((sample) => sample.name === `${name}_count`)?.value);
        expect(group.find((sample) => sample.name === `${name}_sum`)?.value).toBeGreaterThan(0);
      }
    }
  });

  it('does not grow with what strangers send', async () => {
    const { url } = await startEndpoint();
    await stack.signIn();
    const nonsense = async (word: string): Promise<void> => {
      await stack.register({ client_name: word, redirect_uris: [`http://127.0.0.1/${word}`] });
      await stack.token({ grant_type: word, client_id: word, scope: word });
      await stack.token({ grant_type: 'refresh_token', client_id: word, refresh_token: word });
      await stack.browser().get(stack.authorizeUrl({ client_id: word, resource: `${issuer}/${word}` }));
      await stack.call(`/${word}`, { method: 'POST' });
      await stack.call(`/oauth/callback?state=${word}&code=${word}`);
      await fetch(`${url}?${word}`, { headers: { authorization: `Bearer ${word}` } });
      await fetch(url, { method: 'PATCH', headers: { 'mcp-session-id': word } });
    };
    await nonsense('one');
    // Reading is an operation of the store, too.
    await read();
    const before = await read();
    for (const word of ['two', 'three', pkce().verifier]) await nonsense(word);
    const after = await read();
    expect(after.series.filter((name) => !name.startsWith('nodejs_'))).toEqual(
      before.series.filter((name) => !name.startsWith('nodejs_')),
    );
  });

  it('belongs to one server: another one in the same process counts for itself', async () => {
    stack = await startStack();
    const other = await startStack();
    await other.register();
    expect((await read()).sum('sallyport_http_requests_total', { endpoint: 'register' })).toBe(0);
    await other.close();
  });
});
