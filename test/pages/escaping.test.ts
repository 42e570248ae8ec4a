import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderConsentPage } from '../../src/ui/consent.ts';
import { brand, consentView, everyPage, skeletonOf, textOf } from './views.ts';

/** Text that tries to become markup, mixed with arbitrary text. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "' autofocus onfocus='alert(1)",
        '</title><style>*{display:none}</style>',
        '</bdi></main>',
        '&lt;b&gt;',
        '<!--',
        ']]>',
        '\u202E\u2066',
        '\0',
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

describe("a stranger's text on a page", () => {
  it('never changes the structure of the page, wherever it stands', () => {
    const plain = everyPage(brand, 'plain');
    const expected = Object.fromEntries(
      Object.entries(plain).map(([name, html]) => [name, skeletonOf(html)]),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const visible = `x${text}x`;
        for (const [name, html] of Object.entries(everyPage(brand, visible))) {
          expect(skeletonOf(html)).toBe(expected[name]);
        }
      }),
    );
  });

  it('never changes the structure through the brand either', () => {
    const expected = skeletonOf(everyPage(brand, 'plain')['consent'] ?? '');
    fc.assert(
      fc.property(hostile, (text) => {
        const look = { ...brand, name: `x${text}x` };
        expect(skeletonOf(everyPage(look, 'plain')['consent'] ?? '')).toBe(expected);
      }),
    );
  });

  it('carries the sealed request unchanged, byte for byte', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (request) => {
        const html = renderConsentPage(consentView({ form: { name: 'request', value: request } }));
        const [, value = ''] = /name="request" value="([^"]*)"/.exec(html) ?? [];
        expect(textOf(value.replaceAll(' ', '_'))).toBe(textOf(escape(request).replaceAll(' ', '_')));
      }),
    );
  });

  it('is isolated, so that its direction cannot reorder our own words', () => {
    const client = { name: 'تطبيق <b>', verified: false, host: null, id: 'x' };
    expect(renderConsentPage(consentView({ client }))).toContain('“<bdi>تطبيق &lt;b&gt;</bdi>”');
  });

  it('does not stay when it steers the display: no control or bidirectional override reaches the page', () => {
    // Every format character, every line separator, and every control but the line feeds of our own templates.
    const invisible = /\p{Cf}|\p{Zl}|\p{Zp}|[^\P{Cc}\n]/u;
    const text = 'a\u202Eb\u2066c\u0000d\u200Be\u0085f\u2028g\uFEFFh';
    for (const html of Object.values(everyPage(brand, text))) {
      expect(html.replace(/name="request" value="[^"]*"/, '').replace(/href="[^"]*"/, '')).not.toMatch(
        invisible,
      );
    }
  });
});

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
