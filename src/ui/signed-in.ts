import { html } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import { reference } from './error.ts';
import { renderPage } from './page.ts';

/** A sign-in that is over already, opened again. */
export interface SignedInView {
  readonly brand: BrandConfig;
  readonly correlationId: string;
}

/** What a reload of the callback shows once the code has been given: never a second code (design §2.5). */
export function renderAlreadySignedInPage(view: SignedInView): string {
  const body = html`<h1>You are signed in</h1>
    <p>This sign-in is complete, and the app has its answer. You can close this window.</p>
    <p class="lead">Is the app still waiting? Then start to connect again from there.</p>
    ${reference(view.correlationId)}`;
  return renderPage({ brand: view.brand, title: 'Signed in', body });
}
