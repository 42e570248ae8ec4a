import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import { isolated, pictureSource, renderPage } from './page.ts';
import { displayText } from './text.ts';

/** What the consent page tells; strings may come from strangers. */
export interface ConsentView {
  readonly brand: BrandConfig;
  /** Where the form is posted to. */
  readonly action: string;
  /** The sealed authorization request: hidden field `request`. */
  readonly request: string;
  readonly client: {
    /** As the client calls itself. */
    readonly name: string | null;
    /** True for a client that the operator configured. */
    readonly verified: boolean;
    readonly id: string;
    /** The host that speaks for it, in punycode; absent: none does. */
    readonly host?: string | null;
    /** Path of a picture that our own origin serves. */
    readonly logo?: string | null;
  };
  readonly redirect: { readonly kind: 'https' | 'loopback' | 'private-use'; readonly display: string };
  readonly resource: string;
  readonly scopes: readonly ScopeView[];
  /** Where the person signs in: at one of them, or at each in turn. */
  readonly upstreams: readonly UpstreamView[];
  readonly choose: boolean;
}

/** One upstream and what is asked of it. */
export interface UpstreamView {
  readonly name: string;
  readonly displayName: string;
  /** `https:` or `data:image/…` URL of the operator. */
  readonly icon: string | null;
  readonly scopes: readonly string[];
}

/** One scope and what the operator says about it. */
export interface ScopeView {
  readonly name: string;
  readonly description: string | null;
}

/** For scopes that the operator did not describe (OpenID Connect Core §5.4, §11). */
const standardScopes: ReadonlyMap<string, string> = new Map([
  ['openid', 'Know which account you use'],
  ['profile', 'See your name'],
  ['email', 'See your e-mail address'],
  ['offline_access', 'Stay connected until you or your administrator end it'],
]);

/** A whole host name with its port (RFC 1035 §2.3.4): cutting it would hide the end, which says whose it is. */
const hostLimit = 260;

/** Quotation marks of every style: one inside a name would end it before its end, and the rest would be our words. */
const quotes = /["\u00AB\u00BB\u201C-\u201F\u2E42\u300C-\u300F\u301D-\u301F\uFF02]/gu;

function clientName(client: ConsentView['client']): SafeHtml {
  const name = displayText(client.name ?? '', 60).replaceAll(quotes, "'");
  // In quotes: a name may read like a sentence of ours.
  return name === '' ? html`an app without a name` : html`“<bdi>${name}</bdi>”`;
}

function badge(client: ConsentView['client']): SafeHtml {
  return client.verified
    ? html`<span class="badge">known app</span>`
    : html`<span class="badge caution">unverified</span>`;
}

function appPicture({ logo }: ConsentView['client']): SafeHtml | null {
  return (logo ?? null) === null ? null : html`<img src="${logo}" alt="" width="48" height="48" />`;
}

function introduction({ brand, client }: ConsentView): SafeHtml {
  const explanation = client.verified
    ? html`This app was set up by whoever runs ${isolated(brand.name, 60)}.`
    : (client.host ?? null) === null
      ? html`The app chose its name itself. Nobody has checked it.`
      : html`The website <strong>${isolated(client.host ?? '', hostLimit)}</strong> speaks for this app, and
          chose its name and picture. Nobody has checked them.`;
  return html`<p class="lead">${badge(client)} ${explanation}</p>`;
}

function destination({ redirect }: ConsentView): SafeHtml {
  const shown = isolated(redirect.display, hostLimit);
  if (redirect.kind === 'https') return shown;
  if (redirect.kind === 'private-use')
    return html`The app registered for <code>${shown}</code> on this device`;
  return html`An app on this computer
    <p><code>${shown}</code></p>`;
}

/** What somebody must know to refuse a request that they did not start (RFC 8252 §8.4, §8.6; RFC 9700 §4.1). */
function caution({ redirect, client }: ConsentView): SafeHtml | null {
  const warnings: Record<typeof redirect.kind, SafeHtml | null> = {
    https: client.verified
      ? null
      : html`Access goes to <strong>${isolated(redirect.display, hostLimit)}</strong>. Allow it only if you
          know this site and have just started this there.`,
    loopback: html`Any program on this computer can ask like this. Allow it only if you have just started this
    yourself.`,
    'private-use': html`Any app on this device can claim that address. Allow it only if you have just started
    this yourself.`,
  };
  const warning = warnings[redirect.kind];
  return warning === null ? null : html`<p class="note">${warning}</p>`;
}

function scopeItem({ name, description }: ScopeView): SafeHtml {
  const meaning = displayText(description ?? standardScopes.get(name) ?? '', 200);
  if (meaning === '') return html`<li>${isolated(name)}</li>`;
  return html`<li><bdi>${meaning}</bdi> <code>${isolated(name)}</code></li>`;
}

function scopesRow({ scopes }: ConsentView): SafeHtml | null {
  if (scopes.length === 0) return null;
  return html`<div>
    <dt>It may</dt>
    <dd>
      <ul>
        ${scopes.map(scopeItem)}
      </ul>
    </dd>
  </div>`;
}

/** One is named; of several the person chooses one below, or meets each in turn. */
function upstreamRow(view: ConsentView): SafeHtml {
  const { brand, upstreams, choose } = view;
  const several = upstreams.length > 1;
  const title = several
    ? choose
      ? 'You sign in with one of'
      : 'You sign in with each of'
    : 'You sign in with';
  return html`<div>
    <dt>${title}</dt>
    <dd>
      ${upstreams.map((upstream, index) => upstreamItem(brand, upstream, { next: index === 0 && !(several && choose) }))}
    </dd>
  </div>`;
}

function upstreamItem(
  brand: BrandConfig,
  upstream: UpstreamView,
  { next }: { readonly next: boolean },
): SafeHtml {
  const names = upstream.scopes.map(
    (scope, index) => html`${index === 0 ? '' : ', '}<code>${isolated(scope)}</code>`,
  );
  const where = next ? html`You will be taken there next. ` : '';
  const asked = upstream.scopes.length === 0 ? '' : html`${isolated(brand.name, 60)} asks it for ${names}.`;
  return html`${isolated(upstream.displayName, 60)}
    <p>${where}${asked}</p>`;
}

/**
 * Allow lies under a pane that goes away a second after the pointer came to the page: the second click of a double click
 * that began elsewhere, on a page that was replaced by ours or on a window that lay over it, meets the pane. A page that was
 * loaded long before knows no pointer while it is covered. Without a pointer that hovers, the second counts from the page's
 * appearance. Keys, and whatever presses a button by its name, are not held up.
 */
function form(view: ConsentView): SafeHtml {
  const { action, request, upstreams, choose } = view;
  return html`<form method="post" action="${action}">
    <input type="hidden" name="request" value="${request}" />
    ${choose && upstreams.length > 1 ? choices(upstreams) : decision()}
  </form>`;
}

function decision(): SafeHtml {
  return html`<div class="actions">
    <button class="button" name="decision" value="deny">Cancel</button>
    <div class="allow"><button class="button primary" name="decision" value="allow">Allow</button></div>
  </div>`;
}

/** Each button allows and says where to sign in; which of them was pressed comes with the form and in no other way. */
function choices(upstreams: readonly UpstreamView[]): SafeHtml {
  return html`<p class="choose" id="choose">Allow, and sign in with</p>
    <div class="allow upstreams" role="group" aria-labelledby="choose">${upstreams.map(choice)}</div>
    <div class="actions single">
      <button class="button quiet" name="decision" value="deny">Cancel</button>
    </div>`;
}

function choice({ name, displayName, icon }: UpstreamView): SafeHtml {
  const picture =
    pictureSource(icon) === null ? null : html`<img src="${icon}" alt="" width="20" height="20" />`;
  return html`<button class="button" name="upstream" value="${name}">
    ${picture}${isolated(displayName, 60)}
  </button>`;
}

/**
 * Asks a person whether an app may act for them. Everything that the MCP security practices want said is on it: the
 * client, where the code goes, the resource, the scopes, the upstream and what is asked of it.
 */
export function renderConsentPage(view: ConsentView): string {
  const body = html`${appPicture(view.client)}
    <h1>Allow ${clientName(view.client)} to connect?</h1>
    ${introduction(view)}
    <dl>
      <div>
        <dt>Access goes to</dt>
        <dd>${destination(view)}</dd>
      </div>
      <div>
        <dt>To use, as you</dt>
        <dd>${isolated(view.resource, 300)}</dd>
      </div>
      ${scopesRow(view)} ${upstreamRow(view)}
    </dl>
    ${caution(view)} ${form(view)}
    <details>
      <summary>Technical details</summary>
      <p>Client id: <code>${isolated(view.client.id, 1100)}</code></p>
    </details>`;
  return renderPage({ brand: view.brand, title: 'Allow access?', body });
}
