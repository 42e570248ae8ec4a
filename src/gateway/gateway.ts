import type { IncomingMessage, RequestListener } from 'node:http';
import { json, refusal } from '../http/headers.ts';
import { sendToNode, toNodeHandler } from '../http/node.ts';
import { splitTarget } from '../http/target.ts';
import { checkWire } from '../http/wire.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import type { Log } from '../observe/log.ts';
import { silentLog } from '../observe/log.ts';
import { usefulScopes } from '../oauth/resource-scopes.ts';
import type { ConnectLater, OpenersOfUrls } from '../proxy/connect-later.ts';
import { createOpenersOfUrls } from '../proxy/connect-later.ts';
import { createOriginPolicy } from '../proxy/origins.ts';
import type { ProxyHandler } from '../proxy/proxy.ts';
import { createProxy } from '../proxy/proxy.ts';
import { createSessionBinding } from '../proxy/session-binding.ts';
import type { ProtectedResourceOptions } from '../resource/protected-resource.ts';
import { createProtectedResource } from '../resource/protected-resource.ts';
import type { AuthServer } from '../server/auth-server.ts';
import type { Readiness } from '../server/readiness.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import { Backends } from './backends.ts';
import type { PeerOf } from './peer.ts';
import { createPeerOf } from './peer.ts';

/** Authorization server and MCP endpoints behind one listener. */
export interface Gateway {
  readonly listener: RequestListener;
  /** From now on `/readyz` says no, and every answer is the last one of its connection. */
  readonly drain: () => void;
  /** What `/readyz` knows. */
  readonly readiness: () => Promise<Readiness>;
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
  /** False: `/readyz` says yes or no, because the reasons are told elsewhere. */
  readonly tellReasons?: boolean;
}

/** Dispatches by exact path: MCP endpoints, the authorization server, health. Follows each reload of the server. */
export function createGateway(auth: AuthServer, options: GatewayOptions = {}): Gateway {
  const backends = new Backends(options);
  const lasting = { backends, openers: createOpenersOfUrls() };
  let proxies = openProxies(auth, options, lasting);
  let peerOf = createPeerOf(auth.config.listen.trustedProxies);
  auth.onReload(() => {
    proxies = openProxies(auth, options, lasting);
    peerOf = createPeerOf(auth.config.listen.trustedProxies);
  });
  countStreams(auth, backends);
  let draining = false;
  const own = toNodeHandler((request) =>
    auth.serves(request.path)
      ? auth.handle(seenFrom(peerOf, request))
      : health(auth, { path: request.path, draining, told: options.tellReasons ?? true }),
  );
  return {
    listener: (request, response) => {
      // Clients come again over another connection, to another replica, instead of running into one that closes.
      if (draining) response.shouldKeepAlive = false;
      const refused = checkVersion(request) ?? checkWire(request);
      const proxy = proxies.get(splitTarget(request.url ?? '/').path);
      if (refused) sendToNode(response, refused);
      else if (proxy) void proxy(request, response);
      else own(request, response);
    },
    drain: () => {
      draining = true;
    },
    readiness: () => readinessOf(auth, draining),
    endStreams: backends.endStreams,
    close: backends.close,
  };
}

/** The request as it was before proxies of ours passed it on. */
function seenFrom(peerOf: PeerOf, request: HttpRequest): HttpRequest {
  const remoteAddress = peerOf(request);
  return remoteAddress === request.remoteAddress ? request : { ...request, remoteAddress };
}

function openProxies(
  auth: AuthServer,
  { log = silentLog, clock = Date.now }: GatewayOptions,
  { backends, openers }: { readonly backends: Backends; readonly openers: OpenersOfUrls },
): ReadonlyMap<string, ProxyHandler> {
  const { tokens, sessions, vault, observer, config: whole } = auth;
  const { injectUpstreamToken: inject, issuer, allowedOrigins } = whole;
  const binding = createSessionBinding(auth.mcpSessions);
  const origins = createOriginPolicy(issuer, allowedOrigins);
  const opened = backends.openFor(whole.proxies);
  return new Map(
    whole.proxies.map((config) => {
      const { resource: name, scopes, upstream } = config;
      const resource = createProtectedResource({
        ...scopeOptions(auth, name),
        resource: name,
        scopes,
        upstream,
        tokens,
        sessions,
        log,
      });
      const backend = opened(config);
      const later = laterOf(auth, upstream, openers);
      const own = { config, resource, origins, binding, backend, inject, later };
      return [config.path, createProxy({ ...own, vault, clock, log, observer })];
    }),
  );
}

function laterOf(auth: AuthServer, upstream: string | null, openers: OpenersOfUrls): ConnectLater | null {
  const known = auth.config.upstreams.find(({ name }) => name === upstream);
  if (!known) return null;
  const { name, displayName } = known;
  const link = (userId: string): string => auth.connectionsLink({ userId, upstream: name });
  return { upstream: name, displayName, link, openers, sessions: auth.sessions };
}

function countStreams({ observer: { metrics } }: AuthServer, backends: Backends): void {
  const about = { name: 'sallyport_open_streams', help: 'Event streams that run now.', labels: [] };
  metrics.gauge(about, () => [[[], backends.streams()]]);
}

/** Node reads whatever looks like a version; other ones frame their messages in other ways (RFC 9110 §15.6.6). */
function checkVersion({ httpVersion }: IncomingMessage): HttpResponse | null {
  if (httpVersion === '1.1' || httpVersion === '1.0') return null;
  return json(505, { error: 'http_version_not_supported' }, { connection: 'close' });
}

type ScopeOptions = Pick<
  ProtectedResourceOptions,
  'suggestedScopes' | 'hierarchy' | 'unnamedScopes' | 'stepUp'
>;

function scopeOptions({ config, stepUp }: AuthServer, resource: string): ScopeOptions {
  return {
    suggestedScopes: usefulScopes(config, resource),
    hierarchy: config.scopeHierarchy,
    // Named, it would be the resource's business. Where it decides about refresh tokens, leaving it out would lose them.
    unnamedScopes: config.refreshTokenPolicy === 'always' ? ['offline_access'] : [],
    stepUp,
  };
}

/** Ready to take requests: the server is, and nobody has told us to stop. */
async function readinessOf(auth: AuthServer, draining: boolean): Promise<Readiness> {
  const { ready, problems, warnings } = await auth.readiness();
  if (!draining) return { ready, problems, warnings };
  return { ready: false, problems: ['the gateway is shutting down', ...problems], warnings };
}

async function health(
  auth: AuthServer,
  { path, draining, told }: { readonly path: string; readonly draining: boolean; readonly told: boolean },
): Promise<HttpResponse> {
  if (path === '/healthz') return json(200, { status: 'ok' });
  if (path !== '/readyz') return refusal(404, { error: 'not_found' });
  const { ready, problems, warnings } = await readinessOf(auth, draining);
  const status = ready ? 'ready' : 'not ready';
  return json(ready ? 200 : 503, told ? { status, problems, warnings } : { status });
}
