/** The pages on the way in and out of the connections page: signing in, confirming an account, being somebody else. */
import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import type { SealedForm } from './connections-parts.ts';
import { accountName } from './connections.ts';
import { button, scopeList } from './connections-parts.ts';
import { reference } from './error.ts';
import { isolated, renderPage } from './page.ts';

/** Nobody is signed in. */
export interface ConnectionsSignInView {
  readonly brand: BrandConfig;
  /** Each upstream that people sign in with. */
  readonly ways: readonly {
    readonly displayName: string;
    readonly icon: string | null;
    readonly form: SealedForm;
  }[];
  /** What the link that led here is about. */
  readonly asked: string | null;
  /** Whether somebody has just been signed out, and what became of the apps. */
  readonly signedOut: SignedOut | null;
}

/** The page alone, or apps with it. */
export type SignedOut = 'page' | 'apps';

const signedOutTexts: Readonly<Record<SignedOut, string>> = {
  page: 'You are signed out of this page. Apps stay connected.',
  apps: 'You are signed out of this page. The apps are signed out as well.',
};

/** Asks the person to sign in; by a click, so that no other site can begin it. */
export function renderConnectionsSignInPage(view: ConnectionsSignInView): string {
  const { brand, ways, asked, signedOut } = view;
  const [only] = ways;
  const one = ways.length === 1 && only !== undefined;
  const why =
    asked === null
      ? html`Sign in to see what apps may use in your name through ${isolated(brand.name, 60)}.`
      : html`Sign in to connect ${isolated(asked, 60)}. Use the account that you use in the app.`;
  const body = html`<h1>Your connections</h1>
    ${signedOut === null ? null : html`<p class="note good" role="status">${signedOutTexts[signedOut]}</p>`}
    <p class="lead">${why}</p>
    <div class="ways">
      ${ways.map(({ displayName, icon, form }) => button(form, { label: `Sign in with ${displayName}`, primary: one, icon }))}
    </div>`;
  return renderPage({ brand, title: 'Your connections', body });
}

/** The upstream answered; nothing is kept yet. */
export interface ConfirmAccountView {
  readonly brand: BrandConfig;
  readonly upstream: string;
  readonly account: { readonly name: string | null; readonly id: string | null };
  readonly scopes: readonly string[];
  /** Whose connection it will be. */
  readonly user: { readonly name: string | null; readonly upstream: string };
  /** The account that was to be connected again, when this is another one. */
  readonly instead: string | null;
  readonly form: SealedForm;
}

function unnamed(upstream: string): SafeHtml {
  return html`<p class="note">
    ${isolated(upstream, 60)} does not tell which account this is. Make sure that you are signed in there as
    yourself.
  </p>`;
}

/** Shows which account the provider answered with, and asks: a browser may be signed in there as somebody else. */
export function renderConfirmAccountPage(view: ConfirmAccountView): string {
  const { brand, upstream, account, scopes, user, instead, form } = view;
  const name = isolated(upstream, 60);
  const owner =
    user.name === null ? html`your account of ` : html`<strong>${isolated(user.name, 100)}</strong> of `;
  const other =
    instead === null
      ? null
      : html`<p class="note">
          This is another account than <bdi>${isolated(instead, 100)}</bdi>, which you wanted to connect
          again. It would be connected beside it.
        </p>`;
  const body = html`<h1>Connect this account?</h1>
    <dl>
      <div>
        <dt>Account at ${name}</dt>
        <dd>${accountName(account)}</dd>
      </div>
      <div>
        <dt>Apps may use</dt>
        <dd>${scopeList(scopes)}</dd>
      </div>
      <div>
        <dt>Connected to</dt>
        <dd>${owner}${isolated(user.upstream, 60)}</dd>
      </div>
    </dl>
    ${other} ${account.id === null ? unnamed(upstream) : null}
    <p class="note">
      Apps that you signed in with ${isolated(brand.name, 60)} will act as this account at ${name}. Connect it
      only if it is yours, and if you have just started this yourself.
    </p>
    <form method="post" action="${form.action}">
      <input type="hidden" name="request" value="${form.request}" />
      <div class="actions">
        <button class="button" name="decision" value="deny">Cancel</button>
        <div class="allow"><button class="button primary" name="decision" value="allow">Connect</button></div>
      </div>
    </form>`;
  return renderPage({ brand, title: 'Connect this account?', body });
}

/** A link that was made for somebody else. */
export interface OtherUserView {
  readonly brand: BrandConfig;
  readonly user: { readonly name: string | null; readonly upstream: string };
  readonly signOut: SealedForm;
  readonly correlationId: string;
}

/** Refuses, names who is signed in, and offers to be somebody else. */
export function renderOtherUserPage({ brand, user, signOut, correlationId }: OtherUserView): string {
  const who =
    user.name === null ? html`an account of ` : html`<strong>${isolated(user.name, 100)}</strong> of `;
  const body = html`<h1>This link is not for you</h1>
    <p>
      It was made for another user of ${isolated(brand.name, 60)}, and you are signed in here as
      ${who}${isolated(user.upstream, 60)}.
    </p>
    <p class="lead">
      If somebody sent it to you, close this page: nothing was connected. If it came from your own app, sign
      out here, open the link again, and sign in with the account that you use in the app.
    </p>
    ${button(signOut, { label: 'Sign out of this page' })} ${reference(correlationId)}`;
  return renderPage({ brand, title: 'Not for you', body });
}
