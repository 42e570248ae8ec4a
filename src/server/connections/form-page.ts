import type { HttpResponse } from '../../http/exchange.ts';
import { page } from '../../http/headers.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import type { ServerContext } from '../context.ts';

/** A page of ours with forms on it. */
export function formPage(
  { config: { brand, upstreams } }: ServerContext,
  html: string,
  {
    status = 200,
    headers = {},
  }: { readonly status?: number; readonly headers?: HttpResponse['headers'] } = {},
): HttpResponse {
  return page(status, html, {
    'content-security-policy': contentSecurityPolicy(
      brand,
      upstreams.flatMap(({ icon }) => icon ?? []),
    ),
    // `no-referrer` would make browsers send `Origin: null` with the form (Fetch §3.2), and the form must prove its origin.
    'referrer-policy': 'same-origin',
    ...headers,
  });
}
