import type { BrandConfig } from '../../src/config/config.ts';
import type { ConfirmAccountView } from '../../src/ui/connections-doors.ts';
import {
  renderConfirmAccountPage,
  renderConnectionsSignInPage,
  renderOtherUserPage,
} from '../../src/ui/connections-doors.ts';
import type { AccountView, ConnectionsView, UpstreamView } from '../../src/ui/connections.ts';
import type { SealedForm } from '../../src/ui/connections-parts.ts';
import { renderConnectionsPage } from '../../src/ui/connections.ts';
import type { ConsentView } from '../../src/ui/consent.ts';
import { renderConsentPage } from '../../src/ui/consent.ts';
import type { DeniedView } from '../../src/ui/denied.ts';
import { renderDeniedPage } from '../../src/ui/denied.ts';
import type { ErrorView } from '../../src/ui/error.ts';
import { renderErrorPage } from '../../src/ui/error.ts';
import { renderAlreadySignedInPage } from '../../src/ui/signed-in.ts';

/** A brand as an operator would configure it. */
export const brand: BrandConfig = { name: 'Acme Tools', logoUrl: null, color: '#3b5bdb' };

/** A consent view with the given parts changed. */
export function consentView(changes: Partial<ConsentView> = {}): ConsentView {
  return {
    brand,
    action: '/oauth/consent',
    form: { name: 'request', value: 'sealed-request' },
    client: { name: 'Claude Code', verified: false, host: null, id: 'sp_dc_abc' },
    redirect: { kind: 'loopback', display: 'localhost:53211' },
    resource: 'https://tools.acme.example/mcp',
    scopes: [{ name: 'openid', description: null, field: null }],
    upstreams: [{ name: 'okta', displayName: 'Okta', icon: null, scopes: ['openid', 'email'] }],
    choose: false,
    account: null,
    again: null,
    remember: null,
    ...changes,
  };
}

/** An error view with the given parts changed. */
export function errorView(changes: Partial<ErrorView> = {}): ErrorView {
  return {
    brand,
    title: 'This sign-in cannot continue',
    explanation: 'The app never registered that address.',
    action: 'Remove the connection in your app and add it again.',
    correlationId: '01HZX3T9QK',
    returnLink: null,
    ...changes,
  };
}

/** A denial view with the given parts changed. */
export function deniedView(changes: Partial<DeniedView> = {}): DeniedView {
  return {
    brand,
    account: 'alice@example.com',
    upstream: 'Okta',
    contact: null,
    correlationId: '01HZX3T9QK',
    returnLink: null,
    ...changes,
  };
}

/** A view of the connections page, with one upstream and the given parts of its one account changed. */
export function connectionsView(
  changes: Partial<AccountView> = {},
  upstream: Partial<UpstreamView> = {},
): ConnectionsView {
  const form: SealedForm = { action: '/connections', request: 'sealed-order' };
  const account: AccountView = {
    name: 'alice@notes.example',
    id: '00u1ab',
    works: true,
    chosen: true,
    self: false,
    apps: 0,
    scopes: ['notes.read'],
    connectedAt: Date.UTC(2026, 10, 3, 9, 30),
    refreshedAt: Date.UTC(2026, 10, 23, 14, 5),
    reconnect: form,
    disconnect: form,
    ...changes,
  };
  const one: UpstreamView = {
    displayName: 'Notes',
    icon: null,
    accounts: [account],
    connect: form,
    asked: false,
    justConnected: false,
    ...upstream,
  };
  const user = { name: 'alice@example.com', upstream: 'Okta' };
  const apps = { shown: [], more: 0, endAll: null };
  return { brand, user, upstreams: [one], apps, remembered: [], signOut: form };
}

/** A question about an account, with the given parts changed. */
export function confirmView(changes: Partial<ConfirmAccountView> = {}): ConfirmAccountView {
  return {
    brand,
    upstream: 'Notes',
    account: { name: 'alice@notes.example', id: '00u1ab' },
    scopes: ['notes.read'],
    user: { name: 'alice@example.com', upstream: 'Okta' },
    instead: null,
    form: { action: '/connections', request: 'sealed-order' },
    ...changes,
  };
}

/** Every page there is, in a brand, with one stranger's text in every place that a stranger can reach. */
export function everyPage(look: BrandConfig, text: string): Readonly<Record<string, string>> {
  const scopes = [{ name: text, description: text, field: 'scope-0' }];
  return {
    consent: renderConsentPage({
      ...consentView({ brand: look, form: { name: 'request', value: text }, resource: text, scopes }),
      client: { name: text, verified: false, host: text, id: text },
      account: { name: text, upstream: text },
      redirect: { kind: 'https', display: text },
      upstreams: [{ name: 'okta', displayName: text, icon: null, scopes: [text] }],
    }),
    choice: renderConsentPage({
      ...consentView({ brand: look, choose: true }),
      upstreams: ['okta', 'github'].map((name) => ({ name, displayName: text, icon: null, scopes: [text] })),
    }),
    error: renderErrorPage({
      brand: look,
      title: text,
      explanation: text,
      action: text,
      correlationId: text,
      returnLink: { href: `https://app.example/cb?error_description=${text}`, display: text },
    }),
    denied: renderDeniedPage({ ...deniedView({ account: text, upstream: text }), brand: look }),
    connections: renderConnectionsPage({
      ...connectionsView(
        { name: text, id: text, scopes: [text, text], works: false, apps: 2, self: true },
        { displayName: text, asked: true, justConnected: true },
      ),
      brand: look,
      user: { name: text, upstream: text },
      apps: {
        shown: [
          {
            name: text,
            host: text,
            known: text,
            target: text,
            browser: text,
            resource: text,
            scopes: [
              { name: text, description: text },
              { name: text, description: null },
            ],
            signedInAt: 0,
            usedAt: 0,
            end: { action: '/connections', request: 'sealed-order' },
          },
        ],
        more: 1,
        endAll: { action: '/connections', request: 'sealed-order' },
      },
      remembered: [
        {
          name: text,
          target: text,
          resource: text,
          scopes: [text],
          until: 0,
          forget: { action: '/connections', request: 'sealed-order' },
        },
      ],
    }),
    connectionsSignIn: renderConnectionsSignInPage({
      brand: look,
      ways: [{ displayName: text, icon: null, form: { action: '/connections', request: text } }],
      asked: text,
      signedOut: 'apps',
    }),
    confirmAccount: renderConfirmAccountPage({
      ...confirmView({ upstream: text, account: { name: text, id: text }, scopes: [text], instead: text }),
      brand: look,
      user: { name: text, upstream: text },
    }),
    otherUser: renderOtherUserPage({
      brand: look,
      user: { name: text, upstream: text },
      signOut: { action: '/connections', request: text },
      correlationId: text,
    }),
    signedIn: renderAlreadySignedInPage({ brand: look, correlationId: text }),
  };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** What a reader sees: the page without style and tags, with entities decoded and space collapsed. */
export function textOf(html: string): string {
  return html
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (_whole, name) => entities[String(name)] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The names of all elements, in order: the skeleton that a stranger's text must not change. */
export function skeletonOf(html: string): string {
  return [...html.replace(/<style>.*?<\/style>/s, '<style>').matchAll(/<(\/?[a-z][\w-]*)/g)]
    .map(([, name]) => name)
    .join(' ');
}
