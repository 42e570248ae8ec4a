import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accessTokenHash } from '../../src/crypto/at-hash.ts';

describe('at_hash (OpenID Connect Core §3.1.3.6)', () => {
  it('is what the specification’s own example has (Core §A.3)', () => {
    const accessToken = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
    expect(accessTokenHash('RS256', accessToken)).toBe('77QmUPtjPfzWtF2AnpK9RQ');
    expect(accessTokenHash('ES256', accessToken)).toBe('77QmUPtjPfzWtF2AnpK9RQ');
  });

  it.each([
    ['ES384', 'sha384', 24],
    ['ES512', 'sha512', 32],
    ['EdDSA', 'sha512', 32],
  ] as const)('of %s is the left half of %s', (alg, digest, length) => {
    const expected = createHash(digest).update('a token').digest().subarray(0, length);
    expect(accessTokenHash(alg, 'a token')).toBe(expected.toString('base64url'));
  });
});
