/** A hand-written MCP server and authorization server in one, right in everything until a test breaks something. */
import type { ServerResponse } from 'node:http';
import type { Received } from '../fixtures/hostile-server.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** By method and path; a change gets what would have been answered. */
export type Change = (request: { method: string; path: string }, reply: Reply, origin: string) => Reply;

export interface PlainServer {
  readonly url: string;
  readonly origin: string;
  readonly received: readonly Pick<Received, 'method' | 'url' | 'headers' | 'body'>[];
  close(): Promise<void>;
}

const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*, authorization',
  'access-control-allow-methods': 'GET, POST',
};

/** The documents as a good server writes them. */
function documentsOf(origin: string): Readonly<Record<string, unknown>> {
  return {
    '/.well-known/oauth-protected-resource/mcp': {
      resource: `${origin}/mcp`,
      authorization_servers: [origin],
      scopes_supported: ['mcp:read'],
    },
    '/.well-known/oauth-authorization-server': {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      jwks_uri: `${origin}/jwks`,
      scopes_supported: ['mcp:read', 'offline_access'],
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    },
    '/jwks': { keys: [{ kty: 'EC', kid: '1' }] },
  };
}

function replyOf(method: string, path: string, origin: string): Reply {
  if (method === 'OPTIONS') return { status: 204, headers: cors };
  if (path === '/mcp') {
    const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
    return { status: 401, headers: { ...cors, 'www-authenticate': challenge } };
  }
  const document = documentsOf(origin)[path];
  if (document !== undefined) return { headers: { ...cors, 'cache-control': 'max-age=300' }, body: document };
  if (path === '/token')
    return { status: 400, headers: { 'cache-control': 'no-store' }, body: { error: 'invalid_request' } };
  if (path === '/register')
    return { status: 201, body: { client_id: 'c1', redirect_uris: ['http://127.0.0.1:33418/callback'] } };
  return {
    status: path === '/authorize' ? 400 : 404,
    headers: { 'content-type': 'text/html' },
    body: '<p>no</p>',
  };
}

export async function startPlainServer(change: Change = (_request, reply) => reply): Promise<PlainServer> {
  const received: Received[] = [];
  const at = { origin: '' };
  const server = await listen((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body });
      const path = url.split('?')[0] ?? '';
      send(response, change({ method, path }, replyOf(method, path, at.origin), at.origin));
    });
  });
  at.origin = server.url;
  return { url: `${server.url}/mcp`, origin: server.url, received, close: () => server.close() };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  const json = typeof body === 'string' ? {} : { 'content-type': 'application/json' };
  response.writeHead(status, { ...json, ...headers }).end(text);
}

/** Changes members of one document; `undefined` removes one. */
export function documentWith(path: string, change: (origin: string) => Record<string, unknown>): Change {
  return (request, reply, origin) =>
    request.path === path && request.method === 'GET'
      ? { ...reply, body: { ...(reply.body as object), ...change(origin) } }
      : reply;
}
