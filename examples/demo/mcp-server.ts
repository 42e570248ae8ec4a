import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CallToolResult, McpRequestContext } from '@modelcontextprotocol/server';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { LoopbackServer } from './loopback-server.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** What the server needs to know to run. */
export interface McpServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Where the tokens that arrive here are good: the identity provider's userinfo endpoint. */
  readonly userinfoEndpoint: string;
}

const userinfo = z.object({ sub: z.string(), name: z.string().optional(), email: z.string().optional() });

function say(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

/** Asks the provider whose token this is, as any backend of theirs would. */
async function whoAmI(authorization: string | null, endpoint: string): Promise<CallToolResult> {
  if (authorization === null)
    return { ...say('No token of the identity provider came with the call.'), isError: true };
  const answer = await fetch(endpoint, { headers: { authorization } });
  if (!answer.ok)
    return { ...say(`The identity provider refused the token (${answer.status}).`), isError: true };
  const { sub, name, email } = userinfo.parse(await answer.json());
  return say(
    `You are ${name ?? sub}${email === undefined ? '' : ` <${email}>`}, says the identity provider.`,
  );
}

/** An MCP server that knows nothing of Sallyport. */
function createServer({ requestInfo }: McpRequestContext, options: McpServerOptions): McpServer {
  const headers = requestInfo?.headers ?? new Headers();
  const server = new McpServer({ name: 'sallyport-demo', version: '1.0.0' });
  server.registerTool(
    'whoami',
    {
      description:
        'Tells who is signed in, by asking the identity provider with the token that arrived here.',
    },
    () => whoAmI(headers.get('authorization'), options.userinfoEndpoint),
  );
  server.registerTool(
    'add',
    { description: 'Adds two numbers.', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    ({ a, b }) => say(String(a + b)),
  );
  server.registerTool(
    'headers',
    {
      description:
        'Names the request headers that arrived here (names only), and whose token came with them.',
    },
    () => say(`${[...headers.keys()].sort().join(', ')}\n${tokenKind(headers.get('authorization'))}`),
  );
  return server;
}

/** Access tokens of the gateway are JWTs; those of the demo provider are opaque. */
function tokenKind(authorization: string | null): string {
  if (authorization === null) return 'No token arrived.';
  return authorization.split('.').length === 3
    ? "The client's own token arrived here. It must not."
    : "The token is the identity provider's. The client's own token stayed at the gateway.";
}

function toRequest(request: IncomingMessage, origin: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const method = request.method ?? 'GET';
  const bodyless = method === 'GET' || method === 'HEAD';
  // Node's own stream type differs from the DOM's in name only.
  const body = bodyless ? null : (Readable.toWeb(request) as unknown as ReadableStream<Uint8Array>);
  const init = { method, headers, body, duplex: 'half' };
  return new Request(new URL(request.url ?? '/', origin), init);
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) response.end();
  // As above: one type under two names.
  else await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), response);
}

/** Starts the demo's MCP server (streamable HTTP at `/mcp`), on loopback, without any sign-in of its own. */
export async function startMcpServer(options: McpServerOptions): Promise<LoopbackServer> {
  const handler = createMcpHandler((context) => createServer(context, options));
  const place = { port: options.port, what: 'the demo MCP server', variable: 'DEMO_MCP_PORT' };
  const build = (url: string): RequestListener => {
    return (request, response) => {
      if (request.url?.split('?')[0] !== '/mcp') {
        response.writeHead(404).end();
        return;
      }
      handler
        .fetch(toRequest(request, url))
        .then((answer) => send(answer, response))
        // The caller went away, or the answer broke: there is nobody left to tell.
        .catch(() => response.destroy());
    };
  };
  const server = await listenOnLoopback(place, build);
  return {
    ...server,
    async close() {
      await handler.close();
      await server.close();
    },
  };
}
