import type { IncomingMessage, RequestListener } from 'node:http';
import { json, refusal } from '../http/headers.ts';
import type { NodeHandler } from '../http/node.ts';
import { sendToNode, toNodeHandler } from '../http/node.ts';
import { splitTarget } from '../http/target.ts';
import { checkWire } from '../http/wire.ts';
import type { HttpResponse } from '../http/exchange.ts';
import type { Log } from '../observe/log.ts';
import { silentLog } from '../observe/log.ts';
import type { Backend } from '../proxy/forward.ts';
import { openBackend } from '../proxy/forward.ts';
import { createOriginPolicy } from '../proxy/origins.ts';
import type { ProxyHandler } from '../proxy/proxy.ts';
import { createProxy } from '../proxy/proxy.ts';
import { createSessionBinding } from '../proxy/session-binding.ts';
import { createProtectedResource } from '../resource/protected-resource.ts';
import type { AuthServer } from '../server/auth-server.ts';
import type { Clock, Milliseconds } from '../types/time.ts';

/** Authorization server and MCP endpoints behind one listener. */
export interface Gateway {
  readonly listener: RequestListener;
  /** Ends what would never end by itself: event streams. */
  readonly endStreams: () => void;
  /** Ends the connections to the MCP servers; the authorization server is not touched. */
  readonly close: () => Promise<void>;
}

/** Collaborators of a gateway; `clock` must be the one of its authorization server. */
export interface GatewayOptions {
  readonly log?: Log;
  readonly clock?: Clock;
  /** How often a running event stream looks whether its grant still lives; 30 s by default. */
  readonly streamCheckEvery?: Milliseconds;
}

/** Dispatches by exact path: MCP endpoints, the authorization server, health. */
export function createGateway(
  auth: AuthServer,
  { log = silentLog, clock = Date.now, streamCheckEvery = 30_000 }: GatewayOptions = {},
): Gateway {
  const backends: Backend[] = [];
  const proxies = new Map<string, ProxyHandler>();
  const binding = createSessionBinding(auth.mcpSessions);
  const origins = createOriginPolicy(auth.config.issuer, auth.config.allowedOrigins);
  for (const config of auth.config.proxies) {
    const { resource, scopes, upstream } = config;
    const { tokens, sessions, vault } = auth;
    const suggestedScopes = scopes.length > 0 ? scopes : suggested(auth.config.scopesSupported);
    const guard = createProtectedResource({
      resource,
      scopes,
      suggestedScopes,
      upstream,
      tokens,
      sessions,
      log,
    });
    const backend = openBackend(config.target, { log, lookEvery: streamCheckEvery });
    const inject = auth.config.injectUpstreamToken;
    backends.push(backend);
    proxies.set(
      config.path,
      createProxy({
        config,
        resource: guard,
        origins,
        binding,
        sessions,
        vault,
        backend,
        clock,
        log,
        inject,
        observer: auth.observer,
      }),
    );
  }
  countStreams(auth, backends);
  const own = toNodeHandler((request) =>
    auth.serves(request.path) ? auth.handle(request) : health(auth, request.path),
  );
  return {
    endStreams: () => {
      for (const { streams } of backends) for (const stream of streams) stream.abort();
    },
    close: async () => {
      await Promise.all(backends.map((backend) => backend.close()));
    },
    listener: dispatcher(proxies, own),
  };
}

/** By exact path; what is not one clear request of HTTP/1 reaches nobody. */
function dispatcher(proxies: ReadonlyMap<string, ProxyHandler>, own: NodeHandler): RequestListener {
  return (request, response) => {
    const refusal = checkVersion(request) ?? checkWire(request);
    const proxy = proxies.get(splitTarget(request.url ?? '/').path);
    if (refusal) sendToNode(response, refusal);
    else if (proxy) void proxy(request, response);
    else own(request, response);
  };
}

function countStreams({ observer: { metrics } }: AuthServer, backends: readonly Backend[]): void {
  const about = { name: 'sallyport_open_streams', help: 'Event streams that run now.', labels: [] };
  metrics.gauge(about, () => [[[], backends.reduce((sum, { streams }) => sum + streams.size, 0)]]);
}

/** Node reads whatever looks like a version; other ones frame their messages in other ways (RFC 9110 §15.6.6). */
function checkVersion({ httpVersion }: IncomingMessage): HttpResponse | null {
  if (httpVersion === '1.1' || httpVersion === '1.0') return null;
  return json(505, { error: 'http_version_not_supported' }, { connection: 'close' });
}

/** Refresh tokens are not the resource's business. */
function suggested(scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => scope !== 'offline_access');
}

async function health(auth: AuthServer, path: string): Promise<HttpResponse> {
  if (path === '/healthz') return json(200, { status: 'ok' });
  if (path !== '/readyz') return refusal(404, { error: 'not_found' });
  const { ready, problems, warnings } = await auth.readiness();
  return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', problems, warnings });
}
