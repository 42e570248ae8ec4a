import { describe, expect, it } from 'vitest';
import { documentsBench } from '../../bench/benches/documents.ts';
import { floodBench } from '../../bench/benches/flood.ts';
import { grantsBench } from '../../bench/benches/grants.ts';
import { importBench } from '../../bench/benches/import.ts';
import { proxiedBench, streamsBench } from '../../bench/benches/proxied.ts';
import { slowDiskBench } from '../../bench/benches/slow-disk.ts';
import { codeBench, refreshBench } from '../../bench/benches/token-endpoint.ts';
import type { BenchOptions } from '../../bench/report/result.ts';

/** A few answers each: that a benchmark works, not what it finds. */
const tiny: BenchOptions = { rounds: 1, duration: 20, scale: 0.001 };

const tokenServers = [
  'the limit',
  'sallyport, memory',
  'sallyport, SQLite',
  'oidc-provider 9, Map',
  'MCP SDK router, Map',
];

describe('a benchmark', () => {
  it.each([
    // Those that are not installed have their row, too.
    [
      'refresh',
      refreshBench,
      [...tokenServers, 'better-auth 1.7, arrays', 'better-auth 1.7, SQLite in memory'],
    ],
    ['code', codeBench, tokenServers],
    ['documents', documentsBench, ['bare node:http, same bytes', 'sallyport']],
    ['proxied', proxiedBench, ['the same engine, blind', 'sallyport gateway', 'with tool scopes']],
    ['grants', grantsBench, ['memory (heap after collection)', 'SQLite (file)']],
    ['import', importBench, ['bare Node', 'import "sallyport"', 'import "sallyport/resource"']],
    ['flood', floodBench, ['one', 'many']],
    ['streams', streamsBench, ['the same engine, blind', 'sallyport gateway']],
  ])('of %s gets nothing but good answers', { timeout: 60_000 }, async (name, bench, candidates) => {
    const result = await bench(tiny);
    expect(result.name).toBe(name);
    expect(result.rows.map((row) => row[0])).toEqual(candidates);
    for (const row of result.rows) expect(row).toHaveLength(result.columns.length);
  });

  it('of a flood, scaled down, keeps what the flood of a million does', { timeout: 240_000 }, async () => {
    const { verdicts } = await floodBench({ rounds: 1, duration: 20, scale: 0.005 });
    expect(verdicts).toHaveLength(4);
    expect(verdicts.filter(({ met }) => !met)).toEqual([]);
  });

  it('of a slow disk measures both disks, or says what it takes', { timeout: 60_000 }, async () => {
    const { rows, notes } = await slowDiskBench(tiny);
    expect(rows.length === 2 || notes.length === 1).toBe(true);
  });
});
