/** Hosts that publish documents: one real TLS server for every name, with a private authority and a name server of our own. */
import { createServer } from 'node:https';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { FetchPolicy } from '../../src/net/policy.ts';
import type { DocumentFetch } from '../../src/server/client-documents.ts';
import { authority, host } from './certificates.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

type Answer = (response: ServerResponse, asked: Asked) => void | Promise<void>;

export class Publisher {
  readonly asked: Asked[] = [];
  readonly lookups: string[] = [];
  readonly port: number;
  /** What names lead to; everything else to this server. */
  readonly names: Map<string, string> = new Map();
  readonly #answers: Map<string, Answer> = new Map();
  readonly #close: () => Promise<void>;

  private constructor(
    port: number,
    close: () => Promise<void>,
    answers: Map<string, Answer>,
    asked: Asked[],
  ) {
    this.port = port;
    this.#close = close;
    this.#answers = answers;
    this.asked = asked;
  }

  static async start(): Promise<Publisher> {
    const answers = new Map<string, Answer>();
    const all: Asked[] = [];
    const server = createServer({ cert: host.cert, key: host.key }, (request, response) => {
      const { url = '', headers } = request;
      const asked = { host: headers.host ?? '', path: url, headers };
      all.push(asked);
      const answer = answers.get(`${asked.host}${url}`) ?? answers.get(url);
      if (answer) void answer(response, asked);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = server.address() as AddressInfo;
    const close = (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return new Publisher(port, close, answers, all);
  }

  /** The address of a path at a name; `app.example.com` unless it is said otherwise. */
  at(path: string, name = 'app.example.com'): string {
    return `https://${name}:${this.port}${path}`;
  }

  /** Answers a path, at every name or at one (`name:port/path`). */
  on(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  /** Publishes a document, complete but for what the test says, and returns its address. */
  publish(
    path: string,
    members: Json = {},
    { name = 'app.example.com', headers = {} }: { name?: string; headers?: Record<string, string> } = {},
  ): string {
    const id = this.at(path, name);
    this.on(new URL(id).host + path, (response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(documentOf(id, members)));
    });
    return id;
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.asked.filter((one) => one.path === path).length;
  }

  /** Keeps to the policy of the server but for the address: that of this publisher, and only where the test wants that. */
  fetch(change: Partial<FetchPolicy> = { allowPrivate: true }): DocumentFetch {
    return (policy) =>
      createGuardedFetch({
        ...policy,
        ...change,
        transport: { ca: authority, clientCertificate: null, proxy: null },
        lookup: async (name) => {
          this.lookups.push(name);
          return [{ address: this.names.get(name) ?? '127.0.0.1', family: 4 }];
        },
      });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** The least that a good document has, and what a test adds; `undefined` takes a member away. */
export function documentOf(id: string, members: Json = {}): Json {
  return {
    client_id: id,
    client_name: 'Published app',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...members,
  };
}
