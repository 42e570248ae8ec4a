import type { ServerResponse } from 'node:http';
import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { BrandConfig } from '../../src/config/config.ts';
import { contentSecurityPolicy, isolated, renderPage } from '../../src/ui/page.ts';
import { people } from './accounts.ts';

/** Looks different from the gateway on purpose: it plays somebody else's product. */
const providerBrand: BrandConfig = { name: 'Demo identity provider', logoUrl: null, color: '#0f766e' };

/** Headers of every page of the provider. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentSecurityPolicy(providerBrand),
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** Answers with one of the pages below. */
export function sendPage(response: ServerResponse, page: { status: number; html: string }): void {
  response.writeHead(page.status, pageHeaders).end(page.html);
}

function page(title: string, body: SafeHtml): string {
  return renderPage({ brand: providerBrand, title, body });
}

function personButton({ id, name, email }: (typeof people)[number]): SafeHtml {
  return html`<button class="button" name="account" value="${id}">
    <span class="mark" aria-hidden="true">${name.slice(0, 1)}</span>
    <span>${name}<small>${email}</small></span>
  </button>`;
}

/** Asks who is there. Every account is one click away; nobody has a password. */
export function renderSignInPage(view: { action: string; clientName: string }): string {
  const body = html`<h1>Who is signing in?</h1>
    <p class="lead">${isolated(view.clientName, 60)} asks. Choose an account: nobody here has a password.</p>
    <form method="post" action="${view.action}">
      <div class="people">${people.map(personButton)}</div>
      <p><button class="button" name="account" value="">Cancel</button></p>
    </form>
    <p class="fine">
      This page plays the identity provider that you already have: Okta, Entra ID, Google, GitHub, Keycloak …
    </p>`;
  return page('Sign in', body);
}

/** The provider's front door. */
export function renderHomePage(): string {
  const body = html`<h1>Identity provider of the demo</h1>
    <p>It knows ${people.map((person) => person.name).join(' and ')}. Apps send you here to sign in.</p>
    <p class="lead">Want to try the other account? Sign out first.</p>
    <p><a class="button primary" href="/session/end">Sign out</a></p>`;
  return page('Welcome', body);
}

/** @param form the provider's own form, trusted markup, without buttons. */
export function renderSignOutPage(form: string): string {
  const body = html`<h1>Sign out?</h1>
    <p class="lead">Apps that are connected stay connected. The next sign-in asks again who you are.</p>
    ${html.raw`${form}`}
    <div class="actions">
      <button class="button" form="op.logoutForm">Stay signed in</button>
      <button class="button primary" form="op.logoutForm" name="logout" value="yes">Sign out</button>
    </div>`;
  return page('Sign out', body);
}

/** After signing out. */
export function renderSignedOutPage(): string {
  return page(
    'Signed out',
    html`<h1>You are signed out</h1>
      <p class="lead">Connect again from your app to sign in with another account.</p>`,
  );
}

/** Something did not work. `what` may hold a stranger's text. */
export function renderProblemPage(what: string): string {
  return page(
    'Not possible',
    html`<h1>That did not work</h1>
      <p>${isolated(what, 300)}</p>
      <p class="lead">Start again from your app.</p>`,
  );
}
