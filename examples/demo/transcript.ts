/** What looks like a token, code, state or sealed request in an address or a header. */
const secretParameters = new Set(['code', 'state', 'nonce', 'code_challenge', 'request', 'client_id']);

/** Both ends of a secret: the start tells its kind, the end tells two apart. */
export function shorten(secret: string): string {
  return secret.length <= 16 ? secret : `${secret.slice(0, 8)}…${secret.slice(-4)}`;
}

/** An address with the values that matter to nobody cut to a few characters, decoded for reading. */
export function readableUrl(url: URL): string {
  const parameters = [...url.searchParams].map(
    ([name, value]) => `${name}=${secretParameters.has(name) ? shorten(value) : value}`,
  );
  return `${url.origin}${url.pathname}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}

/** Prints what happens, step by step. */
export class Transcript {
  readonly #write: (line: string) => void;
  #steps = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** A new numbered step, in words. */
  step(title: string): void {
    this.#steps += 1;
    this.#write(`\n${String(this.#steps).padStart(2)}. ${title}`);
  }

  /** Something that belongs to the current step. */
  line(text: string): void {
    this.#write(`    ${text}`);
  }

  /** An exchange with a server. */
  exchange(method: string, ...[url, status]: [URL, number]): void {
    this.line(`${method} ${readableUrl(url)} → ${status}`);
  }
}
