import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OAuthError } from '../../src/oauth/errors.ts';
import { canonicalResource, chooseResource } from '../../src/oauth/resource.ts';
import { bounded, fuzz } from './cases.ts';
import { around, damaged, repeats } from './texts.ts';

const served = ['https://mcp.example.com/mcp', 'https://mcp.example.com', 'http://127.0.0.1:8080/tools?x=1'];
const resource = fc.oneof(fc.constantFrom(...served), fc.webUrl({ withQueryParameters: true }));

describe('a resource identifier', () => {
  it('has one canonical form, which is its own', () => {
    fuzz(
      around(resource),
      (text) => {
        const canonical = canonicalResource(text);
        if (canonical === null) return;
        // One trailing slash goes, so two would still be another identifier: the form without is the fixed point.
        if (!canonical.replace(/\?.*$/u, '').endsWith('/'))
          expect(canonicalResource(canonical)).toBe(canonical);
        const [given, kept] = [new URL(text), new URL(canonical)];
        expect(kept.host).toBe(given.host);
        expect(kept.protocol).toBe(given.protocol);
        expect(kept.search).toBe(given.search);
        expect([given.username, given.password, given.hash]).toEqual(['', '', '']);
      },
      0.5,
    );
  });

  it('that is chosen is one of ours, and the one that the URL standard reads', () => {
    const requested = fc.array(fc.oneof(damaged(fc.constantFrom(...served)), resource), { maxLength: 2 });
    fuzz(
      requested,
      (wanted) => {
        let chosen: string;
        try {
          chosen = chooseResource(wanted, { resources: served, defaultResource: null });
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
          expect(error).toMatchObject({ error: 'invalid_target', status: 400 });
          return;
        }
        expect(served).toContain(chosen);
        const plain = (text: string): string => new URL(text).href.replace(/\/(?=$|\?)/u, '');
        expect(plain(wanted[0] ?? '')).toBe(plain(chosen));
      },
      0.5,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const length of [2048, 65_536]) {
      for (const text of repeats(
        ['', 'https://', 'https://a/', 'https://a?'],
        ['/', '?', 'a/', ':', '@'],
        length,
      ))
        bounded(() => canonicalResource(text));
    }
  });
});
