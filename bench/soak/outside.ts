/** Everything around the gateway, in a process of its own: a certified provider that fails at random, and an MCP server. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOidcProvider } from '../../test/fixtures/oidc-provider.ts';
import type { OidcProviderFixture } from '../../test/fixtures/oidc-provider.ts';
import { answerParent } from '../process/remote.ts';

/** How the provider misbehaves. */
interface Misbehaviour {
  /** Share of the gateway's requests that go wrong, between 0 and 1. */
  readonly share: number;
  /** Seconds between two outages of {@link outageSeconds}; 0 for none. */
  readonly outageEvery: number;
}

interface OpenOptions extends Misbehaviour {
  readonly callback: string;
  readonly clientSecret: string;
}

const outageSeconds = 5;

/** Longer than the gateway waits. */
const hangMs = 20_000;

const kinds = ['500', '502', '503', 'reset', 'hang', 'lost'] as const;
type Fault = (typeof kinds)[number];

const counts: Record<string, number> = {};
let provider: OidcProviderFixture | undefined;

/** What the gateway asks for behind the user's back. Browsers have their own luck. */
const backChannel = /^\/(?:token|me|jwks|\.well-known\/)/u;

function misbehave({
  share,
  outageEvery,
}: Misbehaviour): (request: IncomingMessage, response: ServerResponse) => boolean {
  const began = Date.now();
  return (request, response) => {
    if (!backChannel.test(request.url ?? '')) return false;
    const second = (Date.now() - began) / 1000;
    const outage = outageEvery > 0 && second > outageEvery && second % outageEvery < outageSeconds;
    if (!outage && Math.random() >= share) return false;
    const fault = outage ? '503' : (kinds[Math.floor(Math.random() * kinds.length)] ?? '500');
    counts[fault] = (counts[fault] ?? 0) + 1;
    return fail(fault, request, response);
  };
}

/** True when the request has got its answer, or none. */
function fail(fault: Fault, request: IncomingMessage, response: ServerResponse): boolean {
  switch (fault) {
    case 'reset':
      request.socket.destroy();
      return true;
    case 'hang':
      void sleep(hangMs, undefined, { ref: false }).then(() => request.socket.destroy());
      return true;
    case 'lost':
      // The provider does its work, and nobody hears of it.
      response.end = () => {
        request.socket.destroy();
        return response;
      };
      return false;
    case '500':
    case '502':
    case '503':
      request.resume();
      response.writeHead(Number(fault), { 'content-type': 'text/html' }).end('<h1>Out of order</h1>');
      return true;
  }
}

/** The provider's access tokens are opaque; a JWT here would be the gateway's own, which must never come through. */
function countCredential({ headers }: IncomingMessage): void {
  const { authorization = '' } = headers;
  const found = !authorization.startsWith('Bearer ')
    ? 'none'
    : authorization.includes('.')
      ? 'leaked'
      : 'injected';
  counts[`credential ${found}`] = (counts[`credential ${found}`] ?? 0) + 1;
}

async function answerMcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  countCredential(request);
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let event = 0; event < 5 && !response.destroyed; event += 1) {
      response.write(`data: {"jsonrpc":"2.0","method":"notifications/message","params":{"n":${event}}}\n\n`);
      await sleep(200);
    }
    response.end();
    return;
  }
  let size = 0;
  for await (const chunk of request) size += Buffer.byteLength(chunk as Buffer);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { size } });
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

async function open(options: OpenOptions): Promise<{ issuer: string; mcp: string }> {
  const client = {
    client_id: 'sallyport',
    client_secret: options.clientSecret,
    redirect_uris: [options.callback],
    grant_types: ['authorization_code', 'refresh_token'],
  };
  // Short, so that the gateway refreshes all the time.
  provider = await startOidcProvider({ clients: [client], ttl: { accessToken: 90 } });
  provider.intercept(misbehave(options));
  const mcp = createServer((request, response) => {
    answerMcp(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => mcp.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an address.
  const { port } = mcp.address() as AddressInfo;
  return { issuer: provider.issuer, mcp: `http://127.0.0.1:${port}/mcp` };
}

answerParent({
  start: () => null,
  open,
  signIn: ({ url, account }: { url: string; account: string }) => {
    if (!provider) throw new Error('not open');
    return provider.signIn(url, account);
  },
  counts: () => counts,
});
