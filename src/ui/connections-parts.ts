import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { Milliseconds } from '../types/time.ts';
import { isolated, pictureSource } from './page.ts';
import { displayText } from './text.ts';

/** A button: where its form goes, and the sealed order that it carries in its hidden field `request`. */
export interface SealedForm {
  readonly action: string;
  readonly request: string;
}

const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** A moment in words; the page knows nobody's time zone, so it names its own. */
export function moment(at: Milliseconds): SafeHtml {
  return html`<time datetime="${new Date(at).toISOString()}">${days.format(at)} UTC</time>`;
}

/** A form of one button; one that stands in a list says `of` what it is, to who does not see where. */
export function button(
  form: SealedForm,
  {
    label,
    of = null,
    primary = false,
    icon = null,
  }: {
    readonly label: string;
    readonly of?: string | null;
    readonly primary?: boolean;
    readonly icon?: string | null;
  },
): SafeHtml {
  const name = of === null ? null : html` aria-label="${displayText(label, 80)}: ${displayText(of, 80)}"`;
  return html`<form method="post" action="${form.action}">
    <input type="hidden" name="request" value="${form.request}" />
    <button class="${primary ? 'button primary' : 'button'}" ${name}>
      ${picture(icon)}<bdi>${displayText(label, 80)}</bdi>
    </button>
  </form>`;
}

/** Scopes, each cleaned by itself; nothing for none. */
export function scopeList(scopes: readonly string[]): SafeHtml {
  if (scopes.length === 0) return html`what the account lets apps do by itself`;
  return html`${scopes.map((scope, index) => html`${index === 0 ? '' : ', '}<code>${isolated(scope)}</code>`)}`;
}

/** Of the operator; never what a provider says about a person, whose picture would tell it who looks. */
export function picture(icon: string | null): SafeHtml | null {
  return pictureSource(icon) === null ? null : html`<img src="${icon}" alt="" width="20" height="20" />`;
}
