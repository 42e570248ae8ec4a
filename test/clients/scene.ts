import type { DocumentFetch } from '../../src/server/client-documents.ts';
import type { GuardedFetch } from '../../src/net/guarded-fetch.ts';
import { resource } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import type { EndpointOptions } from '../proxy/endpoint.ts';
import type { Fixture } from './fixture.ts';
import { fixtures, methodOf } from './fixture.ts';

/** The secret of every client that the operator configured here. */
export const configuredSecret = 'a secret of a client that the operator configured';

/** An MCP server with two scopes for everything and one for some tools. */
const server = {
  scopes: {
    'mcp:read': { description: 'Read' },
    'mcp:write': { description: 'Write' },
    'mcp:admin': { description: 'Delete everything', default: false },
  },
};
const proxy = { scopes: ['mcp:read'], tools: { '*': [], 'admin_*': ['mcp:admin'] } };

/** A gateway as it comes, or one whose operator did what rows ask for. */
export async function startScene({
  operator,
  audit,
}: {
  readonly operator: boolean;
  readonly audit?: EndpointOptions['audit'];
}): Promise<Endpoint> {
  const clients = fixtures.flatMap(({ fixture }) => (fixture.configured ? [sectionOf(fixture)] : []));
  return Endpoint.start({
    proxy,
    config: { ...server, ...(operator && { clients, allow_confidential_client_registration: true }) },
    env: { CLIENT_SECRET: configuredSecret },
    documentFetch: publishedDocuments,
    ...(audit && { audit }),
  });
}

function sectionOf(fixture: Fixture): object {
  return {
    ...fixture.configured,
    client_secret_env_var: 'CLIENT_SECRET',
    token_endpoint_auth_method: methodOf(fixture),
  };
}

/** The vendors' hosts, which are not ours to run: each answers with the document of its fixture. */
const publishedDocuments: DocumentFetch = (): GuardedFetch => {
  const documents = new Map(
    fixtures.flatMap(({ fixture: { document } }) =>
      document ? [[document.client_id, document] as const] : [],
    ),
  );
  return Object.assign(
    async (url: string): Promise<Response> => {
      const document = documents.get(url);
      return document ? Response.json(document) : new Response(null, { status: 404 });
    },
    { close: async (): Promise<void> => {} },
  );
};

/** A request as it goes over the wire: the issuer's name leads to the gateway's port. */
export function send(endpoint: Endpoint, url: string, init: RequestInit = {}): Promise<Response> {
  const { origin, pathname, search } = new URL(url);
  if (origin !== new URL(resource).origin) throw new Error(`led to another origin: ${url}`);
  return fetch(new URL(endpoint.url).origin + pathname + search, { redirect: 'manual', ...init });
}
