import type { HttpResponse } from '../../http/exchange.ts';
import { page } from '../../http/headers.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import { renderAlreadySignedInPage } from '../../ui/signed-in.ts';
import type { ServerContext } from '../context.ts';
import { correlationOf } from '../transaction.ts';

/** A reload after the end: the app has its code, and never gets a second one. */
export function signedInPage(
  { config: { brand } }: ServerContext,
  transaction: { readonly id: string },
): HttpResponse {
  const correlationId = correlationOf(transaction);
  const html = renderAlreadySignedInPage({ brand, correlationId });
  return page(200, html, { 'content-security-policy': contentSecurityPolicy(brand) });
}
