import type { Client } from '../clients/client.ts';
import type { Logo } from '../clients/cimd/logos.ts';
import { findMac, mac } from '../crypto/hmac.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { refusal } from '../http/headers.ts';
import { parseParameters } from '../oauth/parameters.ts';
import type { ScopedHandler } from './answer.ts';
import { answerPage } from './answer.ts';
import type { ServerContext } from './context.ts';

/** Seconds that a browser may keep a logo. */
const maxAge = 86_400;
const missAge = 60;

/** One transparent pixel, in place of a logo that there is not: browsers would show a broken picture. */
const nothing: Logo = {
  type: 'image/gif',
  bytes: Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
};

/** Bytes. */
const tagLength = 32;

/**
 * Where our own origin serves the logo of a client; `null` when it has none. The address carries the logo's own and our
 * word for it, so that every replica can serve it and nobody can make us fetch anything else.
 */
export function logoAddress(
  { config, rings, locations }: Pick<ServerContext, 'config' | 'rings' | 'locations'>,
  { logoUri }: Client,
): string | null {
  const [key] = rings.clientLogos;
  if (logoUri === undefined || !config.cimd.logos || !key) return null;
  const tag = mac(key, logoUri).toString('base64url');
  return `${new URL(locations.clientLogo).pathname}?${new URLSearchParams({ uri: logoUri, tag }).toString()}`;
}

/** `GET /oauth/client-logo`: a picture that we fetched, looked at, and found to be one. */
export function clientLogo(context: ServerContext): ScopedHandler {
  return answerPage(context, async (request) => {
    const parameters = parseParameters(request.query);
    const [uri, tag] = [parameters.get('uri') ?? '', parameters.get('tag') ?? ''];
    const shown = context.config.cimd.logos && isOurs(context, { uri, tag });
    if (!shown) return refusal(404, { error: 'not_found' });
    const logo = await context.clientDocuments.logos.load(uri);
    return logo ? picture(logo, maxAge) : picture(nothing, missAge);
  });
}

/** A whole tag only. */
function isOurs(
  { rings }: ServerContext,
  { uri, tag }: { readonly uri: string; readonly tag: string },
): boolean {
  const bytes = Buffer.from(tag, 'base64url');
  return bytes.length === tagLength && findMac(rings.clientLogos, uri, bytes) !== null;
}

/** Nothing of it can run or load anything, and no other site can show it as its own. */
function picture({ type, bytes }: Logo, seconds: number): HttpResponse {
  return {
    status: 200,
    headers: {
      'content-type': type,
      'cache-control': `public, max-age=${seconds}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    },
    body: bytes,
  };
}
