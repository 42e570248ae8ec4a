import type { HttpRequest } from '../../http/exchange.ts';
import type { ServerContext } from '../context.ts';

/**
 * Whether nobody but the person, or we, sent this browser here. A client's id is no secret, so another server can send its
 * user to us in its name, and would get the code from the client (GHSA-6x8h-498w-gv8c). Browsers tell where a navigation
 * comes from, and no page can forge it (Fetch Metadata §2): only one of a person (a program that opens the browser is none)
 * or of ours counts, in a window of its own. A browser that does not tell counts as another site.
 */
export function isStartedHere(
  { locations }: Pick<ServerContext, 'locations'>,
  { method, headers }: HttpRequest,
): boolean {
  const site = headers['sec-fetch-site'];
  const opened = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  // What is fetched ahead was asked for by nobody, and HEAD is for looking (RFC 9110 §9.2.1).
  const ahead = headers['sec-purpose'] !== undefined || headers['purpose'] !== undefined || method !== 'GET';
  if (ahead || !opened || (site !== 'none' && site !== 'same-origin')) return false;
  const { referer } = headers;
  return referer === undefined || URL.parse(referer)?.origin === locations.origin;
}
