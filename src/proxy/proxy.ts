import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomToken } from '../crypto/random.ts';
import type { ProxyConfig } from '../config/config.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { splitTarget } from '../http/target.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import type { Authenticated, ProtectedResource } from '../resource/protected-resource.ts';
import type { Clock } from '../types/time.ts';
import type { Vault } from '../vault/vault.ts';
import type { CallCheck } from './check-calls.ts';
import { checkCalls } from './check-calls.ts';
import type { ConnectLater, LaterRequest } from './connect-later.ts';
import { laterCredential } from './connect-later.ts';
import { forward } from './forward.ts';
import type { Backend } from './forward.ts';
import type { OriginPolicy } from './origins.ts';
import type { SessionBinding } from './session-binding.ts';
import { observeProxied } from './observe-proxy.ts';
import { tellInsufficient } from './observe-scopes.ts';
import type { OwnHeaders } from './own-answer.ts';
import { sendOwn } from './own-answer.ts';
import { tooLarge } from './too-large.ts';
import { createToolRules } from './tool-rules.ts';

/** What one proxied endpoint works with. */
export interface ProxyParts {
  readonly config: ProxyConfig;
  readonly resource: ProtectedResource;
  readonly origins: OriginPolicy;
  readonly binding: SessionBinding;
  readonly vault: Vault;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: Observer;
  /** False: requests are forwarded without any credential. */
  readonly inject: boolean;
  /** How users connect the upstream whose token is injected; `null`: nothing is. */
  readonly later: ConnectLater | null;
}

/** Answers one request to an MCP endpoint. Never rejects. */
export type ProxyHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const methods = 'GET, POST, DELETE';

/**
 * An MCP endpoint: origin, then token, then what is called, then the user's credential, then the MCP server. In that order, and
 * closed on failure.
 */
export function createProxy(whole: ProxyParts): ProxyHandler {
  const { observer, log, config, origins, resource } = whole;
  const { tools, maxBody } = config;
  const calls = tools === null ? null : { rules: createToolRules(tools), resource, maxBody };
  const parts = { ...whole, calls };
  return (request, response) => {
    const correlationId = randomToken(9);
    const watched = { request, response, correlationId };
    // A page that may not call this server may not read the refusal either.
    const admitted = origins.admits(request.headers);
    const own = { 'x-correlation-id': correlationId, ...(admitted && corsHeaders(request)) };
    return observeProxied({ observer, log, path: config.path }, watched, (begun) =>
      answerOrFail(parts, { ...watched, admitted, own, begun }),
    );
  };
}

interface Parts extends ProxyParts {
  /** `null`: nothing that is called needs more than the rest. */
  readonly calls: CallCheck | null;
}

async function answerOrFail(parts: Parts, exchange: Exchange): Promise<void> {
  try {
    await answer(parts, exchange);
  } catch (error) {
    const { correlationId, response } = exchange;
    // Nobody is there to be answered: a client that leaves in the middle of its body is no failure of ours.
    if (response.destroyed) return;
    const reason = error instanceof Error ? error.message : 'unknown';
    parts.log.error({ path: parts.config.path, correlationId, reason }, 'proxied request failed');
    sendOwn(exchange, unavailable(correlationId));
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly correlationId: string;
  /** Whether it may come from where it says. */
  readonly admitted: boolean;
  readonly own: OwnHeaders;
  /** The answer begins now. */
  readonly begun: () => void;
}

/** Somebody who may come in, and the body that was checked. */
interface Admitted {
  readonly authenticated: Authenticated;
  readonly body?: Buffer;
}

async function answer(parts: Parts, exchange: Exchange): Promise<void> {
  const { request, admitted } = exchange;
  if (!admitted) {
    sendOwn(
      exchange,
      json(403, { error: 'forbidden', error_description: 'this origin may not call this server' }),
    );
    return;
  }
  if (request.method === 'OPTIONS') {
    sendOwn(exchange, preflight());
    return;
  }
  const caller = await admit(parts, exchange);
  if (caller) await passOn(parts, exchange, caller);
}

/** Token, shape, and what is called; `null` when that was answered. */
async function admit(parts: Parts, exchange: Exchange): Promise<Admitted | null> {
  const { request } = exchange;
  // Node joins repeated headers, and none that we read is ever a list.
  const headers = request.headers as HttpRequest['headers'];
  const authenticated = await parts.resource.authenticate(headers);
  if (authenticated.r === 'refused') {
    if (authenticated.insufficient) tellInsufficient(parts, exchange, authenticated.insufficient);
    sendOwn(exchange, authenticated.response);
    return null;
  }
  const refusal = checkShape(request, parts.config.maxBody);
  if (refusal) {
    sendOwn(exchange, refusal);
    return null;
  }
  if (!parts.calls) return { authenticated };
  const checked = await checkCalls(parts.calls, { request, caller: authenticated });
  if (checked.r === 'ok') return { authenticated, ...checked };
  if (checked.insufficient) tellInsufficient(parts, exchange, checked.insufficient);
  sendOwn(exchange, checked.response);
  return null;
}

async function passOn(parts: Parts, exchange: Exchange, { authenticated, ...read }: Admitted): Promise<void> {
  const { resource } = parts;
  const { request } = exchange;
  const { token, session } = authenticated;
  const owner = { resource: resource.resource, subject: token.subject };
  const mcpSession = parts.binding.toServer(request.headers['mcp-session-id'], owner);
  if (!mcpSession) {
    sendOwn(exchange, unknownSession());
    return;
  }
  const credential = await credentialOf(parts, { ...read, request, token, session });
  if (credential.r === 'refused') {
    sendOwn(exchange, credential.response);
    return;
  }
  const body = read.body ?? credential.body;
  await forward(parts.backend, {
    ...exchange,
    trace: parts.observer.traces?.outgoing() ?? {},
    mcpSession,
    answeredSession: (id) => parts.binding.toClient(id, owner),
    authorization: credential.authorization,
    ...(body && { body }),
    maxBody: parts.config.maxBody,
    endsAt: token.expiresAt * 1000,
    alive: () => isAlive(authenticated),
    clock: parts.clock,
    refuse: credential.refuse ?? ((description) => resource.refuse(description)),
  });
}

/** What MCP has for a session that is over: the client begins a new one (2025-11-25, transports, session management). */
function unknownSession(): HttpResponse {
  const error_description = 'this MCP session is over or not yours; begin a new one without Mcp-Session-Id';
  return json(404, { error: 'not_found', error_description });
}

/** Only MCP's methods, only a body that fits, and no token in the query (RFC 6750 §2.3 is not for us). */
function checkShape(request: IncomingMessage, maxBody: number): HttpResponse | null {
  if (!['GET', 'HEAD', 'POST', 'DELETE'].includes(request.method ?? '')) {
    return json(405, { error: 'method_not_allowed' }, { allow: methods });
  }
  const { query } = splitTarget(request.url ?? '');
  if (query !== '' && new URLSearchParams(query).has('access_token')) {
    return json(400, {
      error: 'invalid_request',
      error_description: 'tokens belong in the Authorization header',
    });
  }
  return Number(request.headers['content-length'] ?? 0) > maxBody ? tooLarge(maxBody) : null;
}

type Credential =
  | {
      readonly r: 'ok';
      readonly authorization: string | null;
      readonly body?: Buffer;
      /** Instead of sending the client to a new sign-in. */
      readonly refuse?: () => HttpResponse;
    }
  | { readonly r: 'refused'; readonly response: HttpResponse };

/** The user's token at the upstream. Without it nothing is forwarded: the client's own must never take its place. */
async function credentialOf(parts: ProxyParts, asked: LaterRequest): Promise<Credential> {
  const { config, inject, resource, vault, later } = parts;
  const { connection, grant } = asked.session;
  if (!inject || config.upstream === null) return { r: 'ok', authorization: null };
  const fresh =
    later && grant.upstream !== config.upstream
      ? await laterCredential({ ...parts, later }, asked)
      : connection
        ? await vault.freshTokens(connection)
        : ({ r: 'dead' } as const);
  switch (fresh.r) {
    case 'ok':
      return 'tokens' in fresh ? { r: 'ok', authorization: `Bearer ${fresh.tokens.accessToken}` } : fresh;
    case 'refused':
      return fresh;
    case 'dead':
      return { r: 'refused', response: resource.refuse('the identity provider ended the sign-in') };
    case 'unavailable': {
      const body = {
        error: 'temporarily_unavailable',
        error_description: 'the identity provider does not answer',
      };
      return { r: 'refused', response: json(503, body, { 'retry-after': String(fresh.retryAfter) }) };
    }
  }
}

/** For streams. A store that fails for a moment ends nobody's. */
async function isAlive({ alive }: Authenticated): Promise<boolean> {
  try {
    return await alive();
  } catch {
    return true;
  }
}

function corsHeaders({ headers: { origin } }: IncomingMessage): OwnHeaders {
  if (origin === undefined) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'WWW-Authenticate, Retry-After, Mcp-Session-Id, X-Correlation-Id',
    vary: 'Origin',
  };
}

function preflight(): HttpResponse {
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': methods,
      'access-control-allow-headers':
        '*, Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Last-Event-ID',
      'access-control-max-age': '3600',
    },
  };
}

function unavailable(correlationId: string): HttpResponse {
  const error_description = `the server cannot answer right now (reference ${correlationId})`;
  return json(503, { error: 'temporarily_unavailable', error_description }, { 'retry-after': '5' });
}
