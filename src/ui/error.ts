import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import { isolated, renderPage } from './page.ts';
import { displayText } from './text.ts';

/** A way back to the app. The caller has checked that `href` belongs to the client; `display` is what it shows. */
export interface ReturnLink {
  readonly href: string;
  readonly display: string;
  /** What the button says; `Return to the app` by default. */
  readonly label?: string;
}

/** What an error page tells. */
export interface ErrorView {
  readonly brand: BrandConfig;
  readonly title: string;
  /** What happened. */
  readonly explanation: string;
  /** What to do now. */
  readonly action: string;
  /** Finds the log lines of this request. */
  readonly correlationId: string;
  readonly returnLink: ReturnLink | null;
}

/** Schemes that run or show something instead of leading to an app. A second lock: the caller has checked. */
const inert = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'about:',
  'filesystem:',
  'view-source:',
]);

/** The link back, or nothing when its address is not one that a browser may follow. */
export function returnButton(link: ReturnLink | null): SafeHtml | null {
  if (link === null || !URL.canParse(link.href) || inert.has(new URL(link.href).protocol)) return null;
  return html`<p>
      <a class="button primary" href="${link.href}" rel="noreferrer">${link.label ?? 'Return to the app'}</a>
    </p>
    <p class="aside">Opens <code>${isolated(link.display, 260)}</code></p>`;
}

/** The line that a person can read to whoever runs the service. */
export function reference(correlationId: string): SafeHtml {
  return html`<p class="fine">Reference for support: <code>${isolated(correlationId, 100)}</code></p>`;
}

/** Says what went wrong, what to do, and under which reference it is in the log. */
export function renderErrorPage(view: ErrorView): string {
  const title = displayText(view.title, 100);
  const body = html`<h1><bdi>${title}</bdi></h1>
    <p>${isolated(view.explanation, 600)}</p>
    <p class="lead">${isolated(view.action, 600)}</p>
    ${returnButton(view.returnLink)} ${reference(view.correlationId)}`;
  return renderPage({ brand: view.brand, title, body });
}
