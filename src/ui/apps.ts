import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { Milliseconds } from '../types/time.ts';
import type { SealedForm } from './connections-parts.ts';
import { button, moment } from './connections-parts.ts';
import { isolated } from './page.ts';
import { scopeWords } from './scope-words.ts';
import { displayText } from './text.ts';

/** One sign-in of one app: an app that signed in twice is there twice. */
export interface AppView {
  /** As the app calls itself. */
  readonly name: string | null;
  /** The host that describes it; `null`: none does, or it is where the app is. */
  readonly host: string | null;
  /** The well-known app that it is or looks like, in words; `null`: none. */
  readonly known: string | null;
  /** Where its codes went: a host, a scheme with its colon, '' for an app on a computer; `null` when nobody knows. */
  readonly target: string | null;
  /** In words; `null` when it did not say. */
  readonly browser: string | null;
  readonly resource: string;
  readonly scopes: readonly { readonly name: string; readonly description: string | null }[];
  readonly signedInAt: Milliseconds;
  /** When it got tokens last: as it signed in, and at each refresh. */
  readonly usedAt: Milliseconds;
  readonly end: SealedForm;
}

/** The apps of a person, and what ends all of them. */
export interface AppsView {
  /** The one that was used last comes first. */
  readonly shown: readonly AppView[];
  /** So many more there are. */
  readonly more: number;
  /** `null`: there is no more than one. */
  readonly endAll: SealedForm | null;
}

/** A whole host name: cutting it would hide the end, which says whose it is. */
const hostLimit = 260;

function where({ target, host }: AppView): SafeHtml {
  const place =
    target === null
      ? html``
      : target === ''
        ? html`An app on a computer. `
        : target.endsWith(':')
          ? html`An app on a device, opened by <code>${isolated(target, hostLimit)}</code>. `
          : html`At <strong>${isolated(target, hostLimit)}</strong>. `;
  return host === null ? place : html`${place}Described by <strong>${isolated(host, hostLimit)}</strong>. `;
}

function rights({ scopes }: AppView): SafeHtml | null {
  if (scopes.length === 0) return null;
  return html`<ul class="rights">
    ${scopes.map(({ name, description }) => {
      const words = scopeWords(name, description);
      return words === ''
        ? html`<li><code>${isolated(name)}</code></li>`
        : html`<li><bdi>${words}</bdi> <code>${isolated(name)}</code></li>`;
    })}
  </ul>`;
}

/** What we know of it, unless that is no more than what it says. */
function knownAs({ known, name }: AppView): SafeHtml | null {
  return known === null || known === name ? null : html` <span class="fine">${isolated(known, 100)}</span>`;
}

function row(app: AppView): SafeHtml {
  const known = displayText(app.name ?? '', 60);
  return html`<li>
    <p>
      ${known === '' ? html`an app without a name` : html`<strong><bdi>${known}</bdi></strong>`}${knownAs(app)}
    </p>
    <p class="fine">
      ${where(app)}Signed in${app.browser === null ? null : html` with ${isolated(app.browser, 60)}`}
      ${moment(app.signedInAt)}, last used ${moment(app.usedAt)}. May use
      ${isolated(app.resource, 300)}${app.scopes.length === 0 ? '.' : ':'}
    </p>
    ${rights(app)}
    ${button(app.end, { label: 'Sign this app out', of: known === '' ? 'an app without a name' : known })}
  </li>`;
}

/** What acts for a person right now; nothing for nobody. */
export function appsSection({ shown, more, endAll }: AppsView): SafeHtml | null {
  if (shown.length === 0) return null;
  return html`<section class="connected">
    <h2>Apps that act for you</h2>
    <p class="lead">Names are what the apps call themselves. Sign out what you do not know.</p>
    <ul class="accounts">
      ${shown.map(row)}
    </ul>
    ${more === 0 ? null : html`<p class="lead">And ${more} more, which you used longer ago.</p>`}
    ${
      endAll === null
        ? null
        : html`<details class="confirm">
            <summary class="button">Sign all apps out…</summary>
            <p>Each of them has to ask you again before it can do anything.</p>
            ${button(endAll, { label: 'Sign all out now' })}
          </details>`
    }
  </section>`;
}
