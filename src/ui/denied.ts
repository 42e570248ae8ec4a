import type { SafeHtml } from '@remix-run/html-template';
import { html } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import type { ReturnLink } from './error.ts';
import { reference, returnButton } from './error.ts';
import { isolated, renderPage } from './page.ts';

/** Somebody signed in whom the access policy does not admit. */
export interface DeniedView {
  readonly brand: BrandConfig;
  /** What the person knows the account by: the e-mail address or a name; `null` when the upstream told neither. */
  readonly account: string | null;
  /** What the upstream is called. */
  readonly upstream: string;
  /** Whom to ask: an e-mail address or an https URL; `null`: nobody is configured. */
  readonly contact: string | null;
  readonly correlationId: string;
  readonly returnLink: ReturnLink | null;
}

/** Names the account, says whom to ask and how to try with another one. */
export function renderDeniedPage(view: DeniedView): string {
  const service = isolated(view.brand.name, 60);
  const upstream = isolated(view.upstream, 60);
  const who =
    view.account === null
      ? html`Signing in with ${upstream} worked, but this account may not use ${service}.`
      : html`You signed in with ${upstream} as <strong>${isolated(view.account, 100)}</strong>, and that
          worked. But this account may not use ${service}.`;
  const body = html`<h1>This account has no access</h1>
    <p>${who}</p>
    <dl class="stacked">
      <div>
        <dt>Should it have access?</dt>
        <dd>${whomToAsk(view)}</dd>
      </div>
      <div>
        <dt>Do you have another account?</dt>
        <dd>Sign out of ${upstream}, then connect again from the app and choose the other account.</dd>
      </div>
    </dl>
    ${returnButton(view.returnLink)} ${reference(view.correlationId)}`;
  return renderPage({ brand: view.brand, title: 'No access', body });
}

function whomToAsk({ contact, brand, correlationId }: DeniedView): SafeHtml {
  const service = isolated(brand.name, 60);
  if (contact === null) return html`Ask the person who runs ${service} to add the account.`;
  const subject = encodeURIComponent(`No access (${correlationId})`);
  const address = contact.includes(':') ? contact : `mailto:${contact}?subject=${subject}`;
  return html`Ask <a href="${address}">${isolated(contact, 200)}</a> to add the account, and tell them the
    reference below.`;
}
