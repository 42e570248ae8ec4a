import { sha256 } from '../../crypto/hash.ts';
import { randomToken } from '../../crypto/random.ts';
import { readCookie, sessionCookie } from '../../http/cookies.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { sourceOf } from '../../http/source.ts';
import type { Milliseconds } from '../../types/time.ts';
import { readBrowser } from '../browser-cookie.ts';
import { forgetReturning } from '../consent/returning.ts';
import type { ServerContext } from '../context.ts';
import { openText, sealText } from './sealed-text.ts';

/** How long somebody stays signed in to the page. */
const sessionTtl: Milliseconds = 3_600_000;

/** Somebody who is signed in to the connections page, in one browser. */
export interface PageSession {
  readonly id: string;
  readonly expiresAt: Milliseconds;
  /** SHA-256 of the browser's cookie. */
  readonly browser: string;
  readonly userId: string;
  /** With which account of which upstream. */
  readonly upstream: string;
  readonly account: string;
  /** What the person knows the account by. */
  readonly name: string | null;
}

type Header = HttpResponse['headers'];

function isSecure({ locations }: ServerContext): boolean {
  return locations.origin.startsWith('https:');
}

/** As the browser's cookie is called, and for the same reasons; of its own purpose. */
function cookieName(context: ServerContext): string {
  const name = `sallyport-connections-${sha256(context.config.issuer).slice(0, 8)}`;
  return isSecure(context) ? `__Host-${name}` : name;
}

/** Signs somebody in: the cookie is the session, sealed. */
export function startSession(context: ServerContext, who: Omit<PageSession, 'id' | 'expiresAt'>): Header {
  const session: PageSession = { ...who, id: randomToken(16), expiresAt: context.clock() + sessionTtl };
  const value = sealText(context, 'session', session);
  return { 'set-cookie': sessionCookie(cookieName(context), value, { secure: isSecure(context) }) };
}

/** Who is signed in here; `null` for nobody, for a session that was ended, and for one of another browser. */
export async function loadSession(context: ServerContext, request: HttpRequest): Promise<PageSession | null> {
  const browser = readBrowser(context, request);
  const value = readCookie(request.headers['cookie'], cookieName(context));
  const session = openText(context, 'session', value);
  if (!browser || !session || session.browser !== browser.hash) return null;
  // Signing out leaves a mark under the session's id; where there is none, nothing is written.
  const mark = await context.store.takePending({ transaction: session.id, leg: 0, attempt: randomToken(12) });
  return mark.r === 'missing' ? session : null;
}

/** Signs out, wherever the cookie may have been copied to. */
export async function endSession(
  context: ServerContext,
  request: HttpRequest,
  session: PageSession,
): Promise<Header> {
  const { remoteAddress } = request;
  const ttl = Math.max(1, session.expiresAt - context.clock());
  await context.store.denyPending({ transaction: session.id, ttl, source: sourceOf(remoteAddress) });
  const gone = sessionCookie(cookieName(context), '', { secure: isSecure(context) });
  // Who signs out here is to be a stranger to this browser.
  return { 'set-cookie': [`${gone}; Max-Age=0`, forgetReturning(context)] };
}
