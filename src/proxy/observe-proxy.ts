import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';

/** One request to an MCP endpoint, as it is watched. */
export interface Watched {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly correlationId: string;
}

/** Who watches, and what the endpoint is called. */
export interface Watching {
  readonly observer: Observer;
  readonly log: Log;
  /** From the configuration. */
  readonly path: string;
}

/**
 * Counts and times one request to an MCP endpoint. `work` says by `begun` when its answer begins: a stream may then run
 * for hours. The span lasts as long as the work.
 */
export async function observeProxied(
  { observer: { metrics, traces }, log, path }: Watching,
  { request, response, correlationId }: Watched,
  work: (begun: () => void) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  let told = false;
  const begun = (): void => {
    if (told) return;
    told = true;
    const ms = performance.now() - started;
    const { headersSent, statusCode } = response;
    metrics.proxied.add([path, headersSent ? `${Math.floor(statusCode / 100)}xx` : 'aborted']);
    metrics.proxySeconds.observe([path], ms / 1000);
    log.debug({ method: request.method, path, status: statusCode, ms, correlationId }, 'proxied');
  };
  const watched = async (): Promise<void> => {
    try {
      await work(begun);
    } finally {
      begun();
    }
  };
  if (!traces) return watched();
  const name = `proxy ${path}`;
  const attributes = { 'http.route': path, 'sallyport.correlation_id': correlationId };
  return traces.span({ name, kind: 'server', attributes, caller: request.headers }, async (span) => {
    await watched();
    span.set({ 'http.response.status_code': response.statusCode });
    if (response.statusCode >= 500) span.fail();
  });
}
