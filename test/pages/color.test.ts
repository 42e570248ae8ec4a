import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { black, contrast, formatColor, inkOn, parseColor, readableOn, white } from '../../src/ui/color.ts';
import { styleSheet } from '../../src/ui/style.ts';
import { brand } from './views.ts';

const anyColor = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, '0')}`);

/** The variables of the light and of the dark scheme. */
function schemes(color: string): readonly ReadonlyMap<string, string>[] {
  const blocks = [...styleSheet({ ...brand, color }).matchAll(/:root\{([^}]*)\}/g)];
  return blocks.map(
    ([, block = '']) =>
      new Map([...block.matchAll(/--([\w-]+):(#\w{6})/g)].map(([, k = '', v = '']) => [k, v])),
  );
}

function ratio(scheme: ReadonlyMap<string, string>, pair: { text: string; on: string }): number {
  return contrast(parseColor(scheme.get(pair.text) ?? ''), parseColor(scheme.get(pair.on) ?? ''));
}

describe('colours', () => {
  it('knows the contrasts that WCAG gives as examples', () => {
    expect(contrast(black, white)).toBeCloseTo(21, 5);
    expect(contrast(white, white)).toBe(1);
    expect(contrast(parseColor('#777777'), white)).toBeCloseTo(4.48, 2);
  });

  it('reads and writes #rrggbb and refuses everything else', () => {
    expect(formatColor(parseColor('#A0b1C2'))).toBe('#a0b1c2');
    for (const text of ['red', '#fff', '#12345', '#1234567', '#12345g', '#123456;}', ' #123456']) {
      expect(() => parseColor(text)).toThrow(TypeError);
    }
  });

  it('finds ink that reads on any colour', () => {
    fc.assert(
      fc.property(anyColor, (color) => {
        const background = parseColor(color);
        expect(contrast(inkOn(background), background)).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });

  it('leaves a colour alone that reads already', () => {
    expect(readableOn(parseColor('#3b5bdb'), { background: white, ratio: 4.5 })).toEqual(
      parseColor('#3b5bdb'),
    );
  });

  it('gives every text of every brand at least 4.5, in light and dark', () => {
    fc.assert(
      fc.property(anyColor, (color) => {
        const both = schemes(color);
        expect(both).toHaveLength(2);
        for (const scheme of both) {
          expect(ratio(scheme, { text: 'on-brand', on: 'brand' })).toBeGreaterThanOrEqual(4.5);
          expect(ratio(scheme, { text: 'accent', on: 'card' })).toBeGreaterThanOrEqual(4.5);
          expect(ratio(scheme, { text: 'ink', on: 'card' })).toBeGreaterThanOrEqual(7);
          expect(ratio(scheme, { text: 'muted', on: 'card' })).toBeGreaterThanOrEqual(4.5);
          expect(ratio(scheme, { text: 'muted', on: 'shade' })).toBeGreaterThanOrEqual(4.5);
          expect(ratio(scheme, { text: 'caution-ink', on: 'caution-card' })).toBeGreaterThanOrEqual(4.5);
        }
      }),
    );
  });

  it('gives every control of every brand an edge of at least 3', () => {
    fc.assert(
      fc.property(anyColor, (color) => {
        for (const scheme of schemes(color)) {
          expect(ratio(scheme, { text: 'edge', on: 'card' })).toBeGreaterThanOrEqual(3);
          expect(ratio(scheme, { text: 'rim', on: 'card' })).toBeGreaterThanOrEqual(3);
        }
      }),
    );
  });
});
