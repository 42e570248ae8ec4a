import { isRefusedScheme } from './refused-schemes.ts';

/** Why a redirect URI is refused, in words for the client's maker. */
export type RedirectUriProblem = string;

/** How a redirect URI reaches its client: over the web, to an app on this computer, or to an app by its own scheme. */
export type RedirectUriClass = 'https' | 'loopback' | 'private-use';

const maxLength = 2048;

/** Scheme, authority and path of RFC 3986 §3, not decoded. */
interface Parts {
  readonly scheme: string;
  /** `null` for a URI without `//`. */
  readonly authority: string | null;
  readonly path: string;
}

/**
 * Checks the form of a redirect URI; `null` when it is fine. Whatever two parsers could read differently is refused, so that
 * the address that we compare is the address that the browser goes to.
 */
export function checkRedirectUri(uri: string): RedirectUriProblem | null {
  const problem = checkCharacters(uri);
  if (problem !== null) return problem;
  const parts = split(uri);
  if (!parts) return 'is not absolute';
  if (!URL.canParse(uri)) return 'is not a URI';
  return checkParts(parts) ?? checkClass(uri, parts);
}

/** The class of a URI that {@link checkRedirectUri} accepts. */
export function classOf(uri: string): RedirectUriClass {
  const { scheme } = split(uri) ?? {};
  if (scheme === 'https') return 'https';
  return scheme === 'http' ? 'loopback' : 'private-use';
}

/**
 * The redirect URI that a request may use: exactly a registered one (RFC 9700 §2.1), or a registered loopback address with
 * another port (RFC 8252 §7.3). Path and query are compared as they are written. Returns what was requested, so that the
 * code is bound to that very address; `null` when nothing matches.
 */
export function matchRedirectUri(requested: string, registered: readonly string[]): string | null {
  if (registered.includes(requested)) return requested;
  if (checkRedirectUri(requested) !== null || classOf(requested) !== 'loopback') return null;
  const wanted = withoutPort(requested);
  return registered.some((uri) => withoutPort(uri) === wanted) ? requested : null;
}

/** A loopback address without its port, which says nothing about the app (RFC 8252 §7.3); any other address as it is. */
export function portless(uri: string): string {
  return classOf(uri) === 'loopback' ? uri.replace(/^([a-z]+:\/\/(?:\[[^\]]*\]|[^[:/?]*)):\d*/iu, '$1') : uri;
}

/** False for a loopback address whose port is open. */
export function isWhole(uri: string): boolean {
  return classOf(uri) !== 'loopback' || portless(uri) !== uri;
}

/** How pages show where an answer will go: a host, or the scheme of an app. */
export function redirectTarget(uri: string): { readonly kind: RedirectUriClass; readonly display: string } {
  const kind = classOf(uri);
  if (kind === 'private-use') return { kind, display: `${split(uri)?.scheme ?? ''}:` };
  return { kind, display: new URL(uri).host };
}

function checkCharacters(uri: string): RedirectUriProblem | null {
  if (uri.length > maxLength) return `is longer than ${maxLength} characters`;
  if (/[^\x21-\x7e]/u.test(uri)) return 'holds spaces, control characters or characters outside ASCII';
  if (/[\\<>"{}|^`]/u.test(uri)) return 'holds characters that do not belong in a URI';
  if (uri.includes('#')) return 'has a fragment';
  if (/%(?![0-9a-f]{2})/iu.test(uri)) return 'has a malformed percent escape';
  return /%(?:[01][0-9a-f]|7f)/iu.test(uri) ? 'holds encoded control characters' : null;
}

function split(uri: string): Parts | null {
  const [whole, scheme = '', authority, path = ''] =
    /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)/iu.exec(uri) ?? [];
  return whole === undefined ? null : { scheme: scheme.toLowerCase(), authority: authority ?? null, path };
}

/** What must be plain in every class. */
function checkParts({ authority, path }: Parts): RedirectUriProblem | null {
  if (authority?.includes('@')) return 'holds a user name or password';
  if (authority?.includes('%')) return 'has an encoded host';
  const dots = path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/iu.test(segment));
  return dots ? 'has dot segments in its path' : null;
}

function checkClass(uri: string, { scheme, authority, path }: Parts): RedirectUriProblem | null {
  switch (scheme) {
    case 'https':
      return checkHost(uri, authority);
    case 'http':
      return isLoopback(authority) ? null : 'uses http, which is for loopback addresses only';
    default:
      if (isRefusedScheme(scheme)) return `uses the scheme ${scheme}, which is not an app's own`;
      return (authority ?? '') === '' && path === '' ? 'has nothing after its scheme' : null;
  }
}

/** A name or address as every parser writes it: no `0x7f.1`, no trailing dot, no characters that end a host for some. */
function checkHost(uri: string, authority: string | null): RedirectUriProblem | null {
  if ((authority ?? '') === '') return 'is not of the form https://host/path';
  const plain = authority?.toLowerCase().replace(/:443$/u, '') ?? '';
  const named = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d+)?$/u.test(plain);
  return named && new URL(uri).host === plain ? null : 'has a host in an unusual form';
}

/**
 * `localhost`, 127.0.0.0/8 or [::1], written plainly (RFC 8252 §8.3). Names below `localhost` are not loopback for every
 * resolver, and short or octal addresses are not the same address for every parser.
 */
function isLoopback(authority: string | null): boolean {
  const octet = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
  const form = new RegExp(String.raw`^(?:localhost|127(?:\.${octet}){3}|\[::1\])(?::\d{1,5})?$`, 'iu');
  return authority !== null && form.test(authority);
}

function withoutPort(uri: string): string {
  const [, host = '', rest = ''] = /^http:\/\/(\[[^\]]*\]|[^:/?]*)(?::\d*)?(.*)$/iu.exec(uri) ?? [];
  return `${host.toLowerCase()} ${rest}`;
}
