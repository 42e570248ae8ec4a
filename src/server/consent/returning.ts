import { sha256 } from '../../crypto/hash.ts';
import { readCookie, sessionCookie } from '../../http/cookies.ts';
import type { HttpRequest } from '../../http/exchange.ts';
import type { ServerContext } from '../context.ts';
import type { Returning } from '../sealed-value.ts';
import { openFromBrowser, sealForBrowser } from '../sealed-value.ts';

/** Longest name of an account that a cookie carries, in characters. */
const longestName = 100;

/** As the browser's cookie is called, and for the same reasons; of its own purpose. */
function cookieName({ config, locations }: ServerContext): string {
  const name = `sallyport-returning-${sha256(config.issuer).slice(0, 8)}`;
  return locations.origin.startsWith('https:') ? `__Host-${name}` : name;
}

/**
 * Who agreed in this browser last. It is a hint and no session: it names an account on the page and says whose consents to
 * look up; who signs in decides, and is asked when it is somebody else.
 */
export function readReturning(context: ServerContext, request: HttpRequest): Returning | null {
  if (context.config.consent.remember === null) return null;
  return openFromBrowser(context, 'returning', readCookie(request.headers['cookie'], cookieName(context)));
}

/** The `set-cookie` header for who wants to be known here. */
export function returningCookie(
  context: ServerContext,
  who: Omit<Returning, 'expiresAt'>,
): Readonly<Record<string, string>> {
  const ttl = context.config.consent.remember ?? 0;
  const name = who.name === null ? null : who.name.slice(0, longestName);
  const value = sealForBrowser(context, 'returning', { ...who, name, expiresAt: context.clock() + ttl });
  return { 'set-cookie': `${cookie(context, value)}; Max-Age=${Math.ceil(ttl / 1000)}` };
}

/** The `set-cookie` header for who wants to be a stranger again. */
export function forgetReturning(context: ServerContext): string {
  return `${cookie(context, '')}; Max-Age=0`;
}

function cookie(context: ServerContext, value: string): string {
  return sessionCookie(cookieName(context), value, { secure: context.locations.origin.startsWith('https:') });
}
