import { describe, expect, it } from 'vitest';
import type { Held } from '../../bench/soak/gateway-process.ts';
import { runSoak } from '../../bench/soak/run-soak.ts';
import { judge } from '../../bench/soak/verdict.ts';

const run = {
  minutes: 30,
  requests: 5,
  requestsPerSecond: 1,
  counts: { 'login: ok': 1, 'refresh: 200': 1, 'mcp POST: 200': 1, 'mcp GET: 200': 1, 'revoke: 200': 1 },
  failures: {},
  outside: { 'credential injected': 2 },
  restarts: 0,
  keys: { rotations: 0, seen: 1 },
  filesAtRest: { before: 30, after: 40 },
  exitCode: 0,
};

function samples(rss: readonly number[]): Held[] {
  return rss.map((bytes) => ({
    pid: 1,
    rss: bytes,
    heap: 1,
    external: 1,
    fds: 20,
    resources: 1,
  }));
}

describe('the verdict of a soak', () => {
  it('is good when nothing broke and nothing grew', () => {
    expect(judge(run, samples([1, 2, 100, 100, 101, 102])).violations).toEqual([]);
  });

  it('names what broke', () => {
    const broken = { ...run, failures: { 'refresh: 500': 3 }, exitCode: null };
    expect(judge(broken, []).violations).toEqual(['3 × refresh: 500', 'the gateway ended with null']);
  });

  it('names what never happened', () => {
    expect(judge({ ...run, counts: {} }, []).violations).toContain('never happened: refresh: 200');
  });

  it('names a token of ours that reached the MCP server', () => {
    const outside = { 'credential leaked': 1, 'credential none': 1 };
    expect(judge({ ...run, outside }, []).violations).toHaveLength(2);
  });

  it('names keys that were put into place and never published', () => {
    const deaf = { ...run, keys: { rotations: 30, seen: 2 } };
    expect(judge(deaf, []).violations).toEqual(['of 30 new keys few were published']);
    expect(judge({ ...run, keys: { rotations: 30, seen: 31 } }, []).violations).toEqual([]);
  });

  it('names memory that grew, within one process only', () => {
    const growing = samples([1, 2, 100, 100, 110, 110]);
    expect(judge(run, growing).violations).toEqual(['memory grew by 10 %']);
    expect(judge({ ...run, restarts: 1 }, growing).violations).toEqual([]);
  });

  it('names files that stay open', () => {
    const leaking = { ...run, filesAtRest: { before: 30, after: 100 } };
    expect(judge(leaking, []).violations).toEqual(['open files grew from 30 to 100 at rest']);
    expect(judge({ ...run, filesAtRest: null }, []).violations).toHaveLength(1);
  });
});

describe('a soak', () => {
  it('drives whole flows through real processes', { timeout: 120_000 }, async () => {
    const summary = await runSoak({
      minutes: 0.1,
      rate: 40,
      users: 4,
      faults: 0,
      outageEvery: 0,
      killEvery: 0,
      rotateEvery: 0,
    });
    expect(summary.failures).toEqual({});
    expect(summary.counts['login: ok']).toBeGreaterThan(0);
    expect(summary.counts['mcp POST: 200']).toBeGreaterThan(0);
    expect(summary.outside['credential leaked']).toBeUndefined();
    expect(summary.exitCode).toBe(0);
  });
});
