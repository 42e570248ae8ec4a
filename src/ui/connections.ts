import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import type { Milliseconds } from '../types/time.ts';
import type { AppsView } from './apps.ts';
import { appsSection } from './apps.ts';
import type { SealedForm } from './connections-parts.ts';
import { button, moment, picture, scopeList } from './connections-parts.ts';
import { isolated, renderPage } from './page.ts';
import type { RememberedView } from './remembered.ts';
import { rememberedSection } from './remembered.ts';
import { displayText } from './text.ts';

/** One account at one upstream, connected. */
export interface AccountView {
  /** What the person knows it by; `null` when the upstream told nothing. */
  readonly name: string | null;
  /** The upstream's own id of it; `null` when it tells none. */
  readonly id: string | null;
  readonly works: boolean;
  /** Whether it is the one that apps are given where they ask for this upstream. */
  readonly chosen: boolean;
  /** Whether the person is signed in to this page with it. */
  readonly self: boolean;
  /** Apps that signed in with it, and end with it. */
  readonly apps: number;
  readonly scopes: readonly string[];
  readonly connectedAt: Milliseconds;
  readonly refreshedAt: Milliseconds;
  readonly reconnect: SealedForm;
  readonly disconnect: SealedForm;
}

/** One upstream, and what is connected there. */
export interface UpstreamView {
  readonly displayName: string;
  /** `https:` or `data:image/…` URL of the operator. */
  readonly icon: string | null;
  readonly accounts: readonly AccountView[];
  /** `null`: its account is the one that the person signs in with. */
  readonly connect: SealedForm | null;
  /** Whether the link that led here is about it. */
  readonly asked: boolean;
  /** Whether an account was connected there a moment ago. */
  readonly justConnected: boolean;
}

/** What the page of a signed-in person tells. */
export interface ConnectionsView {
  readonly brand: BrandConfig;
  readonly user: { readonly name: string | null; readonly upstream: string };
  readonly upstreams: readonly UpstreamView[];
  readonly apps: AppsView;
  readonly remembered: readonly RememberedView[];
  readonly signOut: SealedForm;
}

/** The account in words that tell it from another: its name, and the id that no two accounts share. */
export function accountName(account: Pick<AccountView, 'name' | 'id'>): SafeHtml {
  const known = displayText(account.name ?? '', 100);
  if (account.id === null) return html`an account that the provider does not name`;
  const id = html`<code>${isolated(account.id, 100)}</code>`;
  return known === '' ? html`account ${id}` : html`<strong><bdi>${known}</bdi></strong> ${id}`;
}

function stateOf(account: AccountView, upstream: string): SafeHtml {
  if (!account.works)
    return html`<p class="note">
      ${isolated(upstream, 60)} ended this connection. Connect again, and apps can use it as before.
    </p>`;
  const chosen = account.chosen ? html` <span class="badge">used by apps</span>` : null;
  return html`<p class="state"><span class="badge good">connected</span>${chosen}</p>`;
}

function consequences({ apps, self }: AccountView): SafeHtml {
  const ends =
    apps === 0
      ? html`Apps can no longer use it.`
      : html`You sign in with it, so
          <strong>${apps === 1 ? 'one sign-in of an app' : `${apps} sign-ins of apps`} will end</strong> as
          well.`;
  const also = self ? html` You will be signed out of this page.` : null;
  return html`<p>${ends}${also}</p>`;
}

function accountBlock(account: AccountView, upstream: UpstreamView): SafeHtml {
  const of = `${upstream.displayName}, ${account.name ?? account.id ?? 'an account without a name'}`;
  return html`<li>
    <p>${accountName(account)}</p>
    ${stateOf(account, upstream.displayName)}
    <p class="fine">
      May use ${scopeList(account.scopes)}. Connected ${moment(account.connectedAt)}, renewed
      ${moment(account.refreshedAt)}.
    </p>
    <div class="actions">
      ${button(account.reconnect, { label: account.works ? 'Reconnect' : 'Connect again', of, primary: !account.works })}
      <details class="confirm">
        <summary class="button">Disconnect…</summary>
        ${consequences(account)} ${button(account.disconnect, { label: 'Disconnect now', of })}
      </details>
    </div>
  </li>`;
}

function upstreamBlock(upstream: UpstreamView): SafeHtml {
  const { accounts, connect, asked, justConnected } = upstream;
  const name = isolated(upstream.displayName, 60);
  const none = accounts.length === 0;
  const done = justConnected
    ? html`<p class="note good" role="status">${name} is connected. Go back to the app and try again.</p>`
    : null;
  const wanted =
    asked && none ? html`<p class="lead">The app needs it for what you just asked it to do.</p>` : null;
  const label = none ? 'Connect' : 'Connect another account';
  return html`<section class="${asked ? 'connected asked' : 'connected'}">
    <h2>${picture(upstream.icon)}${name}</h2>
    ${done} ${wanted}
    ${
      none
        ? html`<p class="lead">Not connected.</p>`
        : html`<ul class="accounts">
            ${accounts.map((one) => accountBlock(one, upstream))}
          </ul>`
    }
    ${connect === null ? null : button(connect, { label, of: upstream.displayName, primary: none })}
  </section>`;
}

/** Shows every upstream with the accounts that are connected there, and lets the person connect and disconnect. */
export function renderConnectionsPage(view: ConnectionsView): string {
  const { user, brand } = view;
  const who =
    user.name === null ? html`an account of ` : html`<strong>${isolated(user.name, 100)}</strong> of `;
  const body = html`<h1>Your connections</h1>
    <p class="lead">
      What apps may use in your name through ${isolated(brand.name, 60)}. You are signed in as
      ${who}${isolated(user.upstream, 60)}.
    </p>
    ${view.upstreams.map(upstreamBlock)} ${appsSection(view.apps)} ${rememberedSection(view.remembered)}
    ${button(view.signOut, { label: 'Sign out of this page' })}`;
  return renderPage({ brand, title: 'Your connections', body });
}
