import { sha256 } from '../crypto/hash.ts';
import { randomToken } from '../crypto/random.ts';
import { readCookie, sessionCookie } from '../http/cookies.ts';
import type { HttpRequest } from '../http/exchange.ts';
import type { ServerContext } from './context.ts';

/** One per browser, not per tab: what ties consent and callback to the browser that started. */
export interface BrowserCookie {
  /** SHA-256 of the value: all that leaves this file. */
  readonly hash: string;
  /** `set-cookie` header for a browser that has none yet. */
  readonly header: Readonly<Record<string, string>>;
}

/** `__Host-` keeps other hosts and paths from planting one; plain-http loopback cannot have it (RFC 6265bis §4.1.3). */
function cookieName({ config, locations }: ServerContext): string {
  const name = `sallyport-${sha256(config.issuer).slice(0, 8)}`;
  return locations.origin.startsWith('https:') ? `__Host-${name}` : name;
}

/** The browser's cookie; `null` when it sent none that could be ours. */
export function readBrowser(context: ServerContext, request: HttpRequest): BrowserCookie | null {
  const value = readCookie(request.headers['cookie'], cookieName(context));
  return value !== undefined && /^[\w-]{43}$/u.test(value) ? { hash: sha256(value), header: {} } : null;
}

/** The browser's cookie, made when it has none. */
export function ensureBrowser(context: ServerContext, request: HttpRequest): BrowserCookie {
  const known = readBrowser(context, request);
  if (known) return known;
  const value = randomToken(32);
  const secure = context.locations.origin.startsWith('https:');
  return {
    hash: sha256(value),
    header: { 'set-cookie': sessionCookie(cookieName(context), value, { secure }) },
  };
}
