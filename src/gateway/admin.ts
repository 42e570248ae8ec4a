import { isIP } from 'node:net';
import type { AdminConfig } from '../config/config.ts';
import { equalSecrets } from '../crypto/hash.ts';
import type { Handler, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { nameLabel, outsideLabel, sourceLabel } from '../observe/audit/labels.ts';
import { randomToken } from '../crypto/random.ts';
import { correlationLabel } from '../observe/audit/labels.ts';
import type { Observer } from '../observe/observer.ts';
import type { Readiness } from '../server/readiness.ts';
import { ConfigError } from '../config/resolve.ts';

/** What operators may ask for. */
export interface AdminParts {
  /** Asked at each request: the token's file may change. */
  readonly config: () => AdminConfig;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<string>;
  readonly reload: () => Promise<readonly string[]>;
  readonly observer: Observer;
}

/**
 * The second listener: health with its reasons, numbers, reload. Whoever knows the token may ask; without one whoever is on
 * this machine, except pages in a browser that runs here: those name themselves (`Origin`, `Sec-Fetch-Site`), or came by a
 * name that an attacker made lead here (DNS rebinding), which an address or `localhost` in `Host` cannot be.
 */
export function createAdmin(parts: AdminParts): Handler {
  return async (request) => {
    const { path, method } = request;
    if (isFromPage(request))
      return refuse(parts, { request, status: 403, reason: 'the request came from a web page' });
    const { token, host } = parts.config();
    const trusted = token !== null && hasToken(request, token.reveal());
    if (!trusted && !isOurHost(request.headers['host'], host))
      return refuse(parts, { request, status: 421, reason: 'Host is neither an address nor localhost' });
    if (path === '/healthz' && isRead(method)) return json(200, { status: 'ok' });
    if (token !== null && !trusted)
      return refuse(parts, { request, status: 401, reason: 'the token is missing or wrong' });
    return answer(parts, request);
  };
}

async function answer(parts: AdminParts, request: HttpRequest): Promise<HttpResponse> {
  const { path, method } = request;
  const allowed = path === '/reload' ? method === 'POST' : isRead(method);
  if (!['/readyz', '/metrics', '/reload'].includes(path)) return json(404, { error: 'not_found' });
  if (!allowed)
    return json(405, { error: 'method_not_allowed' }, { allow: path === '/reload' ? 'POST' : 'GET, HEAD' });
  if (path === '/reload') return reload(parts, request);
  if (path === '/metrics') return metrics(parts);
  const { ready, problems, warnings } = await parts.readiness();
  return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', problems, warnings });
}

async function metrics({ metrics: render }: AdminParts): Promise<HttpResponse> {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' };
  return { status: 200, headers, body: await render() };
}

/** The reasons are the operator's own file and paths, so they are told. */
async function reload(parts: AdminParts, request: HttpRequest): Promise<HttpResponse> {
  parts.observer.audit.record('admin_action', () => ({
    ...operator(request),
    action: 'configuration_reloaded',
    user: null,
    grant: null,
    client: null,
    reason: null,
  }));
  try {
    return json(200, { status: 'reloaded', changes: await parts.reload() });
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [];
    const reason = error instanceof Error ? error.message : 'unknown failure';
    return json(422, { status: 'refused', reason, problems });
  }
}

function refuse(
  { observer }: AdminParts,
  {
    request,
    status,
    reason,
  }: { readonly request: HttpRequest; readonly status: number; readonly reason: string },
): HttpResponse {
  observer.audit.record('admin_refused', () => ({ ...operator(request), reason: nameLabel(reason) }));
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="sallyport admin"' } : {};
  return json(status, { error: status === 401 ? 'unauthorized' : 'forbidden', reason }, challenge);
}

function operator({ remoteAddress }: HttpRequest) {
  return {
    correlationId: correlationLabel(randomToken(9)),
    source: sourceLabel(remoteAddress),
    actor: outsideLabel('admin listener'),
  };
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Scripts, `curl` and probes send neither. */
function isFromPage({ headers }: HttpRequest): boolean {
  const site = headers['sec-fetch-site'];
  return headers['origin'] !== undefined || (site !== undefined && site !== 'none');
}

function hasToken({ headers }: HttpRequest, token: string): boolean {
  const [, sent] = /^bearer +([\w.~+/=-]+)$/iu.exec(headers['authorization'] ?? '') ?? [];
  return sent !== undefined && equalSecrets(sent, token);
}

/** An address is nobody's to rebind. */
function isOurHost(header: string | undefined, own: string): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/u.exec(header ?? '') ?? [];
  const name = (bracketed ?? plain ?? '').toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name === own.toLowerCase();
}
