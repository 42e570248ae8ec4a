import type { Client } from '../../clients/client.ts';
import type { Config } from '../../config/config.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { page } from '../../http/headers.ts';
import { OAuthError } from '../../oauth/errors.ts';
import { redirectTarget } from '../../oauth/redirect-uri.ts';
import { renderConsentPage } from '../../ui/consent.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import { ensureBrowser } from '../browser-cookie.ts';
import { logoAddress } from '../client-logo.ts';
import type { ServerContext } from '../context.ts';
import type { Transaction } from '../transaction.ts';
import { sealText } from '../transaction.ts';

/** Asks the user (MCP security best practices, confused deputy): who asks, for what, and where the answer will go. */
export function showConsent(
  context: ServerContext,
  { request, transaction, client }: { request: HttpRequest; transaction: Transaction; client: Client },
): HttpResponse {
  const { config, signIn, locations } = context;
  const browser = ensureBrowser(context, request);
  const sealed = sealText(context, { ...transaction, browser: browser.hash }, 'consent');
  if (sealed === null) throw new OAuthError('invalid_request', 'the request is too large');
  const login = transaction.request;
  const logo = logoAddress(context, client);
  const html = renderConsentPage({
    brand: config.brand,
    action: locations.consent,
    request: sealed,
    client: {
      name: client.name,
      verified: client.source === 'static',
      id: client.id,
      host: client.host,
      logo,
    },
    redirect: redirectTarget(login.redirectUri),
    resource: login.resource,
    scopes: login.scopes.map((name) => ({ name, description: config.scopeDescriptions[name] ?? null })),
    upstreams: signIn.map(({ name, displayName, scopes }) => ({
      name,
      displayName,
      icon: iconOf(config, name),
      scopes,
    })),
    choose: config.signIn === 'choose',
  });
  return page(200, html, {
    'content-security-policy': contentSecurityPolicy(config.brand, picturesOf(context, logo)),
    // `no-referrer` would make browsers send `Origin: null` with the form (Fetch §3.2), and the form must prove its origin.
    'referrer-policy': 'same-origin',
    ...browser.header,
  });
}

function iconOf({ upstreams }: Config, name: string): string | null {
  return upstreams.find((one) => one.name === name)?.icon ?? null;
}

/** The app's, which is ours to serve, and icons: only pages that offer a choice show them. */
function picturesOf({ config, signIn }: ServerContext, logo: string | null): readonly string[] {
  const icons = signIn.flatMap(({ name }) => iconOf(config, name) ?? []);
  return logo === null ? icons : [...icons, logo];
}
