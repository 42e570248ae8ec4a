import type { Client } from '../clients/client.ts';
import { findMac, mac } from '../crypto/hmac.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { refusal } from '../http/headers.ts';
import { parseParameters } from '../oauth/parameters.ts';
import type { ScopedHandler } from './answer.ts';
import { answerPage } from './answer.ts';
import type { ServerContext } from './context.ts';

/** Seconds that a browser may keep a logo. */
const maxAge = 86_400;

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
    const logo = shown ? await context.clientDocuments.logos.load(uri) : null;
    return logo ? picture(logo.type, logo.bytes) : refusal(404, { error: 'not_found' });
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
function picture(type: string, bytes: Uint8Array): HttpResponse {
  return {
    status: 200,
    headers: {
      'content-type': type,
      'cache-control': `public, max-age=${maxAge}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    },
    body: bytes,
  };
}
