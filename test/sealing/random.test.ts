import { describe, expect, it } from 'vitest';
import { randomBytes, randomToken } from '../../src/crypto/random.ts';

describe('random bytes', () => {
  it.each([1, 12, 16, 32, 4095, 4096, 4097, 20_000])('are as many as were asked for: %i', (count) => {
    expect(randomBytes(count)).toHaveLength(count);
  });

  it('are never handed out twice, across many refills of the pool', () => {
    const seen = new Set(Array.from({ length: 20_000 }, () => randomBytes(16).toString('hex')));
    expect(seen.size).toBe(20_000);
  });

  it('are never zeros left over from what was wiped', () => {
    const sizes = [1, 7, 12, 16, 31, 32, 33, 500, 4000];
    const runs = Array.from({ length: 3000 }, (_, index) =>
      randomBytes((sizes[index % sizes.length] ?? 1) + 8),
    );
    const blank = runs.filter((bytes) => bytes.subarray(-8).every((byte) => byte === 0));
    expect(blank).toEqual([]);
  });

  it('belong to the caller: writing to them changes no later ones', () => {
    const mine = randomBytes(32);
    const before = Buffer.from(mine);
    const later = randomBytes(32);
    later.fill(1);
    expect(mine).toEqual(before);
  });

  it('have every value in every place', () => {
    const counts = new Uint32Array(256);
    for (const byte of randomBytes(256 * 400)) counts[byte] = (counts[byte] ?? 0) + 1;
    // 400 expected, standard deviation 20: ten of them is out of reach of chance.
    expect(Math.min(...counts)).toBeGreaterThan(200);
    expect(Math.max(...counts)).toBeLessThan(600);
  });

  it.each([Number.NaN, -1, -32, 0.5, 16.5, Number.POSITIVE_INFINITY])(
    'are refused for the number %d, and later ones are as good as ever',
    (count) => {
      expect(() => randomBytes(count)).toThrow(RangeError);
      const tokens = Array.from({ length: 300 }, () => randomToken());
      expect(new Set(tokens).size).toBe(300);
      expect(tokens.filter((token) => token.length !== 43 || token.includes('AAAAAAAA'))).toEqual([]);
    },
  );
});

describe('a random token', () => {
  it('has 256 bits unless told otherwise', () => {
    expect(randomToken()).toMatch(/^[\w-]{43}$/u);
    expect(randomToken(16)).toMatch(/^[\w-]{22}$/u);
  });

  it('is never the same', () => {
    const tokens = new Set(Array.from({ length: 10_000 }, () => randomToken(12)));
    expect(tokens.size).toBe(10_000);
  });
});
