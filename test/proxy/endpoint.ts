import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { createGateway } from '../../src/gateway/gateway.ts';
import type { AuthServerOptions } from '../../src/server/auth-server.ts';
import type { AuthStore } from '../../src/store/contract.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import type { Stack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';

/** A request as it reached the MCP server. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface EndpointOptions {
  /** Overrides of the proxy's section. */
  readonly proxy?: Readonly<Record<string, unknown>>;
  /** Endpoints beside it. */
  readonly others?: readonly Readonly<Record<string, unknown>>[];
  /** Overrides of the other sections. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly wrapStore?: (store: AuthStore) => AuthStore;
  readonly streamCheckEvery?: number;
  /** What the configuration may name as files and variables. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of oidc-provider. */
  readonly provider?: Stack['provider'];
  /** Milliseconds that the clock is off. */
  readonly clock?: { now: number };
  /** Hears every audit event. */
  readonly audit?: AuthServerOptions['audit'];
  /** What fetches the documents of clients. */
  readonly documentFetch?: AuthServerOptions['documentFetch'];
}

/** A gateway on a port, with a real authorization server and provider, before an MCP server that tests can play. */
export class Endpoint {
  readonly stack: Stack;
  readonly url: string;
  readonly seen: Seen[] = [];
  /** Answers what passes; 200 and a little JSON unless a test says otherwise. */
  backend: RequestListener = (_request, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"jsonrpc":"2.0","id":1,"result":{}}');
  };
  readonly #closers: readonly (() => Promise<unknown>)[];

  private constructor(parts: {
    stack: Stack;
    front: Listening;
    closers: readonly (() => Promise<unknown>)[];
  }) {
    this.stack = parts.stack;
    this.url = `${parts.front.url}/mcp`;
    this.#closers = parts.closers;
  }

  static async start(options: EndpointOptions = {}): Promise<Endpoint> {
    const holder: { endpoint?: Endpoint } = {};
    const behind = await listen((request, response) => {
      let body = '';
      const { method = '', url = '', headers } = request;
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        holder.endpoint?.seen.push({ method, url, headers, body });
        holder.endpoint?.backend(request, response);
      });
    });
    const first = { path: '/mcp', target: `${behind.url}/inner/mcp`, ...options.proxy };
    const proxy = [first, ...(options.others ?? [])];
    const { wrapStore, streamCheckEvery, files = {}, env = {}, provider, clock } = options;
    const { audit, documentFetch } = options;
    const stack = await startStack(
      { proxy, ...options.config },
      {
        files,
        env,
        ...(wrapStore && { wrapStore }),
        ...(provider && { provider }),
        ...(clock && { clock }),
        collaborators: { ...(audit && { audit }), ...(documentFetch && { documentFetch }) },
      },
    );
    const gateway = createGateway(stack.auth, {
      clock: () => stack.now(),
      ...(streamCheckEvery !== undefined && { streamCheckEvery }),
    });
    const front = await listen(gateway.listener);
    const closers = [() => front.close(), () => gateway.close(), () => stack.close(), () => behind.close()];
    holder.endpoint = new Endpoint({ stack, front, closers });
    return holder.endpoint;
  }

  /** A request as a signed-in client sends it. */
  call(token: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(this.url, {
      method: 'POST',
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      ...init,
      headers,
    });
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}
