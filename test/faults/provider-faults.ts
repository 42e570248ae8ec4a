import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { GuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { OidcProviderFixture } from '../fixtures/oidc-provider.ts';

/** A way for a provider to fail. `passing`: trying again later is all that can be done; else the answer is nonsense. */
export interface ProviderFault {
  readonly fault: string;
  readonly passing: boolean;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
}

const json = { 'content-type': 'application/json' };

export const providerFaults: readonly ProviderFault[] = [
  {
    fault: 'status 500',
    passing: true,
    answer: (_request, response) => response.writeHead(500, json).end('{"error":"server_error"}'),
  },
  {
    fault: 'status 503 from a proxy before it',
    passing: true,
    answer: (_request, response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>sorry'),
  },
  { fault: 'a reset connection', passing: true, answer: (request) => request.socket.resetAndDestroy() },
  { fault: 'silence', passing: true, answer: (request) => void request.resume() },
  {
    fault: 'headers without an end',
    passing: true,
    answer: ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n');
      const timer = setInterval(() => socket.write('x-slow: 1\r\n'), 20);
      socket.once('close', () => clearInterval(timer));
    },
  },
  {
    fault: 'a body that breaks off',
    passing: true,
    answer: (request, response) => {
      response.writeHead(200, { ...json, 'content-length': '5000' });
      response.write('{"access_token":"', () => request.socket.destroy());
    },
  },
  {
    fault: 'truncated JSON',
    passing: false,
    answer: (_request, response) => response.writeHead(200, json).end('{"access_token":"abc'),
  },
  {
    fault: 'a page instead of JSON',
    passing: false,
    answer: (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'),
  },
];

/** Lets requests for a path and all below it fail, until it is told otherwise. */
export function breakPath(provider: OidcProviderFixture, path: string, fault: ProviderFault): void {
  provider.intercept((request, response) => {
    if (request.url?.startsWith(path) !== true) return false;
    fault.answer(request, response);
    return true;
  });
}

/** The guarded fetch of a server that loses its patience while a test can still wait. */
export function impatientFetch(): GuardedFetch {
  return createGuardedFetch({ allowHttp: true, allowPrivate: false, allowLoopback: true, timeout: 250 });
}
