import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import { isolated, pictureSource, renderPage } from './page.ts';
import type { Milliseconds } from '../types/time.ts';
import { scopeWords } from './scope-words.ts';
import { displayText } from './text.ts';

/** What the consent page tells; strings may come from strangers. */
export interface ConsentView {
  readonly brand: BrandConfig;
  /** Where the form is posted to. */
  readonly action: string;
  /** The hidden field that says what is decided, and its sealed value. */
  readonly form: { readonly name: 'request' | 'second'; readonly value: string };
  readonly client: {
    /** As the client calls itself. */
    readonly name: string | null;
    /** True for a client that the operator configured. */
    readonly verified: boolean;
    readonly id: string;
    /** The host that speaks for it, in punycode; absent: none does. */
    readonly host?: string | null;
    /** What is known of it by where its codes go, or by its document; absent: nothing. */
    readonly known?: { readonly label: string; readonly standing: 'verified' | 'contradicted' } | null;
    /** Who signed what it says of itself, and is believed by whoever runs the server; absent: nobody did. */
    readonly voucher?: string | null;
    /** Path of a picture that our own origin serves. */
    readonly logo?: string | null;
  };
  readonly redirect: { readonly kind: 'https' | 'loopback' | 'private-use'; readonly display: string };
  readonly resource: string;
  readonly scopes: readonly ScopeView[];
  /** Where the person signs in: at one of them, or at each in turn. */
  readonly upstreams: readonly UpstreamView[];
  readonly choose: boolean;
  /** Who is known to use this browser; asked again: who has signed in. */
  readonly account: { readonly name: string | null; readonly upstream: string } | null;
  /** Why the person is asked after the sign-in; `null`: before it. */
  readonly again: 'other_user' | 'without_cookie' | 'forgotten' | null;
  /** How long the answer can be remembered; `null`: it cannot. */
  readonly remember: Milliseconds | null;
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
  /** Its checkbox; `null`: it cannot be left out. */
  readonly field: string | null;
  /** What else whoever has it may do; absent: nothing. */
  readonly includes?: readonly Pick<ScopeView, 'name' | 'description'>[];
}

/** A whole host name with its port (RFC 1035 §2.3.4): cutting it would hide the end, which says whose it is. */
const hostLimit = 260;

/** Quotation marks of every style: one inside a name would end it before its end, and the rest would be our words. */
const quotes = /["\u00AB\u00BB\u201C-\u201F\u2E42\u300C-\u300F\u301D-\u301F\uFF02]/gu;

function clientName(client: ConsentView['client']): SafeHtml {
  const name = displayText(client.name ?? '', 60).replaceAll(quotes, "'");
  // In quotes: a name may read like a sentence of ours.
  return name === '' ? html`an app without a name` : html`“<bdi>${name}</bdi>”`;
}

/**
 * Told by its own vendor's document, and answered at its vendor's address: what our rows know for sure. A document alone says
 * nothing about the program on a computer that uses its id.
 */
function isKnown({ client: { verified, host, known }, redirect }: ConsentView): boolean {
  return verified || ((host ?? null) !== null && known?.standing === 'verified' && redirect.kind === 'https');
}

function badge(view: ConsentView): SafeHtml {
  if (isKnown(view)) return html`<span class="badge">known app</span>`;
  // A statement is no secret: on a computer, any program can use what it says of another.
  return (view.client.voucher ?? null) !== null && view.redirect.kind === 'https'
    ? html`<span class="badge">vouched for</span>`
    : html`<span class="badge caution">unverified</span>`;
}

function appPicture({ logo }: ConsentView['client']): SafeHtml | null {
  return (logo ?? null) === null ? null : html`<img class="app" src="${logo}" alt="" />`;
}

function introduction(view: ConsentView): SafeHtml {
  return html`<p class="lead">${badge(view)} ${origin(view)}</p>`;
}

/** Who says what the app is called. */
function origin({ brand, client: { verified, host, known, voucher } }: ConsentView): SafeHtml {
  if (verified) return html`This app was set up by whoever runs ${isolated(brand.name, 60)}.`;
  const vouched = (voucher ?? null) !== null;
  const word = vouched
    ? html`<strong>${isolated(voucher ?? '', hostLimit)}</strong> vouches for it, and is trusted by whoever
        runs ${isolated(brand.name, 60)}.`
    : null;
  if ((host ?? null) === null)
    return vouched
      ? html`This app registered itself. ${word}`
      : html`The app chose its name itself. Nobody has checked it.`;
  const website = html`The website <strong>${isolated(host ?? '', hostLimit)}</strong>`;
  return known?.standing === 'verified'
    ? html`${website} describes this app: that is where ${isolated(known.label, 60)} comes from. ${word}`
    : html`${website} describes this app, and chose what it is called. ${word ?? 'Nobody has checked that.'}`;
}

function destination({ redirect, client: { known } }: ConsentView): SafeHtml {
  const shown = isolated(redirect.display, hostLimit);
  // Said of an address on the web only: nobody owns one on a computer.
  const owner =
    known?.standing === 'verified' ? html`<p>The address of ${isolated(known.label, 60)}</p>` : null;
  if (redirect.kind === 'https') return html`${shown}${owner}`;
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
  const { known } = client;
  const other =
    known?.standing === 'contradicted'
      ? html`<strong
          >It calls itself ${isolated(known.label, 60)}, but that app uses other addresses.</strong
        > `
      : null;
  const warning = warnings[redirect.kind];
  return warning === null && other === null ? null : html`<p class="note">${other}${warning}</p>`;
}

function scopeItem({ name, description, field, includes = [] }: ScopeView): SafeHtml {
  const meaning = scopeWords(name, description);
  const own =
    meaning === '' ? html`${isolated(name)}` : html`<bdi>${meaning}</bdi> <code>${isolated(name)}</code>`;
  const others = includes.map((one, index) => {
    const said = scopeWords(one.name, one.description) || one.name;
    return html`${index === 0 ? '' : ', '}<bdi>${displayText(said, 200)}</bdi>`;
  });
  const words = html`<span
    >${own}${others.length === 0 ? null : html` <small>Includes: ${others}</small>`}</span
  >`;
  if (field === null) return html`<li>${words}</li>`;
  return html`<li class="choice">
    <label><input type="checkbox" name="${field}" value="on" checked form="decide" />${words}</label>
  </li>`;
}

function scopesRow({ scopes }: ConsentView): SafeHtml | null {
  if (scopes.length === 0) return null;
  const some = scopes.some(({ field }) => field !== null);
  const tied = scopes.some(({ includes = [] }) =>
    includes.some(({ name }) => scopes.some((one) => one.name === name && one.field !== null)),
  );
  const hint = `Uncheck what it may not do.${tied ? ' What includes it is left out with it.' : ''}`;
  return html`<div>
    <dt>It may</dt>
    <dd>
      <ul>
        ${scopes.map(scopeItem)}
      </ul>
      ${some ? html`<p>${hint}</p>` : null}
    </dd>
  </div>`;
}

/** Who the person is here: known from the last time, or from the sign-in that has just ended. */
function accountRow({ account, again }: ConsentView): SafeHtml | null {
  if (account === null) return null;
  const name =
    account.name === null
      ? html`an account without a name`
      : html`<strong>${isolated(account.name, 100)}</strong>`;
  return html`<div>
    <dt>${again === null ? 'You go on as' : 'You signed in as'}</dt>
    <dd>
      ${name}
      <p>at ${isolated(account.upstream, 60)}</p>
    </dd>
  </div>`;
}

/** One is named; of several the person chooses one below, or meets each in turn. */
function upstreamRow(view: ConsentView): SafeHtml {
  const { brand, upstreams, choose, again } = view;
  if (again !== null) return askedRow(view);
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

/** What was asked of the upstreams: the person has been there. */
function askedRow({ brand, upstreams }: ConsentView): SafeHtml {
  return html`<div>
    <dt>${isolated(brand.name, 40)} asks</dt>
    <dd>
      ${upstreams.map(
        ({ displayName, scopes }) =>
          html`${isolated(displayName, 60)}
            <p>
              ${scopes.map((scope, index) => html`${index === 0 ? '' : ', '}<code>${isolated(scope)}</code>`)}
            </p>`,
      )}
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
  const { action, form: sealed, upstreams, choose, again, account, scopes, remember } = view;
  const chooses = scopes.some(({ field }) => field !== null);
  const several = again === null && choose && upstreams.length > 1;
  // Enter in a box presses the first button (HTML §4.10.21.2), and that must not be a yes.
  const boxes = chooses || remember !== null;
  return html`<form method="post" action="${action}" id="decide">
    ${several && boxes ? html`<button name="decision" value="deny" hidden></button>` : null}
    <input type="hidden" name="${sealed.name}" value="${sealed.value}" />
    ${chooses ? html`<input type="hidden" name="choice" value="scopes" />` : null} ${remembering(view)}
    ${several ? choices(upstreams) : decision()}
    ${again !== 'without_cookie' && account !== null ? otherAccount() : null}
  </form>`;
}

const day = 86_400_000;

/** Unchecked: who wants it says so. */
function remembering({ remember }: ConsentView): SafeHtml | null {
  if (remember === null) return null;
  const days = Math.floor(remember / day);
  const time = days >= 2 ? `for ${days} days` : days === 1 ? 'for a day' : 'for a while';
  return html`<p class="remember">
    <label
      ><input type="checkbox" name="remember" value="on" />Do not ask me about this app again in this browser,
      ${time}</label
    >
  </p>`;
}

/** A yes, too: with whichever account is chosen at the upstream. */
function otherAccount(): SafeHtml {
  return html`<div class="allow other">
    <button class="button quiet" name="decision" value="other_account">Allow, with another account</button>
  </div>`;
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

/** Why the person sees this after the sign-in, and what makes them say no. */
function reason({ again, account, client, redirect }: ConsentView): SafeHtml | null {
  if (again === null) return null;
  const name = account?.name ?? null;
  const who = name === null ? html`this account` : html`<strong>${isolated(name, 100)}</strong>`;
  const goes = html`If you allow it, ${clientName(client)} acts as ${who}, and access goes to
    <strong>${isolated(redirect.display, hostLimit)}</strong>.`;
  const texts: Record<typeof again, SafeHtml> = {
    other_user: html`Somebody else was signed in here before, so nobody has asked you yet.`,
    without_cookie: html`This browser does not keep cookies, so we cannot tell whether it was you who began.
      <strong>Did somebody send you a link that led here? Then cancel.</strong>`,
    forgotten: html`What was remembered for this app was taken back meanwhile.`,
  };
  return html`<p class="note">${texts[again]} ${goes}</p>`;
}

/**
 * Asks a person whether an app may act for them. Everything that the MCP security practices want said is on it: the
 * client, where the code goes, the resource, the scopes, the upstream and what is asked of it.
 */
export function renderConsentPage(view: ConsentView): string {
  const body = html`${appPicture(view.client)}
    <h1>Allow ${clientName(view.client)} to connect?</h1>
    ${introduction(view)} ${reason(view)}
    <dl>
      ${accountRow(view)}
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
