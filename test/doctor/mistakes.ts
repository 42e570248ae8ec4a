/** What people get wrong most, and the clients that it breaks. */
import type { Change } from './server.ts';
import { documentWith } from './server.ts';

const resource = '/.well-known/oauth-protected-resource/mcp';
export const metadata = '/.well-known/oauth-authorization-server';
export const all = 'every client';

/** Answers of one path without one of its headers, or with another status. */
export const at =
  (
    wanted: string,
    methods: readonly string[],
    by: (reply: Parameters<Change>[1]) => Parameters<Change>[1],
  ): Change =>
  ({ method, path }, reply) =>
    path === wanted && methods.includes(method) ? by(reply) : reply;

export interface Mistake {
  readonly name: string;
  readonly change: Change;
  readonly check: string;
  /** Part of the finding. */
  readonly says: string;
  readonly breaks: readonly string[] | typeof all;
  /** The browser opens before anybody notices. */
  readonly later?: true;
}

const sdk = ['sdk-2025-06-18', 'sdk-2025-11-25', 'sdk-2026-07-28'];
const bySdk = ['claude-code', 'cursor', 'mcp-remote', 'inspector-1', 'inspector-2', ...sdk];
const others = ['claude', 'chatgpt', 'vscode', 'codex', 'gemini-cli'];
/** All that know protected-resource metadata. */
const since2025June = [...bySdk, ...others];
const registering = ['cursor', 'gemini-cli', 'sdk-2025-03-26', 'sdk-2025-06-18'];

export const mistakes: readonly Mistake[] = [
  {
    name: '403 instead of 401',
    change: at('/mcp', ['POST'], (reply) => ({ ...reply, status: 403 })),
    check: 'challenge-post',
    says: 'answered with 403',
    breaks: all,
  },
  {
    name: 'no challenge, and no metadata where clients look without one',
    change: ({ path }, reply) => {
      if (path === resource) return { status: 404 };
      return path === '/mcp' ? { ...reply, headers: {} } : reply;
    },
    check: 'challenge-post',
    says: 'no WWW-Authenticate',
    breaks: ['claude', 'chatgpt', 'codex', 'gemini-cli'],
  },
  {
    name: '405 to GET',
    change: at('/mcp', ['GET'], () => ({ status: 405 })),
    check: 'challenge-get',
    says: 'GET without a token is answered with 405',
    breaks: ['codex', 'mcp-remote'],
  },
  {
    name: '404 to HEAD',
    change: at('/mcp', ['HEAD'], () => ({ status: 404 })),
    check: 'challenge-head',
    says: 'HEAD without a token is answered with 404',
    breaks: ['gemini-cli'],
  },
  {
    name: 'a resource that differs by a slash',
    change: documentWith(resource, (origin) => ({ resource: `${origin}/mcp/` })),
    check: 'resource-match',
    says: 'only a slash at the end differs',
    breaks: since2025June,
  },
  {
    name: 'a resource of another server',
    change: documentWith(resource, () => ({ resource: 'https://mcp.example.com/mcp' })),
    check: 'resource-match',
    says: 'and people type',
    breaks: since2025June,
  },
  {
    name: 'a resource that is the origin',
    change: documentWith(resource, (origin) => ({ resource: origin })),
    check: 'resource-exact',
    says: 'and people type',
    breaks: ['claude'],
  },
  {
    name: 'no authorization servers',
    change: documentWith(resource, () => ({ authorization_servers: [] })),
    check: 'resource-metadata',
    says: 'name no authorization server',
    breaks: ['claude', 'chatgpt', 'codex', 'gemini-cli'],
  },
  {
    name: 'metadata of the resource nowhere',
    change: at(resource, ['GET'], () => ({ status: 404 })),
    check: 'resource-metadata',
    says: 'no protected-resource metadata',
    breaks: ['claude', 'chatgpt', 'codex', 'gemini-cli'],
  },
  {
    name: 'an issuer with a slash more',
    change: documentWith(metadata, (origin) => ({ issuer: `${origin}/` })),
    check: 'issuer-match',
    says: 'only a slash at the end differs',
    breaks: ['mcp-remote', 'inspector-2', 'sdk-2026-07-28'],
  },
  {
    name: 'S256 not listed',
    change: documentWith(metadata, () => ({ code_challenge_methods_supported: undefined })),
    check: 'pkce-s256',
    says: 'do not list S256',
    breaks: ['claude', 'chatgpt'],
  },
  {
    name: 'plain PKCE only',
    change: documentWith(metadata, () => ({ code_challenge_methods_supported: ['plain'] })),
    check: 'pkce-methods',
    says: 'do not list S256',
    breaks: [...bySdk, 'vscode', 'codex', 'gemini-cli', 'sdk-2025-03-26'],
  },
  {
    name: 'no registration',
    change: documentWith(metadata, () => ({ registration_endpoint: undefined })),
    check: 'registration-cimd-or-dcr',
    says: 'clients cannot register',
    breaks: since2025June,
  },
  {
    name: 'client-id metadata documents only',
    change: documentWith(metadata, () => ({
      registration_endpoint: undefined,
      client_id_metadata_document_supported: true,
    })),
    check: 'registration-dcr',
    says: 'no registration_endpoint',
    breaks: registering,
  },
  {
    name: 'a member that is null',
    change: documentWith(metadata, () => ({ service_documentation: null })),
    check: 'metadata-shape',
    says: '"service_documentation" is null',
    breaks: [...bySdk, 'sdk-2025-03-26'],
  },
  {
    name: 'no response types',
    change: documentWith(metadata, () => ({ response_types_supported: undefined })),
    check: 'metadata-shape',
    says: 'do not list the response type code',
    breaks: [...bySdk, 'sdk-2025-03-26'],
  },
  {
    name: 'a page where the token endpoint should speak JSON',
    change: at('/token', ['POST'], () => ({
      status: 500,
      headers: { 'content-type': 'text/html' },
      body: '<h1>',
    })),
    check: 'token-json',
    says: 'with 500 and no JSON',
    breaks: ['claude'],
  },
  {
    name: 'no CORS on the token endpoint',
    change: at('/token', ['OPTIONS'], () => ({ status: 405 })),
    check: 'cors-token',
    says: 'may not call /token',
    breaks: ['inspector-1'],
  },
  {
    name: 'no CORS on the registration endpoint',
    change: at('/register', ['OPTIONS'], () => ({ status: 405 })),
    check: 'cors-register',
    says: 'may not call /register',
    breaks: ['inspector-1'],
  },
  {
    name: 'no CORS on the metadata',
    change: at(metadata, ['OPTIONS', 'GET'], ({ body }) => (body === undefined ? { status: 404 } : { body })),
    check: 'cors-metadata',
    says: 'its preflight got 404',
    breaks: ['inspector-1'],
  },
  {
    name: 'an endpoint without https elsewhere',
    later: true,
    change: documentWith(metadata, () => ({ token_endpoint: 'http://auth.example.com/token' })),
    check: 'endpoints',
    says: 'token_endpoint is http://auth.example.com, not https',
    breaks: all,
  },
  {
    name: 'no metadata of the authorization server',
    change: at(metadata, ['GET'], () => ({ status: 404 })),
    check: 'server-metadata',
    says: 'no authorization-server metadata',
    breaks: ['chatgpt', 'codex', 'gemini-cli'],
  },
  {
    name: 'neither metadata nor the endpoints that old clients guess',
    later: true,
    change: ({ path }, reply) => (path === metadata || path === '/authorize' ? { status: 404 } : reply),
    check: 'server-metadata',
    says: 'no authorization-server metadata',
    breaks: all,
  },
  {
    name: 'a failure where the metadata of the resource should be',
    change: at(resource, ['GET'], () => ({ status: 500 })),
    check: 'resource-metadata',
    says: 'status 500',
    breaks: ['claude', 'chatgpt', 'codex', 'gemini-cli'],
  },
];
