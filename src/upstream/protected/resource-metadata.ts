/** What an MCP server says about the authorization server that protects it (RFC 9728). */
import { readBearerChallenge } from '../../oauth/challenge.ts';
import { endpointProblem } from '../endpoint-problem.ts';
import { isPassingStatus } from '../failures.ts';
import { UpstreamError } from '../provider.ts';
import { objectOf } from '../registration/discover.ts';
import type { UpstreamHttp } from '../upstream-http.ts';

/** Whose documents they are, and what the operator allows. */
export interface Asking {
  readonly upstream: string;
  readonly http: UpstreamHttp;
  readonly insecureAllowHttp: boolean;
  /** The MCP server as the operator wrote it down. */
  readonly resource: string;
}

/** What is protected, and by whom. */
export interface ProtectedResource {
  /** To be sent as `resource` (RFC 8707), letter by letter as the document has it. */
  readonly resource: string;
  /** Issuers that it names; one at least. */
  readonly authorizationServers: readonly string[];
  /** Of the challenge, else of the document; `null`: neither says. */
  readonly scopes: readonly string[] | null;
}

/** A request that every revision of the protocol has an answer for, and none without a token at a protected server. */
const revision = '2026-07-28';
const discovery = {
  jsonrpc: '2.0',
  id: 1,
  method: 'server/discover',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': revision,
      'io.modelcontextprotocol/clientInfo': { name: 'Sallyport', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};

/**
 * Asks the MCP server without a token, and reads the document that its challenge names; without one, the one at the
 * well-known place with the server's path, else without (RFC 9728 §3.1). A server without any (MCP 2025-03-26) is its own
 * authorization server. Throws {@link UpstreamError}.
 */
export async function readProtectedResource(asking: Asking): Promise<ProtectedResource> {
  const { resource } = asking;
  const challenge = await challengeOf(asking);
  const scopes = scopesIn(challenge?.get('scope'));
  const named = challenge?.get('resource_metadata');
  const { origin, pathname } = new URL(resource);
  const wellKnown = `${origin}/.well-known/oauth-protected-resource`;
  const places =
    named === undefined
      ? [...new Set([`${wellKnown}${pathname === '/' ? '' : pathname}`, wellKnown])]
      : [named];
  for (const place of places) {
    const document = await documentAt(place, asking);
    if (document !== null) {
      const read = readDocument(document, asking);
      return { ...read, scopes: scopes ?? read.scopes };
    }
  }
  if (named !== undefined) throw invalid(asking, 'the metadata that its challenge names are not there');
  return { resource, authorizationServers: [origin], scopes };
}

async function challengeOf(asking: Asking): Promise<ReadonlyMap<string, string> | null> {
  const response = await asking.http.fetch(asking.resource, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': revision,
      'mcp-method': 'server/discover',
    },
    body: JSON.stringify(discovery),
  });
  // Nobody reads it, and it may be a stream.
  await response.body?.cancel();
  if (response.status !== 401) return null;
  return readBearerChallenge(response.headers.get('www-authenticate') ?? '');
}

/** A JSON object at an address that a document or a rule names; `null`: there is none. */
export async function documentAt(
  place: string,
  asking: Asking,
): Promise<Readonly<Record<string, unknown>> | null> {
  const { http, resource, insecureAllowHttp } = asking;
  const problem = endpointProblem(place, { namedBy: resource, insecureAllowHttp });
  if (problem !== null) throw invalid(asking, `the address of a metadata document ${problem}`);
  const response = await http.fetch(place, { headers: { accept: 'application/json' } });
  if (isPassingStatus(response.status))
    throw new UpstreamError(
      'unavailable',
      asking.upstream,
      `discovery: a metadata document answered ${response.status}`,
    );
  return response.ok ? objectOf(response) : null;
}

function readDocument(document: Readonly<Record<string, unknown>>, asking: Asking): ProtectedResource {
  const { resource } = document;
  if (typeof resource !== 'string' || !covers(resource, asking.resource))
    throw invalid(asking, 'the protected-resource metadata are those of another resource (RFC 9728 §3.3)');
  const servers = textsOf(document['authorization_servers']) ?? [];
  if (servers.length === 0)
    throw invalid(asking, 'the protected-resource metadata name no authorization server');
  return { resource, authorizationServers: servers, scopes: textsOf(document['scopes_supported']) };
}

/** The MCP server itself, or what it is a part of: same origin, and its path begins with whole segments of this one. */
function covers(resource: string, server: string): boolean {
  const [outer, inner] = [URL.parse(resource), URL.parse(server)];
  if (!outer || !inner || outer.origin !== inner.origin) return false;
  if (outer.username !== '' || outer.password !== '' || outer.hash !== '') return false;
  if (outer.search !== '' && outer.search !== inner.search) return false;
  const prefix = outer.pathname.replace(/\/$/u, '');
  return `${inner.pathname}/`.startsWith(`${prefix}/`);
}

/** Characters of a scope (RFC 6749 §3.3); a list with others is nobody's. */
const scopeForm = /^[\x21\x23-\x5b\x5d-\x7e]+$/u;

/** Most scopes that a document or a challenge may have us ask for. */
const mostScopes = 100;

/** Longest of them all together, in characters: they go into an address. */
const longestScopes = 2048;

function scopesIn(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  const scopes = textsOf(text.split(' ').filter((one) => one !== ''));
  return scopes && scopes.length > 0 ? scopes : null;
}

/** Texts of a list that could be scopes or issuers; `null`: it is no list. */
export function textsOf(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  const texts = value.filter((one): one is string => typeof one === 'string' && scopeForm.test(one));
  const some = [...new Set(texts)].slice(0, mostScopes);
  return some.join(' ').length > longestScopes ? [] : some;
}

/** An answer that nobody may go by. */
export function invalid({ upstream }: Pick<Asking, 'upstream'>, problem: string): UpstreamError {
  return new UpstreamError('invalid', upstream, `discovery: ${problem}`);
}
