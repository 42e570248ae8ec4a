import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SallyportError } from '../../src/types/error.ts';
import type { Identity } from '../../src/types/tokens.ts';
import {
  bucketOf,
  decodeIdentity,
  encodeIdentity,
  isSyntheticSubject,
  subjectOf,
  syntheticSubjectOf,
} from '../../src/upstream/identity.ts';

describe('our id of a user', () => {
  test('never changes: stored tokens hang on it', () => {
    expect(subjectOf('corp', 'alice')).toBe('o1LLoNJb4oDDq7S1gJiWoHAdg18Yjh9sGskwrVqMHwE');
    expect(subjectOf('github', '583231')).toBe('3ErWdsR41kE-gTLjjiOq36bpw91rstKNKymfjoVYAmA');
  });

  test('is 43 characters that fit anywhere', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (upstream, subject) => {
        expect(subjectOf(upstream, subject)).toMatch(/^[\w-]{43}$/);
      }),
    );
  });

  test('differs wherever upstream or subject differ, wherever one ends and the other begins', () => {
    const text = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(text, text, text, text, (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        expect(subjectOf(a, b)).not.toBe(subjectOf(c, d));
      }),
    );
    expect(subjectOf('a', 'bc')).not.toBe(subjectOf('ab', 'c'));
    expect(subjectOf('a', '\u0000b')).not.toBe(subjectOf('a\u0000', 'b'));
    expect(subjectOf('a', 'B')).not.toBe(subjectOf('a', 'b'));
  });

  test('is the synthetic subject itself where there is no identity', () => {
    const subject = syntheticSubjectOf('an access token');
    expect(isSyntheticSubject(subject)).toBe(true);
    expect(subjectOf('corp', subject)).toBe(subject);
  });
});

describe('a synthetic subject', () => {
  test('is tk- and 32 digits of the SHA-256 of the access token', () => {
    expect(syntheticSubjectOf('at')).toBe('tk-b1d6b91b67c2afa5e322988d9462638d');
  });

  test.each([
    'tk-',
    'tk-abc',
    `tk-${'A'.repeat(32)}`,
    `tk-${'0'.repeat(33)}`,
    ` tk-${'0'.repeat(32)}`,
    'alice',
  ])('%j has not its form', (subject) => {
    expect(isSyntheticSubject(subject)).toBe(false);
  });
});

describe('the bucket of a user', () => {
  test('is the first three digits of a hash', () => {
    expect(bucketOf('abc')).toBe('ba7');
  });

  test('spreads users over 4,096', () => {
    const buckets = new Set(Array.from({ length: 20_000 }, (_, index) => bucketOf(`user-${index}`)));
    expect(buckets.size).toBeGreaterThan(3_900);
    for (const bucket of buckets) expect(bucket).toMatch(/^[0-9a-f]{3}$/);
  });
});

describe('an identity as text', () => {
  const alice: Identity = {
    upstream: 'corp',
    subject: 'alice',
    name: null,
    email: 'alice@example.com',
    emailVerified: true,
    synthetic: false,
    claims: { groups: ['ops'], nested: { a: [1, null, 'ä'] } },
  };

  test('comes back as it was', () => {
    expect(decodeIdentity(encodeIdentity(alice))).toEqual(alice);
    fc.assert(
      fc.property(
        fc.record({
          upstream: fc.string(),
          subject: fc.string(),
          name: fc.option(fc.string()),
          email: fc.option(fc.string()),
          emailVerified: fc.boolean(),
          synthetic: fc.boolean(),
        }),
        (told) => {
          expect(decodeIdentity(encodeIdentity({ ...told, claims: {} }))).toEqual({ ...told, claims: {} });
        },
      ),
    );
  });

  test('of a form that we do not know is refused', () => {
    const good = JSON.parse(encodeIdentity(alice)) as Record<string, unknown>;
    const broken = [
      '',
      'null',
      '[]',
      '{}',
      '{"v":1',
      ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: undefined })),
      JSON.stringify({ ...good, v: 2 }),
      JSON.stringify({ ...good, subject: 7 }),
      JSON.stringify({ ...good, emailVerified: 'true' }),
      JSON.stringify({ ...good, claims: [] }),
    ];
    for (const text of broken) expect(() => decodeIdentity(text)).toThrow(SallyportError);
  });
});
