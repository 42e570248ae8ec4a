import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { Milliseconds } from '../types/time.ts';
import type { SealedForm } from './connections-parts.ts';
import { button, moment, scopeList } from './connections-parts.ts';
import { isolated } from './page.ts';
import { displayText } from './text.ts';

/** An app that a person is not asked about again. */
export interface RememberedView {
  /** As the app calls itself. */
  readonly name: string | null;
  /** Where its codes go. */
  readonly target: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly until: Milliseconds;
  readonly forget: SealedForm;
}

function row({ name, target, resource, scopes, until, forget }: RememberedView): SafeHtml {
  const known = displayText(name ?? '', 60);
  return html`<li>
    <p>
      ${known === '' ? html`an app without a name` : html`<strong><bdi>${known}</bdi></strong>`}
      <code>${isolated(target)}</code>
    </p>
    <p class="fine">
      May connect to ${isolated(resource, 300)} again without a question, until ${moment(until)}, to use
      ${scopes.length === 0 ? html`nothing in particular` : scopeList(scopes)}.
    </p>
    ${button(forget, { label: 'Ask me again', of: known === '' ? 'an app without a name' : known })}
  </li>`;
}

/** What a person wants remembered; nothing for nobody. */
export function rememberedSection(remembered: readonly RememberedView[]): SafeHtml | null {
  if (remembered.length === 0) return null;
  return html`<section class="connected">
    <h2>Apps that are not asked about</h2>
    <ul class="accounts">
      ${remembered.map(row)}
    </ul>
  </section>`;
}
