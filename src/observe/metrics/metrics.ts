import type { AuditEventName } from '../audit/event.ts';
import { createCounter, createGauge, createHistogram } from './instruments.ts';
import type { Counter, Description, Histogram, Instrument, Reading } from './instruments.ts';

/** Every number that code counts by itself; gauges are asked for when somebody reads. */
export interface Metrics {
  /** Security-relevant events, whether or not they are kept. */
  readonly events: Counter<readonly ['event']>;
  /** Answers of our own endpoints. */
  readonly requests: Counter<readonly ['endpoint', 'status']>;
  readonly requestSeconds: Histogram<readonly ['endpoint']>;
  /** Token requests by grant type and by how they ended: `ok` or the OAuth error. */
  readonly tokenRequests: Counter<readonly ['grant_type', 'outcome']>;
  /** Refresh tokens by what the store said about them. */
  readonly refreshes: Counter<readonly ['outcome']>;
  readonly storeSeconds: Histogram<readonly ['operation', 'outcome']>;
  /** Calls to identity providers by kind. */
  readonly upstreamSeconds: Histogram<readonly ['upstream', 'call', 'outcome']>;
  readonly cacheLooks: Counter<readonly ['cache', 'result']>;
  /** Documents of clients by what came of fetching them; `limited`: they were not even asked for. */
  readonly documentFetches: Counter<readonly ['outcome']>;
  /** Requests that came too often, by what limit held them back. */
  readonly limited: Counter<readonly ['limit']>;
  /** Answers of MCP endpoints by status class; `aborted` when the client left before there was one. */
  readonly proxied: Counter<readonly ['path', 'status']>;
  /** Calls whose token lacked scopes, by what was said. */
  readonly scopeRefusals: Counter<readonly ['path', 'answer']>;
  /** Until the answer begins. */
  readonly proxySeconds: Histogram<readonly ['path']>;
  /** Adds a number that is read at each rendering, in place of one of the same name. */
  gauge(about: Description<readonly string[]>, read: () => Reading | Promise<Reading>): void;
  /** Everything in Prometheus' text format, version 0.0.4. */
  render(): Promise<string>;
}

/** The numbers of one server. Nothing is shared between servers of one process. */
export function createMetrics(): Metrics {
  const instruments = new Map<string, Instrument>();
  const keep = <I extends Instrument>(instrument: I): I => {
    instruments.set(instrument.name, instrument);
    return instrument;
  };
  return {
    ...countersOf(keep),
    gauge: (about, read) => void keep(createGauge(about, read)),
    render: async () => {
      const texts = await Promise.all([...instruments.values()].map((instrument) => instrument.render()));
      return texts.join('');
    },
  };
}

type Keep = <I extends Instrument>(instrument: I) => I;

function countersOf(keep: Keep): Omit<Metrics, 'gauge' | 'render'> {
  const counter = <const Names extends readonly string[]>(name: string, help: string, labels: Names) =>
    keep(createCounter({ name: `sallyport_${name}`, help, labels }));
  const seconds = <const Names extends readonly string[]>(name: string, help: string, labels: Names) =>
    keep(createHistogram({ name: `sallyport_${name}_duration_seconds`, help, labels }));
  return {
    events: counter('events_total', 'Security-relevant events.', ['event']),
    requests: counter('http_requests_total', 'Answers of own endpoints.', ['endpoint', 'status']),
    requestSeconds: seconds('http_request', 'Time to answer at own endpoints.', ['endpoint']),
    tokenRequests: counter('token_requests_total', 'Token requests.', ['grant_type', 'outcome']),
    refreshes: counter('refreshes_total', 'Refresh tokens by what became of them.', ['outcome']),
    storeSeconds: seconds('store', 'Store operations.', ['operation', 'outcome']),
    upstreamSeconds: seconds('upstream', 'Calls to identity providers.', ['upstream', 'call', 'outcome']),
    cacheLooks: counter('cache_looks_total', 'Looks into caches.', ['cache', 'result']),
    documentFetches: counter('client_document_fetches_total', 'Fetches of client documents.', ['outcome']),
    limited: counter('limited_total', 'Requests that came too often.', ['limit']),
    proxied: counter('proxy_requests_total', 'Answers of MCP endpoints.', ['path', 'status']),
    scopeRefusals: counter('proxy_scope_refusals_total', 'Calls whose token lacked scopes.', [
      'path',
      'answer',
    ]),
    proxySeconds: seconds('proxy_request', 'Time until an MCP endpoint began to answer.', ['path']),
  };
}

/** The event's name is all that is counted of it. */
export function countEvents({ events }: Metrics): (event: AuditEventName) => void {
  return (event) => events.add([event]);
}
