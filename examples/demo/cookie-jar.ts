interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  readonly secure: boolean;
  /** Milliseconds since the epoch; `null`: until the browser closes. */
  readonly expiresAt: number | null;
}

function defaultPath(url: URL): string {
  const end = url.pathname.lastIndexOf('/');
  return end <= 0 ? '/' : url.pathname.slice(0, end);
}

/** RFC 6265 §5.1.4 */
function pathMatches(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

function isTrustworthy(url: URL): boolean {
  return url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

function expiry(attributes: ReadonlyMap<string, string>, now: number): number | null {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined) return now + Number(maxAge) * 1000;
  const expires = attributes.get('expires');
  return expires === undefined ? null : Date.parse(expires);
}

function parseCookie(line: string, { url, now }: { url: URL; now: number }): Cookie | null {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  if (equals < 1) return null;
  const attributes = new Map<string, string>();
  for (const part of rest) {
    const [key = '', value = ''] = part.split(/=(.*)/s);
    attributes.set(key.trim().toLowerCase(), value.trim());
  }
  const path = attributes.get('path');
  return {
    name: pair.slice(0, equals).trim(),
    value: pair.slice(equals + 1).trim(),
    host: url.hostname,
    path: path?.startsWith('/') === true ? path : defaultPath(url),
    secure: attributes.has('secure'),
    expiresAt: expiry(attributes, now),
  };
}

/** RFC 6265bis §4.1.3: what the prefixes promise, or the cookie is dropped. */
function keepsPromise(cookie: Cookie, line: string): boolean {
  if (cookie.name.startsWith('__Host-')) {
    return cookie.secure && cookie.path === '/' && !/;\s*domain=/i.test(line);
  }
  return cookie.secure || !cookie.name.startsWith('__Secure-');
}

/** The cookies of one browser. As in browsers, the port makes no difference (RFC 6265 §8.5); `Domain` is not supported. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Takes what an answer from `url` sets. */
  keep(url: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const cookie = parseCookie(line, { url, now: this.#now() });
      if (cookie === null || !keepsPromise(cookie, line) || (cookie.secure && !isTrustworthy(url))) continue;
      const key = `${cookie.host} ${cookie.path} ${cookie.name}`;
      if (cookie.expiresAt !== null && cookie.expiresAt <= this.#now()) this.#cookies.delete(key);
      else this.#cookies.set(key, cookie);
    }
  }

  /** The `Cookie` header for a request to `url`; empty when there is nothing to send. */
  header(url: URL): string {
    return [...this.#cookies.values()]
      .filter((cookie) => this.#goesTo(cookie, url))
      .sort((one, other) => other.path.length - one.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #goesTo(cookie: Cookie, url: URL): boolean {
    if (cookie.host !== url.hostname || !pathMatches(url.pathname, cookie.path)) return false;
    if (cookie.secure && !isTrustworthy(url)) return false;
    return cookie.expiresAt === null || cookie.expiresAt > this.#now();
  }
}
