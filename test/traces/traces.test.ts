import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTracer } from '../../src/observe/traces/open-telemetry.ts';
import { SallyportError } from '../../src/types/error.ts';
import { startStack } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';

const exporter = new InMemorySpanExporter();
const trace1 = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${trace1}-b7ad6b7169203331-01`;
let endpoint: Endpoint;
let failing: boolean;

const spansOf = (traceId: string): readonly ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan => {
  const found = spans.find((span) => span.name === name);
  if (!found) throw new Error(`no span ${name} in: ${spans.map((span) => span.name).join(', ')}`);
  return found;
};

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
});

afterAll(() => {
  trace.disable();
  propagation.disable();
  context.disable();
});

describe('with observe.traces', () => {
  beforeEach(async () => {
    exporter.reset();
    failing = false;
    endpoint = await Endpoint.start({
      config: { observe: { traces: true } },
      wrapStore: (store) => ({
        ...store,
        rotateRefresh: (step) =>
          failing
            ? Promise.reject(new SallyportError('storage_failed', 'the disk of alice is gone'))
            : store.rotateRefresh(step),
      }),
    });
  });
  afterEach(() => endpoint.close());

  it('puts a request and its store operation into the trace of the caller', async () => {
    const { stack } = endpoint;
    const { clientId, refresh_token } = await stack.signIn();
    const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token };
    expect((await stack.token(form, { traceparent })).status).toBe(200);
    const spans = spansOf(trace1);
    const server = named(spans, 'POST token');
    expect(server.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(server.attributes).toMatchObject({ 'http.route': 'token', 'http.response.status_code': 200 });
    expect(named(spans, 'store rotateRefresh').parentSpanContext?.spanId).toBe(server.spanContext().spanId);
  });

  it('shows the calls to the identity provider below the callback', async () => {
    await endpoint.stack.signIn();
    const exchange = named(exporter.getFinishedSpans(), 'upstream exchange');
    const callback = named(spansOf(exchange.spanContext().traceId), 'GET callback');
    expect(exchange.parentSpanContext?.spanId).toBe(callback.spanContext().spanId);
    expect(exchange.attributes).toEqual({ 'sallyport.upstream': 'demo' });
  });

  it('hands the trace on to the MCP server, as its own span', async () => {
    const { access_token } = await endpoint.stack.signIn();
    await endpoint.call(access_token, { headers: { traceparent, tracestate: 'vendor=1' } });
    // The client may have its answer before the span of it is over.
    const proxied = await vi.waitFor(() => named(spansOf(trace1), 'proxy /mcp'));
    const seen = endpoint.seen.at(-1)?.headers;
    expect(seen?.['traceparent']).toBe(`00-${trace1}-${proxied.spanContext().spanId}-01`);
    expect(seen?.['tracestate']).toBe('vendor=1');
    expect(proxied.attributes['http.response.status_code']).toBe(200);
  });

  it('tells identity providers nothing of it', async () => {
    const { stack } = endpoint;
    const heard: string[] = [];
    stack.provider.intercept((request) => {
      heard.push(...Object.keys(request.headers));
      return false;
    });
    await stack.signIn();
    stack.provider.intercept(null);
    expect(heard).toContain('authorization');
    expect(heard).not.toContain('traceparent');
    expect(heard).not.toContain('tracestate');
  });

  it('carries no token, no secret and no user', async () => {
    const { stack } = endpoint;
    const { clientId, access_token, refresh_token } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    await endpoint.call(access_token);
    await vi.waitFor(() => named(exporter.getFinishedSpans(), 'proxy /mcp'));
    const told = JSON.stringify(
      exporter
        .getFinishedSpans()
        .map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    );
    expect(told).toContain('rotateRefresh');
    for (const secret of [access_token, refresh_token, clientId, 'alice', 'sp_', 'eyJ'])
      expect(told).not.toContain(secret);
  });

  it('fails the spans of what failed, without the words of the failure', async () => {
    const { stack } = endpoint;
    const { clientId, refresh_token } = await stack.signIn();
    failing = true;
    const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token };
    expect((await stack.token(form, { traceparent })).status).toBe(503);
    const spans = spansOf(trace1);
    expect(named(spans, 'POST token').status).toEqual({ code: 2 });
    expect(named(spans, 'store rotateRefresh').status).toEqual({ code: 2 });
    expect(spans.flatMap(({ events }) => events)).toEqual([]);
  });
});

it('makes no span and changes no header without observe.traces', async () => {
  exporter.reset();
  endpoint = await Endpoint.start();
  const { access_token } = await endpoint.stack.signIn();
  await endpoint.call(access_token, { headers: { traceparent } });
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(endpoint.seen.at(-1)?.headers['traceparent']).toBe(traceparent);
  await endpoint.close();
});

it('says what is missing when the package is not installed', async () => {
  const missing = openTracer(() => Promise.reject(new Error('Cannot find package')));
  await expect(missing).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('@opentelemetry/api'),
  });
});

it('goes nowhere, and breaks nothing, when the process has registered no SDK', async () => {
  trace.disable();
  const stack = await startStack({ observe: { traces: true } });
  const { clientId, refresh_token } = await stack.signIn();
  expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
  await stack.close();
});
