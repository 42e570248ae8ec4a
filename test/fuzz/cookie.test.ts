import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCookie, sessionCookie } from '../../src/http/cookies.ts';
import { bounded, fuzz } from './cases.ts';
import { around, repeats } from './texts.ts';

const ours = '__Host-sallyport-0123abcd';
const name = fc.constantFrom(ours, 'a', 'sallyport-0123abcd', `${ours}x`, '__proto__', ours.toLowerCase());
const value = fc.stringMatching(/^[\w-]{1,43}$/u);
const pairs = fc.array(fc.tuple(name, value), { maxLength: 5 });
const written = pairs.map((list) => list.map(([key, text]) => `${key}=${text}`).join('; '));

/** Without the spaces and tabs around it, and nothing else. */
const bare = (text: string): string => text.replaceAll(/^[ \t]+|[ \t]+$/gu, '');

describe('a cookie header', () => {
  it('gives the one value of a name, and none when there are two different ones', () => {
    fuzz(
      pairs,
      (list) => {
        const header = list.map(([key, text]) => `${key}=${text}`).join('; ');
        const values = new Set(list.flatMap(([key, text]) => (key === ours ? [text] : [])));
        expect(readCookie(header, ours)).toBe(values.size === 1 ? [...values][0] : undefined);
      },
      0.4,
    );
  });

  it('of any form gives a value that stands in it under that very name', () => {
    fuzz(
      around(written),
      (header) => {
        const found = readCookie(header, ours);
        if (found === undefined) return;
        const entries = header.split(';').map((pair) => bare(pair));
        expect(entries.some((pair) => pair.startsWith(ours) && pair.endsWith(found))).toBe(true);
        expect(found).toBe(bare(found));
        expect(found).not.toContain(';');
      },
      0.5,
    );
  });

  it('reads again what we set', () => {
    fuzz(
      fc.tuple(value, fc.boolean()),
      ([text, secure]) => {
        const [pair = ''] = sessionCookie(ours, text, { secure }).split(';');
        expect(readCookie(pair, ours)).toBe(text);
      },
      0.1,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const header of repeats(['', `${ours}=`], ['a=b;', ';', `${ours}=x;`, '\t']))
      bounded(() => readCookie(header, ours));
  });
});
