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

/** Breaks a part of a provider and mends it. A server with its `fetch` waits no longer for that part than a test can. */
export class Sabotage {
  readonly fetch: GuardedFetch;
  readonly #provider: OidcProviderFixture;
  #broken: string | null = null;

  constructor(provider: OidcProviderFixture) {
    this.#provider = provider;
    const policy = { allowHttp: true, allowPrivate: false, allowLoopback: true };
    const patient = createGuardedFetch(policy);
    const impatient = createGuardedFetch({ ...policy, timeout: 250 });
    this.fetch = Object.assign(
      (...args: Parameters<GuardedFetch>) =>
        (this.#breaks(new URL(args[0]).pathname) ? impatient : patient)(...args),
      { close: () => patient.close() },
    );
  }

  /** Lets requests for a path and all below it fail. */
  break(path: string, fault: ProviderFault): void {
    this.#broken = path;
    this.#provider.intercept((request, response) => {
      if (!this.#breaks(request.url ?? '')) return false;
      fault.answer(request, response);
      return true;
    });
  }

  mend(): void {
    this.#broken = null;
    this.#provider.intercept(null);
  }

  #breaks(path: string): boolean {
    return this.#broken !== null && path.startsWith(this.#broken);
  }
}
