import { describe, expect, it } from 'vitest';
import { codeBench, refreshBench } from '../../bench/benches/token-endpoint.ts';
import type { BenchOptions } from '../../bench/report/result.ts';

/** A few answers each: that a benchmark works, not what it finds. */
const tiny: BenchOptions = { rounds: 1, duration: 20, scale: 0.001 };

describe('a benchmark', () => {
  it.each([
    ['refresh', refreshBench],
    ['code', codeBench],
  ])('of the %s grant gets nothing but good answers', { timeout: 60_000 }, async (name, bench) => {
    const result = await bench(tiny);
    expect(result.name).toBe(name);
    expect(result.rows.map((row) => row[0])).toEqual(
      expect.arrayContaining(['the limit', 'sallyport, memory', 'sallyport, SQLite']),
    );
    expect(result.verdicts.length).toBeGreaterThan(0);
  });
});
