/**
 * The one HTTP vocabulary that every endpoint of ours speaks. Bridges (`node.ts`, `fetch.ts`) carry it to and from
 * real servers, so that no endpoint pays for `Request` and `Response` objects or knows a framework.
 */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** The path as it came, not decoded, without query. */
  readonly path: string;
  /** The query as it came, without `?`; empty when there is none. */
  readonly query: string;
  /** Names in lower case. A header that came more than once holds its values joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Address of the peer, when the bridge knows it. */
  readonly remoteAddress: string | undefined;
  /**
   * Reads the body as UTF-8 text, once.
   * @param limit bytes; a longer body throws {@link PayloadTooLarge} and is not read further.
   */
  text(limit: number): Promise<string>;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

export type Handler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** The body is larger than the endpoint takes (RFC 9110 §15.5.14). */
export class PayloadTooLarge extends Error {
  override readonly name = 'PayloadTooLarge';
  /** Bytes. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the body is larger than ${limit} bytes`);
    this.limit = limit;
  }
}

/** Largest body of our own endpoints, in bytes. */
export const maxBodyBytes = 65_536;
