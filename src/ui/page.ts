import { html } from '@remix-run/html-template';
import type { SafeHtml } from '@remix-run/html-template';
import type { BrandConfig } from '../config/config.ts';
import { styleHash, styleSheet } from './style.ts';
import { displayText } from './text.ts';

/** What every page has. */
export interface PageParts {
  readonly brand: BrandConfig;
  /** Our own words; a title has no element that could isolate a stranger's text. */
  readonly title: string;
  readonly body: SafeHtml;
}

/** Where a page may load a picture from; `null` when there is none or its address is of another kind. */
export function pictureSource(address: string | null): string | null {
  // A path of our own; two slashes would begin the name of another host.
  if (address !== null && /^\/(?![/\\])/u.test(address)) return "'self'";
  const url = address === null ? null : URL.parse(address);
  if (!url) return null;
  if (url.protocol === 'data:') return url.pathname.startsWith('image/') ? 'data:' : null;
  return url.protocol === 'https:' ? url.origin : null;
}

/**
 * `Content-Security-Policy` of our pages: no script, no frame, nothing loaded but the logo and the pictures of upstreams. There is no `form-action`:
 * Chromium applies it to redirects after the form, and those lead to the upstream (design §2.4).
 */
export function contentSecurityPolicy(brand: BrandConfig, pictures: readonly string[] = []): string {
  const sources = new Set([brand.logoUrl, ...pictures].flatMap((one) => pictureSource(one) ?? []));
  return [
    "default-src 'none'",
    `style-src ${styleHash(brand)}`,
    ...(sources.size === 0 ? [] : [`img-src ${[...sources].join(' ')}`]),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

function brandMark(brand: BrandConfig, name: string): SafeHtml {
  if (pictureSource(brand.logoUrl) !== null)
    return html`<img src="${brand.logoUrl}" alt="" width="32" height="32" />`;
  const [initial = ''] = name;
  return html`<span class="mark" aria-hidden="true">${initial.toUpperCase()}</span>`;
}

/** A stranger's text, cleaned and isolated so that its direction cannot reorder ours (HTML §4.5.24). */
export function isolated(text: string, limit = 200): SafeHtml {
  return html`<bdi>${displayText(text, limit)}</bdi>`;
}

/** The whole document. `title` and `body` are ours; everything of a stranger in them went through {@link isolated}. */
export function renderPage({ brand, title, body }: PageParts): string {
  const name = displayText(brand.name, 60);
  // Raw, and in one piece, because the policy holds the hash of exactly these bytes. The sheet is made of constants and of
  // colours that were parsed to numbers: nothing in it can end the element.
  const style = html.raw`${`<style>${styleSheet(brand)}</style>`}`;
  // `same-origin`: under `no-referrer` browsers send `Origin: null` with a form (Fetch §3.2), and our endpoints ask for ours.
  return String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <meta name="referrer" content="same-origin" />
          <title>${title} · ${name}</title>
          ${style}
        </head>
        <body>
          <main>
            <header>${brandMark(brand, name)}<bdi>${name}</bdi></header>
            ${body}
          </main>
        </body>
      </html> `,
  );
}
