import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from '../../src/ui/page.ts';
import { brand, everyPage } from './views.ts';

const picture = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg"/>')}`;

function directives(policy: string): ReadonlyMap<string, string> {
  return new Map(policy.split('; ').map((text) => text.split(/ (.*)/s) as [string, string]));
}

describe('the content security policy', () => {
  it('allows nothing but our own style', () => {
    const policy = directives(contentSecurityPolicy(brand));
    expect([...policy.keys()]).toEqual(['default-src', 'style-src', 'frame-ancestors', 'base-uri']);
    expect(policy.get('default-src')).toBe("'none'");
    expect(policy.get('frame-ancestors')).toBe("'none'");
    expect(policy.get('base-uri')).toBe("'none'");
  });

  it('leaves form-action out: Chromium would hold it against the redirect to the upstream', () => {
    expect(contentSecurityPolicy(brand)).not.toContain('form-action');
  });

  it('holds the hash of the style that every page really has, in any colour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (value) => {
        const look = { ...brand, color: `#${value.toString(16).padStart(6, '0')}` };
        const allowed = directives(contentSecurityPolicy(look)).get('style-src');
        for (const html of Object.values(everyPage(look, 'text'))) {
          const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style = '']) => style);
          expect(styles).toHaveLength(1);
          const hash = createHash('sha256')
            .update(styles[0] ?? '')
            .digest('base64');
          expect(allowed).toBe(`'sha256-${hash}'`);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('allows the logo from its own origin and from nowhere else', () => {
    const look = { ...brand, logoUrl: 'https://cdn.acme.example:8443/logo.svg?v=1' };
    expect(directives(contentSecurityPolicy(look)).get('img-src')).toBe('https://cdn.acme.example:8443');
    expect(everyPage(look, 'x')['consent']).toContain(
      '<img src="https://cdn.acme.example:8443/logo.svg?v=1" alt=""',
    );
  });

  it('allows a logo inside the page', () => {
    const look = { ...brand, logoUrl: picture };
    expect(directives(contentSecurityPolicy(look)).get('img-src')).toBe('data:');
  });

  it.each(['http://acme.example/l.png', 'javascript:alert(1)', 'data:text/html,x', 'nonsense'])(
    'shows the initial instead of a logo at %s',
    (logoUrl) => {
      const look = { ...brand, logoUrl };
      expect(contentSecurityPolicy(look)).not.toContain('img-src');
      expect(everyPage(look, 'x')['consent']).toContain('<span class="mark" aria-hidden="true">A</span>');
      expect(everyPage(look, 'x')['consent']).not.toContain('<img');
    },
  );

  it('is not needed to hold back scripts or inline styles, because there are none', () => {
    for (const html of Object.values(everyPage({ ...brand, logoUrl: picture }, 'x'))) {
      expect(html).not.toMatch(/<script|\sstyle=|\son\w+=|javascript:|<iframe|<object|<link|@import|url\(/i);
    }
  });

  it('refuses to make a style of a colour that is none', () => {
    expect(() => contentSecurityPolicy({ ...brand, color: 'red}*{display:none' })).toThrow(TypeError);
  });
});
