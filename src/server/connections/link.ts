import { findMac, mac } from '../../crypto/hmac.ts';
import type { ReturnLink } from '../../ui/error.ts';
import type { ServerContext } from '../context.ts';

/** What a link to the connections page is about, and for whom it was made; both `null` for somebody who just came. */
export interface LinkTarget {
  readonly upstream: string | null;
  readonly hint: string | null;
}

/** Bytes of a hint. */
const hintLength = 24;

/**
 * A link that leads a user to connect one upstream. It carries no authority: whoever opens it has to sign in, and the hint
 * only makes the page refuse everybody else (MCP elicitation, phishing: the user who opens the link must be the one of the
 * MCP client). The hint is a tag, so that it tells nobody who the user is.
 */
export function connectionsLink(
  { rings, locations }: Pick<ServerContext, 'rings' | 'locations'>,
  { userId, upstream }: { readonly userId: string; readonly upstream: string },
): string {
  const [key] = rings.connectionsLink;
  if (!key) throw new TypeError('a link needs a key');
  const hint = mac(key, claim(userId, upstream)).subarray(0, hintLength).toString('base64url');
  return linkTo(locations.connections, { upstream, hint });
}

/** The page's address with what a link said. */
export function linkTo(page: string, { upstream, hint }: LinkTarget): string {
  const url = new URL(page);
  if (upstream !== null) url.searchParams.set('upstream', upstream);
  if (hint !== null) url.searchParams.set('for', hint);
  return url.href;
}

/** The way back from an error. */
export function backLink({ locations: { connections } }: Pick<ServerContext, 'locations'>): ReturnLink {
  return { href: connections, display: connections, label: 'Your connections' };
}

/** Whether a link may be used by this user. One without a hint is everybody's. */
export function isFor(
  { rings }: Pick<ServerContext, 'rings'>,
  { upstream, hint }: LinkTarget,
  userId: string,
): boolean {
  if (hint === null) return true;
  const tag = Buffer.from(hint, 'base64url');
  const whole = tag.length === hintLength && tag.toString('base64url') === hint;
  return whole && findMac(rings.connectionsLink, claim(userId, upstream ?? ''), tag) !== null;
}

/** A hint of any other form fits nobody, and is short enough to travel on. */
const longestHint = 64;

/** What a request for the page says. An upstream that nobody configured is none, but its hint still has to fit. */
export function readTarget({ config }: Pick<ServerContext, 'config'>, query: string): LinkTarget {
  const parameters = new URLSearchParams(query);
  const upstream = parameters.get('upstream');
  const known = config.upstreams.some(({ name }) => name === upstream);
  const hint = parameters.get('for');
  return { upstream: known ? upstream : null, hint: hint === null ? null : hint.slice(0, longestHint) };
}

function claim(userId: string, upstream: string): string {
  return JSON.stringify([userId, upstream]);
}
