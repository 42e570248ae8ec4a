import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayText } from '../../src/ui/text.ts';

describe('text for display', () => {
  it.each([
    ['Claude Code', 'Claude Code'],
    ['  Claude \r\n\t Code  ', 'Claude Code'],
    ['line\u2028separated', 'line separated'],
    ['\u202Eevil\u202C', 'evil'],
    ['a\u200Bb\u00ADc\uFEFFd', 'abcd'],
    ['nul\0and\u0007bell', 'nulandbell'],
    ['private\uF8FFuse', 'privateuse'],
    ['blank\u2800braille\u3164filler', 'blankbraillefiller'],
    ['lone\uD800surrogate', 'lone\uFFFDsurrogate'],
    ['tag\u{E0041}\u{E007F}s', 'tags'],
    ['שלום', 'שלום'],
    ['Café', 'Café'],
  ])('%j becomes %j', (text, expected) => {
    expect(displayText(text, 60)).toBe(expected);
  });

  it.each(['👩‍👩‍👧‍👦', '❤️', '👩🏽‍💻', '🏳️‍🌈', '😀'])('keeps the emoji %s in one piece', (emoji) => {
    expect(displayText(emoji, 5)).toBe(emoji);
  });

  it('keeps joiners nowhere else', () => {
    expect(displayText('pay\u200Dpal\uFE0F', 20)).toBe('paypal');
  });

  it('cuts after so many characters as a reader counts them, with an ellipsis', () => {
    expect(displayText('abcdef', 6)).toBe('abcdef');
    expect(displayText('abcdefg', 6)).toBe('abcdef…');
    expect(displayText('👩‍👩‍👧‍👦'.repeat(4), 3)).toBe(`${'👩‍👩‍👧‍👦'.repeat(3)}…`);
    expect(displayText('ab cd', 3)).toBe('ab…');
  });

  it('takes down towers of marks that would cover the lines around', () => {
    const tower = `Z${'\u0351'.repeat(50)}`;
    expect(displayText(tower, 60)).toBe(`Z${'\u0351'.repeat(4)}`);
  });

  it('is empty when nothing visible is left', () => {
    expect(displayText(' \u200B\u202E\n\u3164 ', 60)).toBe('');
  });

  it('never gives more than asked, never a line break, and changes nothing the second time', () => {
    const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (text, limit) => {
          const shown = displayText(text, limit);
          expect([...graphemes.segment(shown)].length).toBeLessThanOrEqual(limit + 1);
          expect(shown).not.toMatch(/[\n\r\u2028\u2029]/);
          expect(shown.isWellFormed()).toBe(true);
          expect(displayText(shown, limit + 1)).toBe(shown);
        },
      ),
    );
  });

  it('stays cheap and short for a very long text', () => {
    expect(displayText('\u202E'.repeat(5_000_000), 60)).toBe('');
    expect(displayText('x'.repeat(5_000_000), 60)).toBe(`${'x'.repeat(60)}…`);
  });
});
