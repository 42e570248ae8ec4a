import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['+0', 0],
    ['-0', 0],
    ['0s', 0],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['90s', 90_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['5.s', 5000],
    ['168h', 604_800_000],
    ['250ms', 250],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1000ns', 0.001],
    ['1m1m', 120_000],
    ['1s1h', 3_601_000],
    ['-1m', -60_000],
    ['+1m', 60_000],
    ['0.000000001s', 0.000_001],
    ['2562047h', 2_562_047 * 3_600_000],
  ])('reads %s as Go does', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    ' ',
    '1',
    '3600',
    '1d',
    '1w',
    '1H',
    '1h 30m',
    ' 1h',
    '1h ',
    '1h\n',
    's',
    '.s',
    '.',
    '-',
    '+',
    '--1h',
    '1e3s',
    '1,5s',
    '1.2.3s',
    '0x1s',
    '∞h',
    '１h',
    'PT1H',
    '1h-30m',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });

  it('refuses more than 292 years, which Go cannot hold', () => {
    expect(() => parseDuration('2562048h')).toThrow('292 years');
    expect(() => parseDuration(`${'9'.repeat(400)}h`)).toThrow('292 years');
  });

  it('never says zero with a sign', () => {
    expect(Object.is(parseDuration('-0s'), 0)).toBe(true);
  });

  it('adds up its parts, in any order', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom('h', 'm', 's', 'ms'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const texts = parts.map(([count, unit]) => `${count}${unit}`);
        const sum = texts.reduce((total, text) => total + parseDuration(text), 0);
        expect(parseDuration(texts.join(''))).toBe(sum);
        expect(parseDuration(texts.toReversed().join(''))).toBe(sum);
      }),
    );
  });

  it('never answers with something that is not a number', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.+-hmsnuµ '.split('')) }), (text) => {
        let value: number;
        try {
          value = parseDuration(text);
        } catch {
          return;
        }
        expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '0.001s'],
    [1500, '1.5s'],
    [60_000, '1m'],
    [600_000, '10m'],
    [3_600_000, '1h'],
    [5_400_000, '1h30m'],
    [86_400_000, '24h'],
    [-90_000, '-1m30s'],
    [-0.2, '0s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('is read back to the same millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });
});
