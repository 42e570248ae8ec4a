import type { Client } from '../../clients/client.ts';
import type { Config } from '../../config/config.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { page } from '../../http/headers.ts';
import { recogniseClient } from '../../known-clients/recognise.ts';
import { OAuthError } from '../../oauth/errors.ts';
import { redirectTarget } from '../../oauth/redirect-uri.ts';
import { withImplied } from '../../oauth/scope-hierarchy.ts';
import type { ConsentView } from '../../ui/consent.ts';
import { renderConsentPage } from '../../ui/consent.ts';
import { contentSecurityPolicy } from '../../ui/page.ts';
import { ensureBrowser } from '../browser-cookie.ts';
import { logoAddress } from '../client-logo.ts';
import type { ServerContext } from '../context.ts';
import { described } from '../described-scope.ts';
import type { Returning } from '../sealed-value.ts';
import type { AskedAgain, Transaction } from '../transaction.ts';
import { sealText } from '../transaction.ts';
import { mayRemember } from './remembered.ts';
import { offeredScopes } from './scope-choice.ts';
import { mayGoWithoutCookies } from './without-cookies.ts';

/** Asks the user (MCP security best practices, confused deputy): who asks, for what, and where the answer will go. */
export function showConsent(
  context: ServerContext,
  {
    request,
    transaction,
    client,
    known,
  }: {
    readonly request: HttpRequest;
    readonly transaction: Transaction;
    readonly client: Client;
    /** Who agreed in this browser last. */
    readonly known: Returning | null;
  },
): HttpResponse {
  const browser = ensureBrowser(context, request);
  const who = known && context.signIn.some(({ name }) => name === known.upstream) ? known : null;
  const expected = who && { userId: who.userId, upstream: who.upstream, consentId: null };
  const asked = { ...transaction, browser: browser.hash, ...(expected && { expected }) };
  const sealed = sealText(context, asked, 'consent');
  if (sealed === null) throw new OAuthError('invalid_request', 'the request is too large');
  return consentResponse(context, {
    transaction,
    client,
    form: { name: 'request', value: sealed },
    account: who,
    again: null,
    headers: browser.header,
  });
}

/** What differs between the two times that a user may be asked: before the sign-in, and after it. */
interface Shown {
  readonly transaction: Transaction;
  readonly client: Client;
  readonly form: ConsentView['form'];
  readonly account: { readonly name: string | null; readonly upstream: string } | null;
  readonly again: AskedAgain | null;
  readonly headers: HttpResponse['headers'];
}

/** The page. */
export function consentResponse(
  context: ServerContext,
  { transaction: { request }, client, form, account, again, headers }: Shown,
): HttpResponse {
  const { config, signIn, locations } = context;
  const logo = logoAddress(context, client);
  const html = renderConsentPage({
    brand: config.brand,
    action: locations.consent,
    form,
    client: {
      name: client.name,
      verified: client.source === 'static',
      id: client.id,
      host: client.host,
      known: knownAs(client, request.redirectUri),
      voucher: client.voucher === undefined ? null : hostOfIssuer(client.voucher),
      logo,
    },
    redirect: redirectTarget(request.redirectUri),
    resource: request.resource,
    scopes: offeredScopes(config, request).map((scope) =>
      Object.assign(described(config, scope.name), {
        field: scope.field,
        includes: withImplied([scope.name], config.scopeHierarchy)
          .slice(1)
          .map((name) => described(config, name)),
      }),
    ),
    upstreams: signIn.map(({ name, displayName, scopes }) => ({
      name,
      displayName,
      icon: iconOf(config, name),
      scopes,
    })),
    choose: config.signIn === 'choose',
    account: account && {
      name: account.name,
      upstream: signIn.find(({ name }) => name === account.upstream)?.displayName ?? account.upstream,
    },
    again,
    remember:
      again === null && mayRemember(config, client) && !mayGoWithoutCookies(config, client, request)
        ? config.consent.remember
        : null,
  });
  return page(200, html, {
    'content-security-policy': contentSecurityPolicy(config.brand, picturesOf(context, logo)),
    // `no-referrer` would make browsers send `Origin: null` with the form (Fetch §3.2), and the form must prove its origin.
    'referrer-policy': 'same-origin',
    ...headers,
  });
}

/** What our rows about clients say for sure. A mere likeness is no news to who reads the name. */
function knownAs(client: Client, redirectUri: string): NonNullable<ConsentView['client']['known']> | null {
  if (client.source === 'static') return null;
  const known = recogniseClient(client, redirectUri);
  if (!known || known.standing === 'claimed') return null;
  return { label: known.row.label, standing: known.standing };
}

/** As people know it: of an address the host, in punycode; of a name that is none, the name. */
function hostOfIssuer(issuer: string): string {
  return URL.parse(issuer)?.host || issuer;
}

function iconOf({ upstreams }: Config, name: string): string | null {
  return upstreams.find((one) => one.name === name)?.icon ?? null;
}

/** The app's, which is ours to serve, and icons: only pages that offer a choice show them. */
function picturesOf({ config, signIn }: ServerContext, logo: string | null): readonly string[] {
  const icons = signIn.flatMap(({ name }) => iconOf(config, name) ?? []);
  return logo === null ? icons : [...icons, logo];
}
