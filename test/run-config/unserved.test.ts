import { describe, expect, it } from 'vitest';
import { problemsOf, runConfig } from './fixture.ts';

describe('what ToolHive has and this version does not serve', () => {
  it.each([
    [
      'token exchange',
      runConfig({ trusted_issuers: [{ issuer_url: 'https://x.example.com' }] }),
      'trusted_issuers',
    ],
    ['delegation', runConfig({ delegate_clients: [{ client_id: 'agent' }] }), 'delegate_clients'],
    ['Redis', runConfig({ storage: { type: 'redis', redis_config: { addr: 'redis:6379' } } }), 'storage'],
  ])('is refused with an alternative: %s', async (_name, config, path) => {
    const problems = await problemsOf(config);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) {
      expect(problem.path).toContain(path);
      expect(problem.problem).toContain('not supported by this version');
      expect(problem.fix.length).toBeGreaterThan(10);
    }
  });

  it('is fine while it is absent, empty or switched off', async () => {
    const off = {
      trusted_issuers: [],
      delegate_clients: [],
      storage: { type: 'memory' },
      delegation_token_lifespan: '15m',
    };
    expect(await problemsOf(runConfig(off))).toEqual([]);
  });
});
