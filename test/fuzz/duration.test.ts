import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationPattern, formatDuration, parseDuration } from '../../src/config/duration.ts';
import { SallyportError } from '../../src/types/error.ts';
import { bounded, fuzz } from './cases.ts';
import { around, repeats } from './texts.ts';

const unit = fc.constantFrom('ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h');
const number = fc.oneof(
  fc.nat().map(String),
  fc.stringMatching(/^\d{1,12}\.\d{0,12}$/u),
  fc.stringMatching(/^\.\d{1,6}$/u),
);
const duration = fc
  .tuple(fc.constantFrom('', '+', '-'), fc.array(fc.tuple(number, unit), { minLength: 1, maxLength: 4 }))
  .map(([sign, parts]) => sign + parts.map((part) => part.join('')).join(''));

function read(text: string): number | null {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'config_invalid') return null;
    throw error;
  }
}

const ceiling = 2 ** 63 / 1e6;

describe('a duration', () => {
  it('is a number of milliseconds within 292 years, or refused', () => {
    fuzz(
      around(duration),
      (text) => {
        const size = read(text);
        if (size === null) return;
        expect(Number.isFinite(size)).toBe(true);
        expect(Math.abs(size)).toBeLessThanOrEqual(ceiling);
        expect(durationPattern.test(text)).toBe(true);
        if (!text.startsWith('-')) expect(size).toBeGreaterThanOrEqual(0);
      },
      0.6,
    );
  });

  it('in whole milliseconds reads again as it is written', () => {
    fuzz(
      fc.integer({ min: -9_000_000_000_000, max: 9_000_000_000_000 }),
      (size) => {
        expect(parseDuration(formatDuration(size))).toBe(size);
        expect(formatDuration(parseDuration(formatDuration(size)))).toBe(formatDuration(size));
      },
      0.2,
    );
  });

  it('is the sum of its parts', () => {
    fuzz(
      fc.tuple(fc.nat({ max: 10_000 }), fc.nat({ max: 59 }), fc.nat({ max: 59 }), fc.nat({ max: 999 })),
      ([h, m, s, ms]) => {
        expect(parseDuration(`${h}h${m}m${s}.${String(ms).padStart(3, '0')}s`)).toBe(
          ((h * 60 + m) * 60 + s) * 1000 + ms,
        );
      },
      0.2,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const text of repeats(['', '-', '1.'], ['1', '1h', '1.', '.1s', 'µ'])) bounded(() => read(text));
  });
});
